// GetContextKeysForCustomPolicy and GetContextKeysForPrincipalPolicy: which condition keys policies name, in conditions
// and in variables, so that a simulation can be given them. Rerunnable, as all operations. Source: IAM API reference,
// both actions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/call.h"
#include "codec/fields.h"

namespace podpass::iam {

struct GetContextKeysForPolicyResponse {
  std::vector<std::string> ContextKeyNames;
};
BOOST_DESCRIBE_STRUCT(GetContextKeysForPolicyResponse, (), (ContextKeyNames))

struct GetContextKeysForCustomPolicy {
  struct Request {
    std::optional<std::vector<std::string>> PolicyInputList;  // must be there and may be empty
  };
  using Response = GetContextKeysForPolicyResponse;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(GetContextKeysForCustomPolicy::Request, (), (PolicyInputList))

// A user's or role's attached and inline policies, and its boundary.
struct GetContextKeysForPrincipalPolicy {
  struct Request {
    std::string PolicySourceArn;
    std::vector<std::string> PolicyInputList;
  };
  using Response = GetContextKeysForPolicyResponse;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(GetContextKeysForPrincipalPolicy::Request, (), (PolicySourceArn, PolicyInputList))

}  // namespace podpass::iam
