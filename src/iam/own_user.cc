#include "iam/own_user.h"

#include <fmt/format.h>

#include "iam/entities.h"

namespace podpass::iam {

Result<std::string> own_user_name(aws::Call& call, const std::optional<std::string>& name) {
  if (name) return *name;
  switch (call.caller.type) {
    case policy::PrincipalType::root:
      return std::string();
    case policy::PrincipalType::user:
      return call.caller.user_name;
    default:
      return Error::invalid("Must specify userName when calling with non-User credentials");
  }
}

Result<aws::Resource> own_user_resource(aws::Call& call, const std::optional<std::string>& name) {
  auto user = TRY(own_user_name(call, name));
  if (name || !user.empty()) return named_entity_resource<UserEntity>(call, user);
  aws::Resource root(root_arn(call));
  root.account = call.caller.account;
  return root;
}

std::string root_arn(aws::Call& call) {
  return fmt::format("arn:{}:iam::{}:root", call.deployment.partition, call.caller.account);
}

}  // namespace podpass::iam
