// ListPodIdentityRoles: the account's roles, and which of them let pod identity in. For those that don't: which element
// of the trust policy is in the way of sts:AssumeRole and of sts:TagSession, and the same policy with the least added
// that would let it in, where a statement more can.
//
// With cluster, namespace and service account the conditions are decided for that pod identity, as an exchange would
// decide them; without, `trusted` is what CreatePodIdentityAssociation checks. The roles come in the order of their
// names. Permission: podpass:ListPodIdentityRoles, on "*".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/operation.h"
#include "own_api/trust_reasons.h"

namespace podpass::own_api {

struct PodIdentityRole {
  std::string roleName, arn, path;
  std::optional<std::string> description;
  bool trusted = false;
  std::vector<TrustReason> reasons;
  std::string trustPolicy;
  std::optional<std::string> suggestedTrustPolicy;
};
BOOST_DESCRIBE_STRUCT(PodIdentityRole, (),
                      (roleName, arn, path, description, trusted, reasons, trustPolicy, suggestedTrustPolicy))

struct ListPodIdentityRoles {
  struct Request {
    std::optional<std::string> clusterName, namespace_, serviceAccount;  // all or none
    std::optional<bool> disableSessionTags;                              // as the association would have it
    std::optional<std::int64_t> maxResults;                              // 1 to 1,000; 100 unless told
    std::optional<std::string> nextToken;
  };
  struct Response {
    std::vector<PodIdentityRole> roles;
    std::optional<std::string> nextToken;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListPodIdentityRoles::Request, (),
                      (clusterName, namespace_, serviceAccount, disableSessionTags, maxResults, nextToken))
BOOST_DESCRIBE_STRUCT(ListPodIdentityRoles::Response, (), (roles, nextToken))

}  // namespace podpass::own_api
