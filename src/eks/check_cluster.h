// CheckCluster: does what tokens of a cluster need stand as it should? Step by step, in words for a person: the API
// server, its issuer and keys against those that are stored, the permission to review tokens, and for one service
// account its association and the role's trust. Podpass's own operation (service `podpass`), for `podpass cluster
// check`. Nothing is changed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/operation.h"

namespace podpass::eks {

struct CheckStep {
  std::string name;
  std::string outcome;  // ok, failed, skipped
  std::string message;
  std::optional<std::string> advice;  // what to do about a failed one
};
BOOST_DESCRIBE_STRUCT(CheckStep, (), (name, outcome, message, advice))

struct CheckCluster {
  struct Request {
    std::string clusterName;
    std::optional<std::string> namespace_, serviceAccount;  // both or none
  };
  struct Response {
    std::vector<CheckStep> steps;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(CheckCluster::Request, (), (clusterName, namespace_, serviceAccount))
BOOST_DESCRIBE_STRUCT(CheckCluster::Response, (), (steps))

}  // namespace podpass::eks
