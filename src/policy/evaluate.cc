// The decision. An explicit deny in any layer is final. Else the resource-based policy is asked how it names the
// caller, and that says which of identity policies, boundary and session policies must allow too (IAM user guide,
// "Policy evaluation logic" and "Evaluating identity-based policies with resource-based policies").
#include <algorithm>
#include <optional>

#include "base/strings.h"
#include "policy/compiled.h"
#include "policy/matching.h"
#include "policy/policy.h"

namespace podpass::policy {
namespace {

// The first statement of an effect that is about the request, in a set of policies.
struct Found {
  std::int32_t policy = -1;
  std::int32_t statement = -1;
  explicit operator bool() const { return policy >= 0; }
};

Found find(std::span<const NamedPolicy> policies, Effect effect, const Question& question) {
  Found found;
  for (std::size_t i = 0; i < policies.size() && !found; ++i) {
    if (!policies[i].policy) continue;
    const auto& compiled = policies[i].policy->compiled();
    Matcher matcher(compiled, question);
    visit_statements(compiled, effect, question, [&](std::uint32_t index) {
      const auto& statement = compiled.statements[index];
      if (!matcher.applies(statement) || !matcher.is_about_caller(statement)) return false;
      found = {static_cast<std::int32_t>(i), static_cast<std::int32_t>(index)};
      return true;
    });
  }
  return found;
}

Found find_allow(std::span<const NamedPolicy> policies, const Question& question) {
  return find(policies, Effect::allow, question);
}

std::optional<Decision> explicit_deny(std::span<const NamedPolicy> policies, Layer layer, const Question& question) {
  const auto found = find(policies, Effect::deny, question);
  if (!found) return {};
  Decision decision;
  decision.outcome = Outcome::explicit_deny;
  decision.layer = layer;
  decision.policy_arn = policies[static_cast<std::size_t>(found.policy)].arn;
  decision.policy = found.policy;
  decision.statement = found.statement;
  return decision;
}

Decision refuse(Layer layer) {
  Decision decision;
  decision.layer = layer;
  return decision;
}

// The organization's policies: every level must allow. Without any level nothing does.
std::optional<Decision> refused_by_levels(std::span<const Level> levels, Layer layer, const Question& question) {
  if (levels.empty()) return refuse(layer);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (find_allow(levels[i], question)) continue;
    auto decision = refuse(layer);
    decision.level = static_cast<std::int32_t>(i);
    return decision;
  }
  return {};
}

std::optional<Decision> denied_by_levels(std::span<const Level> levels, Layer layer, const Question& question) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (auto denied = explicit_deny(levels[i], layer, question)) {
      denied->level = static_cast<std::int32_t>(i);
      return denied;
    }
  }
  return {};
}

// What stands above the account's own policies: first whatever denies, or, if `kind` is implicit_deny, does not allow.
// Service control policies bind the principals of an account, root too, and neither services nor strangers.
std::optional<Decision> refused_from_above(const Question& question, const Layers& layers, Outcome kind) {
  const bool own = has_own_policies(question.request.principal.type);
  const auto levels = kind == Outcome::explicit_deny ? denied_by_levels : refused_by_levels;
  if (layers.has_resource_control) {
    if (auto refused = levels(layers.resource_control, Layer::resource_control, question)) return refused;
  }
  if (layers.has_service_control && own) {
    if (auto refused = levels(layers.service_control, Layer::service_control, question)) return refused;
  }
  if (!layers.has_endpoint) return {};
  if (kind == Outcome::explicit_deny) return explicit_deny(layers.endpoint, Layer::endpoint, question);
  if (!find_allow(layers.endpoint, question)) return refuse(Layer::endpoint);
  return {};
}

Decision decide(const Question& question, const Layers& layers) {
  const auto resource_layer = layers.trust ? Layer::trust : Layer::resource;
  const Grant grant = layers.resource ? find_grant(*layers.resource, question) : Grant{};
  const Needs needs = needs_of(question.request, layers, grant.match);
  Decision decision;
  decision.outcome = Outcome::allow;
  decision.layer = Layer::identity;
  if (grant.match != kNoMatch) {
    decision.layer = resource_layer;
    decision.policy = 0;
    decision.statement = grant.statement;
  }
  if (needs.grant && layers.trust && grant.match == kNoMatch) return refuse(resource_layer);
  if (needs.identity) {
    const auto allowing = find_allow(layers.identity, question);
    if (!allowing) return refuse(Layer::identity);
    decision.layer = Layer::identity;
    decision.policy = allowing.policy;
    decision.statement = allowing.statement;
  }
  if (needs.boundary && !find_allow({&layers.boundary, 1}, question)) return refuse(Layer::boundary);
  if (needs.session && !find_allow(layers.session, question)) return refuse(Layer::session);
  if (needs.grant && grant.match == kNoMatch) return refuse(resource_layer);
  return decision;
}

}  // namespace

bool Policy::may_allow(const Principal& principal, std::string_view action) const {
  if (action.size() > kMaxActionSize) return false;
  const Context context;
  const Request request{principal, action, "*", {}, context};
  const Question question(request, {});
  return std::ranges::any_of(compiled_->allows, [&](auto index) {
    const auto& statement = compiled_->statements[index];
    return Matcher(*compiled_, question).action_applies(statement) &&
           grant_match(*compiled_, statement, principal) != kNoMatch;
  });
}

Decision evaluate(const Request& request, const Layers& layers) {
  if (iequals(request.action, "sts:GetCallerIdentity")) {
    Decision decision;
    decision.outcome = Outcome::allow;
    return decision;
  }
  const bool own = has_own_policies(request.principal.type);
  const auto resource_layer = layers.trust ? Layer::trust : Layer::resource;
  if (request.action.size() > kMaxActionSize || request.context.overflowed())
    return refuse(own ? Layer::identity : resource_layer);

  const Question question(request, layers);
  if (auto denied = refused_from_above(question, layers, Outcome::explicit_deny)) return *denied;
  if (own) {
    if (auto denied = explicit_deny(layers.identity, Layer::identity, question)) return *denied;
    if (layers.has_boundary) {
      if (auto denied = explicit_deny({&layers.boundary, 1}, Layer::boundary, question)) return *denied;
    }
    if (layers.has_session) {
      if (auto denied = explicit_deny(layers.session, Layer::session, question)) return *denied;
    }
  }
  if (layers.resource) {
    const NamedPolicy resource{layers.resource};
    if (auto denied = explicit_deny({&resource, 1}, resource_layer, question)) return *denied;
  }
  if (auto refused = refused_from_above(question, layers, Outcome::implicit_deny)) return *refused;
  return decide(question, layers);
}

}  // namespace podpass::policy
