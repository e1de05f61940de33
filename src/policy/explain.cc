#include "policy/explain.h"

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "policy/document.h"
#include "policy/matching.h"

namespace podpass::policy {
namespace {

std::uint8_t failed_elements(const Compiled& compiled, const Statement& statement, const Question& question,
                             Layer layer, Effect effect, Depth depth) {
  std::uint8_t failed = names_caller(compiled, statement, question, layer, effect) ? 0 : kPrincipal;
  Matcher matcher(compiled, question);
  if (!matcher.action_applies(statement)) {
    failed |= kAction;
    if (depth == Depth::matched) return failed;
  }
  if (!matcher.resource_applies(statement)) failed |= kResource;
  if (!matcher.conditions_hold(statement)) failed |= kCondition;
  return failed;
}

// Looks at the layers in the order of evaluation.
class Examination {
 public:
  Examination(const Question& question, Depth depth, Explanation& out)
      : question_(question), depth_(depth), out_(out) {}

  void set(Layer layer, std::span<const NamedPolicy> policies) { note(layer, examine(layer, -1, policies)); }

  // Every level must allow; without any nothing does.
  void levels(Layer layer, std::span<const Level> levels) {
    auto worst = levels.empty() ? LayerResult::implicit_deny : LayerResult::allow;
    for (std::size_t i = 0; i < levels.size(); ++i) {
      worst = std::max(worst, examine(layer, static_cast<std::int32_t>(i), levels[i]));
    }
    note(layer, worst);
  }

 private:
  void note(Layer layer, LayerResult result) { out_.results[static_cast<std::size_t>(layer)] = result; }

  LayerResult examine(Layer layer, std::int32_t level, std::span<const NamedPolicy> policies) {
    bool allowed = false, denied = false;
    for (std::size_t i = 0; i < policies.size(); ++i) {
      if (!policies[i].policy) continue;
      const auto& compiled = policies[i].policy->compiled();
      for (std::size_t s = 0; s < compiled.statements.size(); ++s) {
        const auto effect = compiled.infos[s].effect;
        const auto failed = failed_elements(compiled, compiled.statements[s], question_, layer, effect, depth_);
        out_.statements.push_back(
            {layer, effect, failed, level, static_cast<std::int32_t>(i), static_cast<std::int32_t>(s)});
        if (failed == 0) (effect == Effect::deny ? denied : allowed) = true;
      }
    }
    if (denied) return LayerResult::explicit_deny;
    return allowed ? LayerResult::allow : LayerResult::implicit_deny;
  }

