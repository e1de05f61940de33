#include "policy_reference/compare.h"

#include <algorithm>

#include "base/strings.h"
#include "policy/explain.h"

namespace podpass::reference {
namespace {

using policy::Layer;
using policy::Outcome;

Choices plain() {
  return Choices(std::span<const std::uint8_t>());
}

std::string text_of(const Document& document) {
  auto style = plain();
  return write(document, style);
}

bool is_accepted(const Case& of, const Document& document) {
  return policy::Policy::parse(text_of(document), document.kind, {of.ids.begin(), of.ids.end()}).has_value();
}

// False if nothing is left.
bool leave_out_refused(const Case& of, Document& document) {
  if (is_accepted(of, document)) return true;
  std::erase_if(document.statements, [&](const Statement& statement) {
    return !is_accepted(of, {document.kind, document.version, {statement}});
  });
  return !document.statements.empty() && is_accepted(of, document);
}

void leave_out_refused(const Case& of, Documents& documents) {
  std::erase_if(documents, [&](Document& document) { return !leave_out_refused(of, document); });
}

// The request as the engine wants it; shows what the case and the ask own.
class EngineRequest {
 public:
  EngineRequest(const Case& of, const Ask& ask)
      : request_{of.principal, ask.action, ask.resource, ask.resource_account, context_} {
    for (const auto& [name, values] : ask.keys) {
      if (!values.many) {
        context_.add(name, values.values[0]);
        continue;
      }
      const std::vector<std::string_view> list(values.values.begin(), values.values.end());
      context_.add_list(name, list);
    }
  }
  const policy::Request& get() const { return request_; }

 private:
  policy::Context context_;
  policy::Request request_;
};

// The case's policies as the reference has them.
class ReferenceStack {
 public:
  explicit ReferenceStack(const Case& of) : of_(of) {
    const auto& stack = of.stack;
    layers_.identity = take(stack.identity);
    if (stack.resource) layers_.resource = take(*stack.resource);
    layers_.trust = stack.trust;
    if (stack.boundary) layers_.boundary = Set{take(*stack.boundary)};
    if (stack.session) layers_.session = take(*stack.session);
    if (stack.service_control) layers_.service_control = take(*stack.service_control);
    if (stack.resource_control) layers_.resource_control = take(*stack.resource_control);
    if (stack.endpoint) layers_.endpoint = take(*stack.endpoint);
  }
  ReferenceStack(const ReferenceStack&) = delete;
  ReferenceStack& operator=(const ReferenceStack&) = delete;
  const Layers& layers() const { return layers_; }

  // The policies among which a decision names one.
  Set set(Layer layer, int level) const {
    switch (layer) {
      case Layer::identity:
        return layers_.identity;
      case Layer::boundary:
        return layers_.boundary.value_or(Set{});
      case Layer::session:
        return layers_.session.value_or(Set{});
      case Layer::resource:
      case Layer::trust:
        return layers_.resource ? Set{layers_.resource} : Set{};
      case Layer::service_control:
        return layers_.service_control ? layers_.service_control->at(static_cast<std::size_t>(level)) : Set{};
      case Layer::resource_control:
        return layers_.resource_control ? layers_.resource_control->at(static_cast<std::size_t>(level)) : Set{};
      case Layer::endpoint:
        return layers_.endpoint.value_or(Set{});
      case Layer::none:
        return {};
    }
    return {};
  }

 private:
  const Policy* take(const Document& document) {
    policies_.push_back(Policy::read(text_of(document), document.kind, of_.ids));
    return &policies_.back();
  }
  Set take(const Documents& documents) {
    Set set;
    for (const auto& document : documents) set.push_back(take(document));
    return set;
  }
  std::vector<Set> take(const std::vector<Documents>& levels) {
    std::vector<Set> sets;
    for (const auto& level : levels) sets.push_back(take(level));
    return sets;
  }

