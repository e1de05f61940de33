#include "aws/caller.h"

namespace podpass::aws {

policy::NamedPolicy Authority::keep(std::shared_ptr<const policy::Policy> policy, std::string_view arn) {
  policies.push_back(std::move(policy));
  arns.push_back(std::make_unique<std::string>(arn));
  return {policies.back().get(), *arns.back()};
}

void Authority::add_identity(std::shared_ptr<const policy::Policy> policy, std::string_view arn) {
  identity.push_back(keep(std::move(policy), arn));
}

void Authority::set_boundary(std::shared_ptr<const policy::Policy> policy, std::string_view arn) {
  has_boundary = true;
  boundary = keep(std::move(policy), arn);
}

void Authority::add_session(std::shared_ptr<const policy::Policy> policy, std::string_view arn) {
  has_session = true;
  session.push_back(keep(std::move(policy), arn));
}

policy::Principal Caller::principal() const {
  policy::Principal principal;
  principal.type = type;
  principal.account = account;
  principal.arn = arn;
  principal.role_arn = role_arn;
  principal.unique_id = unique_id;
  return principal;
}

}  // namespace podpass::aws
