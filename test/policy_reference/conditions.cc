#include "policy_reference/conditions.h"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <vector>

namespace podpass::reference {
namespace {

// What a comparison may see: one value of the policy, one of the request.
struct Pair {
  const std::string& policy;
  const std::string& request;
  Variables variables;
  const Keys& keys;

  std::optional<Pattern> expanded(Wildcards wildcards) const { return expand(policy, wildcards, variables, keys); }
};

bool same_text(const Pair& pair) {
  const auto pattern = pair.expanded(Wildcards::no);
  return pattern && matches(*pattern, characters(pair.request));
}

bool same_text_any_case(const Pair& pair) {
  auto pattern = pair.expanded(Wildcards::no);
  if (!pattern) return false;
  for (auto& symbol : *pattern) {
    if (symbol.character >= U'A' && symbol.character <= U'Z') symbol.character += U'a' - U'A';
  }
  return matches(*pattern, characters(lower(pair.request)));
}

bool like(const Pair& pair) {
  const auto pattern = pair.expanded(Wildcards::yes);
  return pattern && matches(*pattern, characters(pair.request));
}

// Decision 010: what is no ARN is matched by a star alone.
bool like_arn(const Pair& pair) {
  if (is_all_stars(pair.policy)) return true;
  const auto pattern = pair.expanded(Wildcards::yes);
  return pattern && matches_arn(pair.policy, *pattern, characters(pair.request));
}

bool same_bool(const Pair& pair) {
  const auto pattern = pair.expanded(Wildcards::no);
  if (!pattern) return false;
  std::string text;
  for (const auto& symbol : *pattern) text += symbol.character < 128 ? static_cast<char>(symbol.character) : '?';
  const auto wanted = read_bool(text), given = read_bool(pair.request);
  return wanted && given && *wanted == *given;
}

bool same_bytes(const Pair& pair) {
  const auto wanted = read_base64(pair.policy), given = read_base64(pair.request);
  return wanted && given && *wanted == *given;
}

bool in_network(const Pair& pair) {
  const auto network = read_network(pair.policy);
  const auto address = read_address(pair.request);
  return network && address && contains(*network, *address);
}

// The request's number and the policy's, in this order: what "NumericLessThan" asks is whether the request's is less.
template <class Accept>
auto number(Accept accept) {
  return [accept](const Pair& pair) {
    const auto given = read_number(pair.request), wanted = read_number(pair.policy);
    return given && wanted && accept(compare(*given, *wanted));
  };
}

template <class Accept>
auto date(Accept accept) {
  return [accept](const Pair& pair) {
    const auto given = read_date(pair.request), wanted = read_date(pair.policy);
    return given && wanted && accept(compare(*given, *wanted));
  };
}

const auto kEqual = [](int order) { return order == 0; };
const auto kLess = [](int order) { return order < 0; };
const auto kLessEqual = [](int order) { return order <= 0; };
const auto kGreater = [](int order) { return order > 0; };
const auto kGreaterEqual = [](int order) { return order >= 0; };

struct Operator {
  std::function<bool(const Pair&)> compares;
  bool negated = false;  // none of the policy's values may compare
};

const std::map<std::string, Operator>& operators() {
  static const std::map<std::string, Operator> kAll = {
      {"stringequals", {same_text}},
      {"stringnotequals", {same_text, true}},
      {"stringequalsignorecase", {same_text_any_case}},
      {"stringnotequalsignorecase", {same_text_any_case, true}},
      {"stringlike", {like}},
      {"stringnotlike", {like, true}},
      {"numericequals", {number(kEqual)}},
      {"numericnotequals", {number(kEqual), true}},
      {"numericlessthan", {number(kLess)}},
      {"numericlessthanequals", {number(kLessEqual)}},
      {"numericgreaterthan", {number(kGreater)}},
      {"numericgreaterthanequals", {number(kGreaterEqual)}},
      {"dateequals", {date(kEqual)}},
      {"datenotequals", {date(kEqual), true}},
      {"datelessthan", {date(kLess)}},
      {"datelessthanequals", {date(kLessEqual)}},
      {"dategreaterthan", {date(kGreater)}},
      {"dategreaterthanequals", {date(kGreaterEqual)}},
      {"bool", {same_bool}},
      {"binaryequals", {same_bytes}},
      {"ipaddress", {in_network}},
      {"notipaddress", {in_network, true}},
      {"arnequals", {like_arn}},
      {"arnnotequals", {like_arn, true}},
      {"arnlike", {like_arn}},
      {"arnnotlike", {like_arn, true}},
  };
  return kAll;
}

bool take_front(std::string& text, const std::string& front) {
  if (!text.starts_with(front)) return false;
  text.erase(0, front.size());
  return true;
}

bool take_back(std::string& text, const std::string& back) {
  if (!text.ends_with(back)) return false;
  text.erase(text.size() - back.size());
  return true;
}

// "Null": true asks for a key that is absent, false for one that is there. A set operator changes nothing.
bool null_holds(const std::vector<std::string>& wanted, const Values* given) {
  return std::ranges::any_of(wanted, [&](const std::string& text) { return read_bool(text) == (given == nullptr); });
}

// One operator, one key, the values that the policy has for it.
bool holds(std::string name, const std::string& key, const std::vector<std::string>& wanted, Variables variables,
           const Keys& keys) {
  const bool for_all = take_front(name, "forallvalues:");
  const bool for_any = !for_all && take_front(name, "foranyvalue:");
  const auto* given = find_key(keys, key);
  if (name == "null") return null_holds(wanted, given);
  const bool if_exists = take_back(name, "ifexists");
  const auto found = operators().find(name);
  if (found == operators().end()) throw std::runtime_error("unknown operator " + name);
  const auto& [compares, negated] = found->second;
  // "Multivalued context keys": without a value, ForAllValues is true and ForAnyValue is false.
  if (!given && for_all) return true;
  if (!given && for_any) return false;
  // "...IfExists" is true without the key; "If the key that you specify is not present, the values do not match": a
  // negated operator is true then.
  if (!given) return if_exists || negated;
  // Several values of the policy: any of them, or none of them if the operator is negated.
  const auto one = [&](const std::string& value) {
    const bool any =
        std::ranges::any_of(wanted, [&](const std::string& text) { return compares({text, value, variables, keys}); });
    return any != negated;
  };
  if (for_all) return std::ranges::all_of(given->values, one);
  if (for_any) return std::ranges::any_of(given->values, one);
  return !given->many && one(given->values[0]);  // decision 010: a list needs a set operator
}

}  // namespace

bool conditions_hold(const Json& condition, Variables variables, const Keys& keys, Seen* seen) {
  bool all = true;
  for (const auto& [name, by_key] : condition.members) {
    for (const auto& [key, values] : by_key.members) {
      const bool good = holds(lower(name), key, values.texts(), variables, keys);
      if (seen) ++(*seen)[lower(name)][good ? 1 : 0];
      all = all && good;
    }
  }
  return all;
}

}  // namespace podpass::reference
