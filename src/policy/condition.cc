#include <algorithm>

#include "base/strings.h"
#include "policy/compiled.h"

namespace podpass::policy {
namespace {

template <class T>
bool related(Relation relation, const T& order) {
  switch (relation) {
    case Relation::equal:
      return order == 0;
    case Relation::less:
      return order < 0;
    case Relation::less_equal:
      return order <= 0;
    case Relation::greater:
      return order > 0;
    case Relation::greater_equal:
      return order >= 0;
  }
  return false;
}

// A text as the comparison has it: folded texts are in lower case in the policy.
int compare_texts(std::string_view in_policy, std::string_view given, bool fold) {
  if (!fold) return in_policy.compare(given);
  for (std::size_t i = 0; i < std::min(in_policy.size(), given.size()); ++i) {
    const auto a = static_cast<unsigned char>(in_policy[i]), b = static_cast<unsigned char>(ascii_lower(given[i]));
    if (a != b) return a < b ? -1 : 1;
  }
  return in_policy.size() == given.size() ? 0 : in_policy.size() < given.size() ? -1 : 1;
}

bool is_among_sorted(const Compiled& compiled, const Condition& condition, std::string_view value) {
  const bool fold = condition.op.comparison == Comparison::text_any_case;
  const auto sorted = run_of(compiled.pool.patterns, {condition.values.first, condition.sorted});
  const auto found = std::partition_point(sorted.begin(), sorted.end(), [&](const Pattern& pattern) {
    return compare_texts(compiled.pool.exact_text(pattern), value, fold) < 0;
  });
  return found != sorted.end() && compare_texts(compiled.pool.exact_text(*found), value, fold) == 0;
}

// Whether one value of the request is what one of the policy's values asks for; negation comes later.
bool any_value_matches(const Compiled& compiled, const Condition& condition, std::string_view value,
                       const Context& context) {
  if (condition.sorted != 0 && is_among_sorted(compiled, condition, value)) return true;
  const auto patterns = [&] { return run_of(compiled.pool.patterns, condition.values).subspan(condition.sorted); };
  const auto relation = condition.op.relation;
  switch (condition.op.comparison) {
    case Comparison::text:
    case Comparison::text_like:
    case Comparison::arn:
    case Comparison::binary:
      return std::ranges::any_of(patterns(),
                                 [&](const Pattern& p) { return compiled.pool.matches(p, value, context); });
    case Comparison::boolean:
      if (!iequals(value, "true") && !iequals(value, "false")) return false;
      [[fallthrough]];
    case Comparison::text_any_case:
      return std::ranges::any_of(patterns(),
                                 [&](const Pattern& p) { return compiled.pool.matches_folded(p, value, context); });
    case Comparison::number: {
      const auto number = parse_number(value);
      return number && std::ranges::any_of(run_of(compiled.numbers, condition.values),
                                           [&](const Number& n) { return related(relation, compare(*number, n)); });
    }
    case Comparison::date: {
      const auto instant = parse_instant(value);
      return instant && std::ranges::any_of(run_of(compiled.instants, condition.values),
                                            [&](std::int64_t i) { return related(relation, *instant <=> i); });
    }
    case Comparison::ip: {
      const auto address = parse_address(value);
      return address && std::ranges::any_of(run_of(compiled.networks, condition.values),
                                            [&](const Network& n) { return contains(n, *address); });
    }
    case Comparison::null:
      return false;  // asks for presence, not for a value: holds() has answered
  }
  return false;
}

}  // namespace

bool holds(const Compiled& compiled, const Condition& condition, const Context::Entry* entry, const Context& context) {
  const bool present = entry && !entry->all().empty();
  const auto& op = condition.op;
  if (op.comparison == Comparison::null) {
    const std::int64_t wanted = present ? 0 : 1;
    return std::ranges::any_of(run_of(compiled.instants, condition.values),
                               [&](std::int64_t is_null) { return is_null == wanted; });
  }
  const auto satisfies = [&](std::string_view value) {
    return any_value_matches(compiled, condition, value, context) != op.negated;
  };
  switch (op.quantifier) {
    case Quantifier::for_all:
      return !present || std::ranges::all_of(entry->all(), satisfies);
    case Quantifier::for_any:
      return present && std::ranges::any_of(entry->all(), satisfies);
    case Quantifier::none:
      if (!present) return op.if_exists || op.negated;
      // AWS asks for a set operator on multivalued keys and does not say what happens without: nothing matches.
      return !entry->multivalued && satisfies(entry->value);
  }
  return false;
}

}  // namespace podpass::policy
