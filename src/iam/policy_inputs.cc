#include "iam/policy_inputs.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "iam/errors.h"

namespace podpass::iam {

std::span<const std::string> items_of(const std::vector<std::string>& list) {
  if (list.size() == 1 && list[0].empty()) return {};
  return list;
}

void check_items(Constraints& constraints, std::string_view member, std::span<const std::string> items, Rule rule) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    constraints.text(fmt::format("{}.{}.member", member, i + 1), items[i], rule);
  }
}

Result<std::shared_ptr<const policy::Policy>> parse_policy_input(const std::string& text, policy::Kind kind,
                                                                 std::string_view what) {
  auto parsed = policy::Policy::parse(text, kind);
  if (parsed) return parsed;
  auto error = invalid_input(fmt::format("{} has invalid content: {}", what, parsed.error().message));
  error.cause = std::move(parsed.error().cause);
  return error;
}

Result<std::shared_ptr<const policy::Policy>> parse_policy_input(const std::string& text, std::size_t index) {
  return parse_policy_input(text, policy::Kind::identity, fmt::format("Policy input list item {}", index + 1));
}

void ConditionKeys::add(const policy::Policy& policy) {
  for (const auto key : policy.condition_keys()) {
    if (known_.insert(to_lower(key)).second) names.emplace_back(key);
  }
}

}  // namespace podpass::iam
