// Cluster operations, for local clusters: ones that Podpass itself issues tokens for. They have no API server and are
// ACTIVE at once. Source: EKS API reference, CreateCluster, DescribeCluster, ListClusters, DeleteCluster.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/operation.h"
#include "eks/cluster_shapes.h"

namespace podpass::eks {

struct CreateCluster {
  struct Request {
    std::string name;
    std::optional<std::string> version;
    std::string roleArn;
    VpcConfigRequest resourcesVpcConfig;
    std::optional<KubernetesNetworkConfigRequest> kubernetesNetworkConfig;
    std::optional<Logging> logging;
    std::optional<std::string> clientRequestToken;
    aws::TagMap tags;
    std::optional<std::vector<EncryptionConfig>> encryptionConfig;
    std::optional<OutpostConfig> outpostConfig;
    std::optional<AccessConfig> accessConfig;
    std::optional<bool> bootstrapSelfManagedAddons;
    std::optional<UpgradePolicy> upgradePolicy;
    std::optional<Enabled> zonalShiftConfig;
    std::optional<RemoteNetworkConfig> remoteNetworkConfig;
    std::optional<ComputeConfigRequest> computeConfig;
    std::optional<StorageConfig> storageConfig;
    std::optional<bool> deletionProtection;
    std::optional<ControlPlaneScalingConfig> controlPlaneScalingConfig;
  };
  struct Response {
    Cluster cluster;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(CreateCluster::Request, (),
                      (name, version, roleArn, resourcesVpcConfig, kubernetesNetworkConfig, logging, clientRequestToken,
                       tags, encryptionConfig, outpostConfig, accessConfig, bootstrapSelfManagedAddons, upgradePolicy,
                       zonalShiftConfig, remoteNetworkConfig, computeConfig, storageConfig, deletionProtection,
                       controlPlaneScalingConfig))
BOOST_DESCRIBE_STRUCT(CreateCluster::Response, (), (cluster))

struct DescribeCluster {
  struct Request {
    std::string name;
  };
  struct Response {
    Cluster cluster;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DescribeCluster::Request, (), (name))
BOOST_DESCRIBE_STRUCT(DescribeCluster::Response, (), (cluster))

struct ListClusters {
  struct Request {
    std::optional<std::int64_t> maxResults;
    std::optional<std::string> nextToken;
    std::vector<std::string> include;
  };
  struct Response {
    std::vector<std::string> clusters;
    std::optional<std::string> nextToken;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListClusters::Request, (), (maxResults, nextToken, include))
BOOST_DESCRIBE_STRUCT(ListClusters::Response, (), (clusters, nextToken))

struct DeleteCluster {
  struct Request {
    std::string name;
  };
  struct Response {
    Cluster cluster;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DeleteCluster::Request, (), (name))
BOOST_DESCRIBE_STRUCT(DeleteCluster::Response, (), (cluster))

}  // namespace podpass::eks
