// Resources as simulations name them: is it an ARN, is it one that an action can be about, and how several are called
// together. What AWS knows of actions is in policy/actions.h; what it does not know is taken as it comes. Pure; safe
// from any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace podpass::iam {

// No resource is given, or "*".
bool is_any_resource(std::span<const std::string> resources);
// InvalidInput unless all are ARNs, or "*" is the only one.
Result<void> check_resources(std::span<const std::string> resources);

// What policies are asked about: "*" for an action that takes no resource.
std::string_view resource_for(std::string_view action, std::string_view resource);
// False for a resource of a service that none of the action's types of resources belongs to.
bool fits_action(std::string_view action, std::string_view resource);
// EvalResourceName: the resource if it is one, else what the action is about, "arn:aws:s3:::${BucketName}".
std::string common_name(std::string_view action, std::span<const std::string> resources, std::string_view partition);

}  // namespace podpass::iam
