#include "policy/report.h"

#include <array>
#include <bit>
#include <utility>

#include "codec/json.h"

namespace podpass::policy {
namespace {

using codec::Value;

Value list_of(const std::vector<std::string>& texts) {
  Value list(Value::List{});
  for (const auto& text : texts) list.push(text);
  return list;
}

Value describe(const Context& context) {
  Value keys(Value::Map{});
  context.for_each([&](const Context::Entry& entry) {
    auto name = std::string(entry.prefix) + std::string(entry.name);
    if (!entry.multivalued) {
      keys.add(std::move(name), entry.value);
      return;
    }
    Value values(Value::List{});
    for (const auto value : entry.values) values.push(value);
    keys.add(std::move(name), std::move(values));
  });
  return keys;
}

Value describe(const Principal& principal) {
  switch (principal.type) {
    case PrincipalType::anonymous:
      return Value::map({{"anonymous", true}});
    case PrincipalType::service:
      return Value::map({{"service", principal.service}});
    case PrincipalType::web_identity:
      return Value::map({{"federated", principal.provider}});
    case PrincipalType::root:
    case PrincipalType::user:
    case PrincipalType::role_session:
    case PrincipalType::federated_user:
      return principal.arn;
  }
  return {};
}

Value describe(const Failure& failure) {
  auto value = Value::map({{"element", name_of(failure.element)},
                           {"line", static_cast<std::int64_t>(failure.place.line)},
                           {"column", static_cast<std::int64_t>(failure.place.column)}});
  if (failure.inverted) value.add("inverted", true);
  if (failure.element == kCondition) {
    value.add("operator", failure.op);
    value.add("key", failure.key);
    value.add("missing", failure.key_missing);
  }
  value.add("wanted", list_of(failure.wanted));
  value.add("actual", list_of(failure.actual));
  if (!failure.reason.empty()) value.add("reason", failure.reason);
  return value;
}

void add_owner(Value& value, Layer layer, std::int32_t level) {
  value.add("layer", name_of(layer));
  if (level >= 0) value.add("level", level);
}

void add_policy(Value& value, const Examined& examined, const NamedPolicy& named) {
  add_owner(value, examined.layer, examined.level);
  value.add("policy", examined.policy);
  if (!named.arn.empty()) value.add("policyArn", named.arn);
  if (!named.name.empty()) value.add("policyName", named.name);
}

Value describe(const Layers& layers, const Examined& examined, FailureReader& reader) {
  const auto named = policy_of(layers, examined);
  const auto& info = named.policy->statements()[static_cast<std::size_t>(examined.statement)];
  const auto place = named.policy->place(info.begin);
  Value value(Value::Map{});
  add_policy(value, examined, named);
  if (!info.sid.empty()) value.add("sid", info.sid);
  value.add("index", examined.statement);
  value.add("effect", name_of(examined.effect));
  value.add("line", static_cast<std::int64_t>(place.line));
  value.add("column", static_cast<std::int64_t>(place.column));
  value.add("applies", examined.applies());
  value.add("text", named.policy->text().substr(info.begin, info.end - info.begin));
  Value failed(Value::List{});
  for (const auto& failure : reader.read(examined)) failed.push(describe(failure));
  value.add("failures", std::move(failed));
  return value;
}

// The policies that were looked at, each once: the statements of one follow each other.
Value documents(const Layers& layers, const std::vector<Examined>& statements) {
  Value list(Value::List{});
  const Examined* before = nullptr;
  for (const auto& examined : statements) {
    const auto* last = std::exchange(before, &examined);
    if (last && last->layer == examined.layer && last->level == examined.level && last->policy == examined.policy) {
      continue;
    }
    const auto named = policy_of(layers, examined);
    Value document(Value::Map{});
    add_policy(document, examined, named);
    document.add("text", named.policy->text());
    list.push(std::move(document));
  }
  return list;
}

bool comes_close(const Examined& examined) {
  return examined.is_about(kAction) || std::popcount(examined.failed) == 1;
}

}  // namespace

std::string_view name_of(Outcome outcome) {
  constexpr std::array<std::string_view, 3> kNames = {"allow", "implicitDeny", "explicitDeny"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::string_view name_of(LayerResult result) {
  constexpr std::array<std::string_view, 4> kNames = {"notApplicable", "allow", "implicitDeny", "explicitDeny"};
  return kNames[static_cast<std::size_t>(result)];
}

std::string_view name_of(Layer layer) {
  constexpr std::array<std::string_view, kLayerCount> kNames = {"none",  "identity", "boundary", "session", "resource",
                                                                "trust", "scp",      "rcp",      "endpoint"};
  return kNames[static_cast<std::size_t>(layer)];
}

std::string_view name_of(Effect effect) {
  return effect == Effect::allow ? "Allow" : "Deny";
}

std::string_view name_of(Element element) {
  switch (element) {
    case kPrincipal:
      return "principal";
    case kAction:
      return "action";
    case kResource:
      return "resource";
    case kCondition:
      return "condition";
  }
  return "";
}

codec::Value describe(const Request& request) {
  Value value = Value::map(
      {{"principal", describe(request.principal)}, {"action", request.action}, {"resource", request.resource}});
  if (!request.resource_account.empty()) value.add("resourceAccount", request.resource_account);
  value.add("context", describe(request.context));
  return value;
}

codec::Value report(const Request& request, const Layers& layers) {
  Explanation explanation;
  explain(request, layers, Depth::everything, explanation);
  const auto& decision = explanation.decision;
  Value value = Value::map({{"decision", name_of(decision.outcome)}});
  value.add("message", decision.allowed() ? std::string() : denial_message(request, decision));
  value.add("request", describe(request));
  Value blocked(Value::List{});
  for (const auto layer : explanation.blocked_by) blocked.push(name_of(layer));
  value.add("blockedBy", std::move(blocked));
  Value results(Value::Map{});
  for (std::size_t i = 1; i < kLayerCount; ++i) {
    const auto layer = static_cast<Layer>(i);
    if (explanation.result(layer) == LayerResult::not_applicable) continue;
    results.add(std::string(name_of(layer)), name_of(explanation.result(layer)));
  }
  value.add("layers", std::move(results));
  Value close(Value::List{});
  FailureReader reader(request, layers);
  for (const auto& examined : explanation.statements) {
    if (comes_close(examined)) close.push(describe(layers, examined, reader));
  }
  value.add("statements", std::move(close));
  value.add("documents", documents(layers, explanation.statements));
  value.add("missingKeys", list_of(missing_keys(request, layers, explanation)));
  Value mended(Value::List{});
  for (const auto& remedy : remedies(request, layers)) {
    Value each(Value::Map{});
    add_owner(each, remedy.layer, remedy.level);
    if (auto statement = codec::parse_json(remedy.statement)) each.add("statement", std::move(*statement));
    mended.push(std::move(each));
  }
  value.add("remedies", std::move(mended));
  return value;
}

}  // namespace podpass::policy
