#include "iam/errors.h"

#include <fmt/format.h>

namespace podpass::iam {
namespace {

Error coded(ErrorKind kind, std::string code, int status, std::string message) {
  return {kind, std::move(code), status, std::move(message), {}, {}};
}

}  // namespace

Error no_such_entity(std::string message) {
  return coded(ErrorKind::not_found, "NoSuchEntity", 404, std::move(message));
}

Error no_such_entity(std::string_view kind, std::string_view name) {
  return no_such_entity(fmt::format("The {} with name {} cannot be found.", kind, name));
}

Error policy_not_found(std::string_view arn) {
  return no_such_entity(fmt::format("Policy {} was not found.", arn));
}

Error policy_not_attachable(std::string_view arn) {
  return no_such_entity(fmt::format("Policy {} does not exist or is not attachable.", arn));
}

Error boundary_not_found(std::string_view arn) {
  return no_such_entity(fmt::format("Scope ARN: {} does not exist or is not attachable.", arn));
}

Error already_exists(std::string message) {
  return coded(ErrorKind::conflict, "EntityAlreadyExists", 409, std::move(message));
}

Error delete_conflict(std::string message) {
  return coded(ErrorKind::conflict, "DeleteConflict", 409, std::move(message));
}

Error limit_exceeded(std::string message) {
  return coded(ErrorKind::limit, "LimitExceeded", 409, std::move(message));
}

Error quota_exceeded(std::string_view quota, std::size_t most) {
  return limit_exceeded(fmt::format("Cannot exceed quota for {}: {}", quota, most));
}

Error invalid_input(std::string message) {
  return coded(ErrorKind::invalid, "InvalidInput", 400, std::move(message));
}

Error malformed_policy(std::string message) {
  return coded(ErrorKind::invalid, "MalformedPolicyDocument", 400, std::move(message));
}

Error protected_role(std::string_view name) {
  return coded(
      ErrorKind::invalid, "UnmodifiableEntity", 400,
      fmt::format("Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
                  name));
}

}  // namespace podpass::iam
