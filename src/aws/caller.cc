#include "aws/caller.h"

#include <algorithm>
#include <utility>

namespace podpass::aws {

policy::NamedPolicy Authority::keep(std::shared_ptr<const policy::Policy> policy, std::string_view arn,
                                    std::string_view name) {
  const auto kept = [this](std::string_view text) -> std::string_view {
    return text.empty() ? text : *texts.emplace_back(std::make_unique<std::string>(text));
  };
  policies.push_back(std::move(policy));
  return {policies.back().get(), kept(arn), kept(name)};
}

void Authority::add_identity(std::shared_ptr<const policy::Policy> policy, std::string_view arn,
                             std::string_view name) {
  identity.push_back(keep(std::move(policy), arn, name));
}

void Authority::set_boundary(std::shared_ptr<const policy::Policy> policy, std::string_view arn) {
  has_boundary = true;
  boundary = keep(std::move(policy), arn);
}

void Authority::add_session(std::shared_ptr<const policy::Policy> policy, std::string_view arn) {
  has_session = true;
  session.push_back(keep(std::move(policy), arn));
}

policy::Layers Authority::layers() const {
  policy::Layers layers;
  layers.identity = identity;
  layers.has_boundary = has_boundary;
  layers.boundary = boundary;
  layers.has_session = has_session;
  layers.session = session;
  return layers;
}

void Authority::fold(const policy::SessionKeys& keys) {
  for (auto& kept : policies) {
    const auto whole = std::exchange(kept, policy::fold(kept, keys));
    const auto replace = [&](policy::NamedPolicy& named) {
      if (named.policy == whole.get()) named.policy = kept.get();
    };
    std::ranges::for_each(identity, replace);
    std::ranges::for_each(session, replace);
    replace(boundary);
  }
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
