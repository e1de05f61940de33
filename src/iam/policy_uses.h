// Who uses which managed policy: rows of kPolicyUses, kept in step with the roles and users that name the policy. And
// what requests may say in a PolicyArn member.
//
// Functions of a transaction; one thread; pointers live as long as the transaction.
#pragma once

#include <string>
#include <string_view>

#include "aws/call.h"
#include "iam/records.h"

namespace podpass::iam {

inline constexpr std::string_view kAttached = "attached";
inline constexpr std::string_view kBoundary = "boundary";

// `arn` is the ARN of a policy of the caller's account. `kind`: "role" or "user".
void put_policy_use(aws::Call& call, std::string_view arn, std::string_view use, std::string_view kind,
                    std::string_view name);
void erase_policy_use(aws::Call& call, std::string_view arn, std::string_view use, std::string_view kind,
                      std::string_view name);

// Is it a policy's ARN at all? ValidationError or InvalidInput if not.
Result<void> check_policy_arn(std::string_view member, std::string_view arn);

// The caller's own policy; null if there is none, or if it belongs to somebody else.
const PolicyRecord* find_policy(aws::Call& call, std::string_view arn);
Result<const PolicyRecord*> existing_policy(aws::Call& call, std::string_view arn);  // NoSuchEntity

void put_policy(aws::Call& call, PolicyRecord policy);

// The policy as a resource, with its tags' keys. Checks the ARN.
Result<aws::Resource> policy_resource(aws::Call& call, std::string_view arn);

}  // namespace podpass::iam
