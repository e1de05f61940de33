#include "aws/call.h"

#include <boost/container/small_vector.hpp>

#include "codec/json.h"
#include "policy/report.h"

namespace podpass::aws {

using policy::operator""_key;

namespace {

// So that a member can follow.
void open_facts(std::string& facts) {
  constexpr std::size_t kUsualSize = 768;  // of an exchange
  if (facts.empty()) {
    facts.reserve(kUsualSize);
  } else {
    facts += ',';
  }
}

}  // namespace

void Audit::add_facts(std::string_view members) {
  open_facts(facts);
  facts += members;
}

void Audit::add(std::string_view name, std::string_view value) {
  open_facts(facts);
  codec::write_json_string(name, facts);
  facts += ':';
  codec::write_foreign_json_string(value, facts);
}

namespace {

// A link may have brought secrets in its query.
void hide_query(codec::Value* url) {
  const auto* text = url ? url->as_text() : nullptr;
  if (text) *url = text->substr(0, text->find('?'));
}

void note(const policy::Request& request, const policy::Decision& decision, Audit& audit) {
  auto described = policy::describe(request);
  hide_query(described.find("context")->find("aws:referer"));
  const auto json = codec::write_json(codec::Value::map({{"decision", policy::name_of(decision.outcome)},
                                                         {"layer", policy::name_of(decision.layer)},
                                                         {"request", std::move(described)}}));
  if (!decision.allowed() && audit.decisions.size() + json.size() > kMaxDecisionBytes) audit.decisions.clear();
  if (audit.decisions.size() + json.size() > kMaxDecisionBytes) return;
  if (!audit.decisions.empty()) audit.decisions += ',';
  audit.decisions += json;
}

}  // namespace

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
  return authorize_as(principal, authority, std::span(&action, 1), resource);
}

// Calls `visit(request, layers)` for each action, as long as it returns true.
template <class Visit>
void Call::each_question(const policy::Principal& principal, const Authority& authority,
                         std::span<const std::string_view> actions, const Resource& resource, Visit visit) const {
  // The keys of this resource are there for these questions only.
  const auto before = context.size();
  const auto& owner = resource.account.empty() ? deployment.account : resource.account;
  add_keys(resource, owner);
  auto layers = authority.layers();
  layers.resource = resource.policy;
  layers.trust = resource.trust;
  for (const auto action : actions) {
    if (!visit(policy::Request{principal, action, resource.arn, owner, context}, layers)) break;
  }
  context.truncate(before);
}

Result<void> Call::authorize_as(const policy::Principal& principal, const Authority& authority,
                                std::span<const std::string_view> actions, const Resource& resource) const {
  Result<void> result;
  each_question(principal, authority, actions, resource, [&](const auto& request, const auto& layers) {
    const auto decision = policy::evaluate(request, layers);
    if (!decision.allowed() || deployment.audits_every_decision) note(request, decision, audit);
    if (decision.allowed()) return true;
    result = Error{ErrorKind::denied, {}, 0, policy::denial_message(request, decision), {}, {}};
    return false;
  });
  return result;
}

void Call::ask_as(const policy::Principal& principal, const Authority& authority,
                  std::span<const std::string_view> actions, const Resource& resource, const Asked& asked) const {
  each_question(principal, authority, actions, resource, [&](const auto& request, const auto& layers) {
    asked(request, layers);
    return true;
  });
}

void Call::add_keys(const Resource& resource, const std::string& owner) const {
  using Views = boost::container::small_vector<std::string_view, 16>;
  const auto add_list = [&](std::string_view name, const Views& views) {
    context.add_list(name, std::span<const std::string_view>(views.data(), views.size()));
  };
  for (const auto& [name, value] : resource.keys) context.add(name, value);
  for (const auto& [name, values] : resource.lists) add_list(name, Views(values.begin(), values.end()));
  for (const auto& [key, value] : resource.borrowed) context.add(key, value);
  for (const auto& [prefix, tags] : resource.borrowed_tags) {
    for (const auto& [name, value] : *tags) context.add_tag(prefix, name, value);
  }
  if (resource.session_tags && !resource.session_tags->empty()) {
    Views names, transitive;
    for (const auto& tag : *resource.session_tags) {
      context.add_tag(kRequestTagPrefix, tag.key, tag.value);
      names.push_back(tag.key);
      if (tag.transitive) transitive.push_back(tag.key);
    }
    add_list("aws:TagKeys", names);
    if (!transitive.empty()) add_list("sts:TransitiveTagKeys", transitive);
  }
  if (resource.arn != "*") context.add("aws:ResourceAccount"_key, owner);
}

Error Call::wait_for(Wait outside) const {
  if (wait == nullptr)
    return Error::unavailable("This cannot be done just now. Try again.", "there is no waiting here");
  *wait = std::move(outside);
  return Error::unavailable("This takes longer than it may. Try again.", "what was waited for did not come");
}

std::string unique_id(Random& random, std::string_view prefix) {
  return std::string(prefix) + random.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 21 - prefix.size());
}

}  // namespace podpass::aws