  const Case& of_;
  std::deque<Policy> policies_;
  Layers layers_;
};

// Does the statement that the engine names say what the engine says? Empty if so.
std::string wrong_statement(const policy::Decision& decision, const Request& request, const ReferenceStack& stack) {
  if (decision.statement < 0) {
    return decision.outcome == Outcome::explicit_deny ? "an explicit deny names no statement" : "";
  }
  if (decision.outcome == Outcome::implicit_deny) return "an implicit deny names a statement";
  const auto set = stack.set(decision.layer, decision.level);
  const auto index = static_cast<std::size_t>(std::max(decision.policy, 0));
  if (index >= set.size()) return "no policy " + std::to_string(decision.policy);
  const auto& policy = *set[index];
  const auto& statement = policy.statements.at(static_cast<std::size_t>(decision.statement));
  if (is_allow(statement) != (decision.outcome == Outcome::allow) || !statement_applies(policy, statement, request)) {
    return "the engine names statement " + std::to_string(decision.statement) + " of policy " +
           std::to_string(decision.policy) + ", which does not say so";
  }
  return {};
}

Request reference_request(const Case& of, const Ask& ask) {
  Request request{of.principal, ask.action, ask.resource, ask.resource_account, {}, of.stack.boundary.has_value(), {}};
  for (const auto& [name, values] : ask.keys) request.keys[lower(name)] = values;
  return request;
}

void count(Tally& tally, const Case& of, const policy::Decision& decision) {
  ++tally.decisions;
  ++tally.outcomes[static_cast<std::size_t>(decision.outcome)][static_cast<std::size_t>(decision.layer)];
  ++tally.callers[static_cast<std::size_t>(of.principal.type)][static_cast<std::size_t>(decision.outcome)];
}

// Policy::may_allow, for the resource's policy.
std::string wrong_may_allow(const Case& of, const Ask& ask, const EngineStack& engine, const ReferenceStack& stack) {
  if (!engine.layers().resource) return {};
  const bool told = engine.layers().resource->may_allow(of.principal, ask.action);
  if (told == may_allow(*stack.layers().resource, of.principal, ask.action)) return {};
  return std::string("may_allow: the engine says ") + (told ? "yes" : "no") + "\n" + described(of, ask);
}

void describe(std::string& text, const std::string& layer, const Document& document) {
  text += "  " + layer + ": " + text_of(document) + "\n";
}

void describe(std::string& text, const std::string& layer, const Documents& documents) {
  if (documents.empty()) text += "  " + layer + ": []\n";
  for (const auto& document : documents) describe(text, layer, document);
}

void describe(std::string& text, const std::string& layer, const std::vector<Documents>& levels) {
  if (levels.empty()) text += "  " + layer + ": []\n";
  for (std::size_t i = 0; i < levels.size(); ++i) describe(text, layer + " " + std::to_string(i), levels[i]);
}

constexpr std::array kOutcomes = {"allow", "implicit deny", "explicit deny"};
constexpr std::array kLayers = {"none",  "identity",        "boundary",         "session", "resource",
                                "trust", "service_control", "resource_control", "endpoint"};
constexpr std::array kCallers = {"anonymous",      "root",    "user",        "role_session",
                                 "federated_user", "service", "web_identity"};

}  // namespace

EngineStack::EngineStack(const Case& of, const Stack& stack, Choices& style, const policy::SessionKeys* session)
    : of_(of), style_(style), session_(session) {
  layers_.identity = take(stack.identity);
  if (stack.resource) layers_.resource = take(*stack.resource);
  layers_.trust = stack.trust;
  layers_.has_boundary = stack.boundary.has_value();
  if (stack.boundary) layers_.boundary = {take(*stack.boundary), {}};
  layers_.has_session = stack.session.has_value();
  if (stack.session) layers_.session = take(*stack.session);
  layers_.has_service_control = stack.service_control.has_value();
  if (stack.service_control) layers_.service_control = take(*stack.service_control);
  layers_.has_resource_control = stack.resource_control.has_value();
  if (stack.resource_control) layers_.resource_control = take(*stack.resource_control);
  layers_.has_endpoint = stack.endpoint.has_value();
  if (stack.endpoint) layers_.endpoint = take(*stack.endpoint);
}

const policy::Policy* EngineStack::take(const Document& document) {
  auto policy = policy::Policy::parse(write(document, style_), document.kind, {of_.ids.begin(), of_.ids.end()});
  if (!policy) {
    accepted_ = false;
    return nullptr;
  }
  policies_.push_back(session_ ? policy::fold(*policy, *session_) : *policy);
  return policies_.back().get();
}

const std::vector<policy::NamedPolicy>& EngineStack::take(const std::vector<Document>& documents) {
  std::vector<policy::NamedPolicy> set;
  for (const auto& document : documents) set.push_back({take(document), {}});
  return sets_.emplace_back(std::move(set));
}

std::span<const policy::Level> EngineStack::take(const std::vector<Documents>& levels) {
  std::vector<policy::Level> all;
  for (const auto& level : levels) all.emplace_back(take(level));
  return levels_.emplace_back(std::move(all));
}

void leave_out_refused(Case& of) {
  auto& stack = of.stack;
  leave_out_refused(of, stack.identity);
  if (stack.resource && !leave_out_refused(of, *stack.resource)) stack.resource.reset();
  if (stack.boundary && !leave_out_refused(of, *stack.boundary)) stack.boundary.reset();
  if (stack.session) leave_out_refused(of, *stack.session);
  for (auto* levels : {&stack.service_control, &stack.resource_control}) {
    if (!*levels) continue;
    for (auto& level : **levels) leave_out_refused(of, level);
  }
  if (stack.endpoint) leave_out_refused(of, *stack.endpoint);
}

policy::Decision engine_decides(const Case& of, const Ask& ask, const policy::Layers& layers) {
  const EngineRequest request(of, ask);
  return policy::evaluate(request.get(), layers);
}

std::string wrong_explanation(const Case& of, const Ask& ask, const policy::Layers& layers) {
  const EngineRequest request(of, ask);
  const auto decision = policy::evaluate(request.get(), layers);
  policy::Explanation whole;
  policy::explain(request.get(), layers, policy::Depth::everything, whole);
  if (whole.decision.outcome != decision.outcome || whole.decision.layer != decision.layer) return "another decision";
  if (decision.allowed() != whole.blocked_by.empty()) return "allowed, but not everywhere; or the other way round";
  if (!decision.allowed() && whole.blocked_by.front() != decision.layer) return "another layer refuses first";
  return {};
}

std::string wrong_folding(const Case& of, const Ask& ask, Choices& choices) {
  auto session = ask;
  std::erase_if(session.keys, [&](const auto&) { return choices.chance(50); });
  const EngineRequest request(of, session);
  const auto odd = choices.below(2);
  const policy::SessionKeys keys{request.get().context, [&](std::string_view key) {
                                   const auto is_key = [&](const auto& each) { return iequals(each.first, key); };
                                   return policy::fold_hash(key) % 2 == odd && std::ranges::none_of(ask.keys, is_key);
                                 }};
  auto style = plain();
  const EngineStack whole(of, of.stack, style), folded(of, of.stack, style, &keys);
  const auto before = engine_decides(of, ask, whole.layers()), after = engine_decides(of, ask, folded.layers());
  if (before.outcome != after.outcome || before.layer != after.layer || before.level != after.level ||
      before.policy != after.policy || before.statement != after.statement) {
    return "whole: " + spelled(before.outcome, before.layer, before.level) +
           ", folded: " + spelled(after.outcome, after.layer, after.level);
  }
  return wrong_explanation(of, ask, folded.layers());
}

std::string difference(const Case& of, Tally* tally) {
  auto style = plain();
  const EngineStack engine(of, of.stack, style);
  if (!engine.accepted()) return "a document is accepted and then refused";
  const ReferenceStack stack(of);
  if (tally) ++tally->cases;
  for (const auto& ask : of.asks) {
    const auto decision = engine_decides(of, ask, engine.layers());
    auto request = reference_request(of, ask);
    request.seen = tally ? &tally->operators : nullptr;
    const auto verdict = evaluate(request, stack.layers());
    const bool layer_told = verdict.outcome != Outcome::allow;
    if (decision.outcome != verdict.outcome ||
        (layer_told && (decision.layer != verdict.layer || decision.level != verdict.level))) {
      return "engine: " + spelled(decision.outcome, decision.layer, decision.level) +
             ", reference: " + spelled(verdict.outcome, verdict.layer, verdict.level) + "\n" + described(of, ask);
    }
    request.seen = nullptr;
    if (auto wrong = wrong_statement(decision, request, stack); !wrong.empty()) {
      return wrong + ": " + spelled(decision.outcome, decision.layer, decision.level) + "\n" + described(of, ask);
    }
    if (auto wrong = wrong_may_allow(of, ask, engine, stack); !wrong.empty()) return wrong;
    if (tally) count(*tally, of, decision);
  }
  return {};
}

std::string spelled(Outcome outcome, Layer layer, int level) {
  auto text =
      std::string(kOutcomes[static_cast<std::size_t>(outcome)]) + " by " + kLayers[static_cast<std::size_t>(layer)];
  if (level >= 0) text += " " + std::to_string(level);
  return text;
}

std::string described(const Case& of, const Ask& ask) {
  const auto& who = of.principal;
  std::string text = std::string("  caller: ") + kCallers[static_cast<std::size_t>(who.type)] + " of " +
                     std::string(who.partition) + " " + std::string(who.arn) + std::string(who.service) +
                     std::string(who.provider) + " " + std::string(who.unique_id) + "\n";
  text += "  asks: " + ask.action + " on " + ask.resource + " of account " + ask.resource_account + "\n";
  for (const auto& [name, values] : ask.keys) {
    text += "  " + name + " = " + (values.many ? "[" : "");
    for (const auto& value : values.values) text += quoted(value) + (values.many ? ";" : "");
    text += values.many ? "]\n" : "\n";
  }
  for (const auto& [name, id] : of.ids) text += "  id of " + name + ": " + id + "\n";
  const auto& stack = of.stack;
  describe(text, "identity", stack.identity);
  if (stack.resource) describe(text, stack.trust ? "trust" : "resource", *stack.resource);
  if (!stack.resource && stack.trust) text += "  trust: none\n";
  if (stack.boundary) describe(text, "boundary", *stack.boundary);
  if (stack.session) describe(text, "session", *stack.session);
  if (stack.service_control) describe(text, "service control", *stack.service_control);
  if (stack.resource_control) describe(text, "resource control", *stack.resource_control);
  if (stack.endpoint) describe(text, "endpoint", *stack.endpoint);
  return text;
}

}  // namespace podpass::reference
