#include "own_api/trust_reasons.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "codec/json.h"

namespace podpass::own_api {
namespace {

using policy::Examined;
using policy::Failure;

constexpr std::size_t kMaxShown = 3;  // values of a condition, in one sentence
constexpr std::string_view kTagPrefix = "aws:RequestTag/";
constexpr std::string_view kKeysOfOnePod[] = {"aws:RequestTag/kubernetes-pod-name", "aws:RequestTag/kubernetes-pod-uid",
                                              "sts:RoleSessionName"};

bool is_of_one_pod(std::string_view key) {
  return std::ranges::any_of(kKeysOfOnePod, [&](auto each) { return iequals(each, key); });
}

std::string listed(const std::vector<std::string>& values, std::string_view between) {
  std::string out;
  for (std::size_t i = 0; i < std::min(values.size(), kMaxShown); ++i) {
    out += fmt::format("{}'{}'", i == 0 ? "" : between, values[i]);
  }
  if (values.size() > kMaxShown) out += fmt::format("{}{} more", between, values.size() - kMaxShown);
  return values.empty() ? "nothing" : out;
}

class Reasons {
 public:
  Reasons(const policy::Request& request, const policy::Layers& layers, Conditions conditions)
      : request_(request), policy_(*layers.resource), conditions_(conditions), reader_(request, layers) {
    policy::explain(request, layers, policy::Depth::everything, explanation_);
  }

  std::vector<TrustReason> run() {
    if (conditions_ == Conditions::decided) {
      if (explanation_.decision.allowed()) return {};
      for (const auto& each : explanation_.statements) {
        if (each.effect == policy::Effect::deny && each.applies() && !asks_for_one_pod(each)) return {denied_by(each)};
      }
    }
    const Examined* closest = nullptr;
    std::vector<Failure> failures;  // of the closest
    for (const auto& each : explanation_.statements) {
      if (each.effect == policy::Effect::deny) continue;
      const auto failed = failed_of(each);
      if (failed == 0) return {};
      if (closest && failed_of(*closest) < failed) continue;
      auto why = reader_.read(each);
      if (failed == policy::kCondition && std::ranges::all_of(why, may_be_met)) return {};
      if (closest && failed_of(*closest) == failed && failures.size() <= why.size()) continue;
      closest = &each;
      failures = std::move(why);
    }
    return closest ? reasons_of(*closest, failures) : std::vector{not_for_pods(nullptr, {})};
  }

 private:
  // Bits, the worst one first: a statement for somebody else, one without the action, one whose condition fails.
  unsigned failed_of(const Examined& examined) const {
    unsigned failed = 0;
    if (!examined.is_about(policy::kPrincipal)) failed |= 32U;
    if (!examined.is_about(policy::kAction)) failed |= 16U;
    const bool decided = conditions_ == Conditions::decided;
    if (decided && !examined.is_about(policy::kCondition)) failed |= policy::kCondition;
    return failed;
  }

  static bool may_be_met(const Failure& failure) { return is_of_one_pod(failure.key) && !failure.key_missing; }

  // Whether its conditions are about a pod's own name, so that another pod may not meet them.
  bool asks_for_one_pod(const Examined& examined) const {
    const auto& info = policy_.statements()[static_cast<std::size_t>(examined.statement)];
    const auto statement = codec::parse_json(policy_.text().substr(info.begin, info.end - info.begin));
    const auto* condition = statement ? statement->find("Condition") : nullptr;
    const auto* operators = condition ? condition->as<codec::Value::Map>() : nullptr;
    return operators && std::ranges::any_of(*operators, [](const auto& op) {
             const auto* keys = op.second.template as<codec::Value::Map>();
             return keys && std::ranges::any_of(*keys, [](const auto& key) { return is_of_one_pod(key.first); });
           });
  }

  policy::Place place_of(const Examined& examined) const {
    return policy_.place(policy_.statements()[static_cast<std::size_t>(examined.statement)].begin);
  }

  // "statement 1 (line 4)"
  std::string name_of(const Examined& examined) const {
    return fmt::format("statement {} (line {})", examined.statement + 1, place_of(examined).line);
  }

  TrustReason reason(std::string_view what, const policy::Place* place) const {
    TrustReason made{std::string(request_.action), fmt::format("{} is {}.", request_.action, what), {}, {}};
    if (place) {
      made.line = place->line;
      made.column = place->column;
    }
    return made;
  }

  TrustReason denied_by(const Examined& examined) const {
    const auto place = place_of(examined);
    return reason(fmt::format("denied by {}, whatever else is allowed", name_of(examined)), &place);
  }

  TrustReason not_for_pods(const Examined* closest, const std::vector<Failure>& failures) const {
    std::string what = fmt::format("not allowed: no statement is for {}", request_.principal.service);
    const auto principal = std::ranges::find(failures, policy::kPrincipal, &Failure::element);
    if (!closest || principal == failures.end()) return reason(what, nullptr);
    if (!principal->inverted && !principal->wanted.empty()) {
      what += fmt::format("; {} is for {}", name_of(*closest), listed(principal->wanted, " and "));
    }
    return reason(what, &principal->place);
  }

  std::vector<TrustReason> reasons_of(const Examined& closest, const std::vector<Failure>& failures) const {
    if (!closest.is_about(policy::kPrincipal)) return {not_for_pods(&closest, failures)};
    std::vector<TrustReason> reasons;
    for (const auto& failure : failures) {
      if (!closest.is_about(policy::kAction)) {
        if (failure.element != policy::kAction) continue;
        reasons.push_back(
            reason(fmt::format("not allowed: no statement for {} has it", request_.principal.service), &failure.place));
      } else if (failure.element == policy::kCondition && !may_be_met(failure)) {
        reasons.push_back(
            reason(fmt::format("not allowed: in {} {}", name_of(closest), condition(failure)), &failure.place));
      }
    }
    return reasons;
  }

  // "StringEquals aws:RequestTag/kubernetes-namespace wants 'prod', the pod has 'default'"
  std::string condition(const Failure& failure) const {
    const bool of_pod = iequals(std::string_view(failure.key).substr(0, kTagPrefix.size()), kTagPrefix);
    std::string text =
        fmt::format("{} {} wants {}{}, the {} has {}", failure.op, failure.key,
                    failure.op.contains("Not") ? "other than " : "", listed(failure.wanted, " or "),
                    of_pod ? "pod" : "request", failure.key_missing ? "no such key" : listed(failure.actual, ", "));
    const bool tagged = request_.context.find("aws:TagKeys") != nullptr;
    if (of_pod && failure.key_missing && !tagged) text += ", since session tags are off";
    if (!failure.reason.empty()) {
      auto reason = failure.reason;
      if (reason.ends_with('.')) reason.pop_back();
      text += fmt::format(" ({})", reason);
    }
    return text;
  }

  const policy::Request& request_;
  const policy::Policy& policy_;
  const Conditions conditions_;
  policy::FailureReader reader_;
  policy::Explanation explanation_;
};

}  // namespace

std::vector<TrustReason> reasons_against(const policy::Request& request, const policy::Layers& layers,
                                         Conditions conditions) {
  return Reasons(request, layers, conditions).run();
}

}  // namespace podpass::own_api