  const Question& question_;
  Depth depth_;
  Explanation& out_;
};

// The resource's policy as a set of one.
NamedPolicy resource_set(const Layers& layers) {
  return {layers.resource, {}};
}

Layer resource_layer(const Layers& layers) {
  return layers.trust ? Layer::trust : Layer::resource;
}

void examine_all(const Request& request, const Layers& layers, const Question& question, Depth depth,
                 Explanation& out) {
  Examination examination(question, depth, out);
  const bool own = has_own_policies(request.principal.type);
  if (layers.has_resource_control) examination.levels(Layer::resource_control, layers.resource_control);
  if (layers.has_service_control && own) examination.levels(Layer::service_control, layers.service_control);
  if (layers.has_endpoint) examination.set(Layer::endpoint, layers.endpoint);
  if (own) {
    const bool is_root = request.principal.type == PrincipalType::root;
    if (!is_root || !layers.identity.empty()) examination.set(Layer::identity, layers.identity);
    if (layers.has_boundary) examination.set(Layer::boundary, {&layers.boundary, 1});
    if (layers.has_session) examination.set(Layer::session, layers.session);
  }
  const auto resource = resource_set(layers);
  if (layers.resource) examination.set(resource_layer(layers), {&resource, 1});
}

// Every layer that denies, then every one whose allow is needed and absent, each in the order of evaluation.
void find_blocking(const Request& request, const Layers& layers, const Question& question, Explanation& out) {
  using enum Layer;
  const auto grants = resource_layer(layers);
  const auto grant = layers.resource ? find_grant(*layers.resource, question) : Grant{};
  const auto needs = needs_of(request, layers, grant.match);
  const auto add_denying = [&](Layer layer) {
    if (out.result(layer) == LayerResult::explicit_deny) out.blocked_by.push_back(layer);
  };
  for (const auto layer : {resource_control, service_control, endpoint, identity, boundary, session, grants}) {
    add_denying(layer);
  }
  const auto add_silent = [&](Layer layer, bool needed) {
    if (needed && out.result(layer) == LayerResult::implicit_deny) out.blocked_by.push_back(layer);
  };
  for (const auto layer : {resource_control, service_control, endpoint}) add_silent(layer, true);
  if (needs.grant && !layers.resource) out.results[static_cast<std::size_t>(grants)] = LayerResult::implicit_deny;
  add_silent(trust, needs.grant);
  add_silent(identity, needs.identity);
  add_silent(boundary, needs.boundary);
  add_silent(session, needs.session);
  add_silent(resource, needs.grant);
}

}  // namespace

void explain(const Request& request, const Layers& layers, Depth depth, Explanation& out) {
  out.decision = evaluate(request, layers);
  out.results.fill(LayerResult::not_applicable);
  out.blocked_by.clear();
  out.statements.clear();
  const Question question(request, layers);
  examine_all(request, layers, question, depth, out);
  // Where nothing is looked at - GetCallerIdentity, a request too large - the decision is all there is.
  if (out.decision.allowed()) return;
  find_blocking(request, layers, question, out);
  if (out.blocked_by.empty()) out.blocked_by.push_back(out.decision.layer);
}

NamedPolicy policy_of(const Layers& layers, const Examined& examined) {
  const auto policy = static_cast<std::size_t>(examined.policy), level = static_cast<std::size_t>(examined.level);
  switch (examined.layer) {
    case Layer::identity:
      return layers.identity[policy];
    case Layer::boundary:
      return layers.boundary;
    case Layer::session:
      return layers.session[policy];
    case Layer::resource:
    case Layer::trust:
      return resource_set(layers);
    case Layer::service_control:
      return layers.service_control[level][policy];
    case Layer::resource_control:
      return layers.resource_control[level][policy];
    case Layer::endpoint:
      return layers.endpoint[policy];
    case Layer::none:
      break;
  }
  return {};
}

namespace {

bool has_patterns(Comparison comparison) {
  switch (comparison) {
    case Comparison::text:
    case Comparison::text_any_case:
    case Comparison::text_like:
    case Comparison::boolean:
    case Comparison::arn:
      return true;
    case Comparison::number:
    case Comparison::date:
    case Comparison::binary:
    case Comparison::ip:
    case Comparison::null:
      return false;
  }
  return false;
}

class MissingKeys {
 public:
  explicit MissingKeys(const Context& context) : context_(context) {}

  void look(const Compiled& compiled, const Statement& statement) {
    for (const auto& pattern : run_of(compiled.pool.patterns, statement.resources)) look(compiled.pool, pattern);
    for (const auto& condition : run_of(compiled.conditions, statement.conditions)) {
      look(condition.key_hash, compiled.pool.view(condition.key));
      if (!has_patterns(condition.op.comparison)) continue;
      for (const auto& pattern : run_of(compiled.pool.patterns, condition.values)) look(compiled.pool, pattern);
    }
  }

  std::vector<std::string> found;

 private:
  void look(const PatternPool& pool, const Pattern& pattern) {
    if (pattern.type == PatternType::arn) {
      for (std::size_t i = 0; i < kArnFields; ++i) look(pool, pool.arn_fields[pattern.offset + i]);
    }
    if (pattern.type != PatternType::parts && pattern.type != PatternType::arn_parts) return;
    for (const auto& part : std::span(pool.parts).subspan(pattern.offset, pattern.size)) {
      if (part.type == PartType::variable && !part.has_default) look(part.key_hash, pool.view(part.text));
    }
  }

  void look(std::uint32_t hash, std::string_view key) {
    if (context_.find(hash, key)) return;
    if (std::ranges::none_of(found, [&](const auto& known) { return iequals(known, key); })) found.emplace_back(key);
  }

  const Context& context_;
};

}  // namespace

std::vector<std::string> missing_keys(const Request& request, const Layers& layers, const Explanation& explanation) {
  MissingKeys missing(request.context);
  for (const auto& examined : explanation.statements) {
    if (!examined.is_about(kPrincipal | kAction)) continue;
    const auto& compiled = policy_of(layers, examined).policy->compiled();
    missing.look(compiled, compiled.statements[static_cast<std::size_t>(examined.statement)]);
  }
  return std::move(missing.found);
}

}  // namespace podpass::policy
