// IAM's errors: codes, statuses and texts. Where AWS documents no text, the one that its API is seen to give.
// Pure functions, safe from any thread. Source: IAM API reference, "Errors" of each action.
#pragma once

#include <string_view>

#include "aws/error_kinds.h"
#include "base/result.h"

namespace podpass::iam {

inline constexpr aws::ErrorNames kErrorNames{{
    {"ValidationError", 400},
    {"InvalidClientTokenId", 403},
    {"AccessDenied", 403},
    {"NoSuchEntity", 404},
    {"EntityAlreadyExists", 409},
    {"LimitExceeded", 409},
    {"RequestEntityTooLarge", 413},
    {"Throttling", 400},
    {"ServiceUnavailable", 503},
    {"ServiceFailure", 500},
}};

// 404 NoSuchEntity. `kind`: "role", "user", "role policy", "user policy".
Error no_such_entity(std::string_view kind, std::string_view name);
Error no_such_entity(std::string message);
Error policy_not_found(std::string_view arn);       // "Policy ... was not found."
Error policy_not_attachable(std::string_view arn);  // "Policy ... does not exist or is not attachable."
Error boundary_not_found(std::string_view arn);     // "Scope ARN: ..."

Error already_exists(std::string message);                       // 409 EntityAlreadyExists
Error delete_conflict(std::string message);                      // 409 DeleteConflict
Error limit_exceeded(std::string message);                       // 409 LimitExceeded
Error quota_exceeded(std::string_view quota, std::size_t most);  // "Cannot exceed quota for <quota>: <most>"
Error invalid_input(std::string message);                        // 400 InvalidInput
Error malformed_policy(std::string message);                     // 400 MalformedPolicyDocument
Error protected_role(std::string_view name);                     // 400 UnmodifiableEntity

}  // namespace podpass::iam
