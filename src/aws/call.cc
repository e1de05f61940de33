#include "aws/call.h"

#include <boost/container/small_vector.hpp>

namespace podpass::aws {

using policy::operator""_key;

Resource& Resource::request_tags(const TagMap& tags) {
  std::vector<std::string> names;
  for (const auto& [name, value] : tags) {
    key("aws:RequestTag/" + name, value);
    names.push_back(name);
  }
  return tag_keys(std::move(names));
}

Resource& Resource::tag_keys(std::vector<std::string> names) {
  if (!names.empty()) lists.emplace_back("aws:TagKeys", std::move(names));
  return *this;
}

Resource& Resource::resource_tags(const TagMap& tags) {
  for (const auto& [name, value] : tags) key("aws:ResourceTag/" + name, value);
  return *this;
}

Result<void> Call::authorize(std::string_view action, const Resource& resource) const {
  return authorize_as(caller.principal(), caller.authority, action, resource);
}

Result<void> Call::authorize_as(const policy::Principal& principal, const Authority& authority, std::string_view action,
                                const Resource& resource) const {
  // The keys of this resource are there for this decision only.
  const auto before = context.size();
  for (const auto& [name, value] : resource.keys) context.add(name, value);
  for (const auto& [name, values] : resource.lists) {
    boost::container::small_vector<std::string_view, 16> views(values.begin(), values.end());
    context.add_list(name, std::span<const std::string_view>(views.data(), views.size()));
  }
  const auto& owner = resource.account.empty() ? deployment.account : resource.account;
  if (resource.arn != "*") context.add("aws:ResourceAccount"_key, owner);

  policy::Layers layers;
  layers.identity = authority.identity;
  layers.has_boundary = authority.has_boundary;
  layers.boundary = authority.boundary;
  layers.has_session = authority.has_session;
  layers.session = authority.session;
  layers.resource = resource.policy;
  layers.trust = resource.trust;
  policy::Request request{principal, action, resource.arn, owner, context};
  auto decision = policy::evaluate(request, layers);
  context.truncate(before);
  if (decision.allowed()) return {};
  return Error{ErrorKind::denied, {}, 0, policy::denial_message(request, decision), {}, {}};
}

std::string unique_id(Random& random, std::string_view prefix) {
  return std::string(prefix) + random.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 21 - prefix.size());
}

}  // namespace podpass::aws
