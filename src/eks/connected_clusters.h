// AWS's RegisterCluster and DeregisterCluster. A cluster registered this way is PENDING, and no token of it is taken,
// until Podpass's own RegisterCluster (registrations.h, `podpass cluster register`) says who issues its tokens; for
// that there are three days. The activation id and code that AWS's connector would want are made, but nothing here asks
// for them. Source: EKS API reference, RegisterCluster, DeregisterCluster; EKS user guide, "Connecting a cluster".
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "aws/operation.h"
#include "eks/cluster_shapes.h"

namespace podpass::eks {

inline constexpr std::chrono::hours kActivationTime{3 * 24};

struct ConnectorConfigRequest {
  std::string roleArn, provider;
};
BOOST_DESCRIBE_STRUCT(ConnectorConfigRequest, (), (roleArn, provider))

struct RegisterCluster {
  struct Request {
    std::string name;
    ConnectorConfigRequest connectorConfig;
    std::optional<std::string> clientRequestToken;
    aws::TagMap tags;
  };
  struct Response {
    Cluster cluster;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(RegisterCluster::Request, (), (name, connectorConfig, clientRequestToken, tags))
BOOST_DESCRIBE_STRUCT(RegisterCluster::Response, (), (cluster))

struct DeregisterCluster {
  struct Request {
    std::string name;
  };
  struct Response {
    Cluster cluster;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DeregisterCluster::Request, (), (name))
BOOST_DESCRIBE_STRUCT(DeregisterCluster::Response, (), (cluster))

}  // namespace podpass::eks
