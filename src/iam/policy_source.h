// A PolicySourceArn - the user or role whose policies are asked about - and what those policies are called.
//
// Functions of a transaction; one thread. There are no groups, so a group's ARN is that of an entity that does not
// exist. Errors: InvalidInput, NoSuchEntity. Source: IAM API reference, SimulatePrincipalPolicy.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/call.h"

namespace podpass::iam {

struct PolicySource {
  std::string user_arn;  // empty for a role
  aws::Authority authority;
  std::vector<std::string> ids;  // of authority.identity, as SourcePolicyId: "my-policy", "role_my-role_inline"
  std::string boundary_id;
};

// The entity, for the permission. Finds it by name, as AWS does: the path of the ARN is not looked at, and the
// permission is asked for the real one.
Result<aws::Resource> policy_source_resource(aws::Call& call, std::string_view arn);
Result<PolicySource> find_policy_source(aws::Call& call, std::string_view arn);

}  // namespace podpass::iam
