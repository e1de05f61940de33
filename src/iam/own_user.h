// Whom a request means that may leave its UserName out: the caller. Functions of a transaction; one thread.
// Source: IAM API reference, GetUser and CreateAccessKey: "If you do not specify a user name, IAM determines the user
// name implicitly".
#pragma once

#include <optional>
#include <string>

#include "aws/call.h"

namespace podpass::iam {

// The name given, else the caller's; empty for root. ValidationError for callers that are no user.
Result<std::string> own_user_name(aws::Call& call, const std::optional<std::string>& name);
Result<aws::Resource> own_user_resource(aws::Call& call, const std::optional<std::string>& name);
std::string root_arn(aws::Call& call);

}  // namespace podpass::iam
