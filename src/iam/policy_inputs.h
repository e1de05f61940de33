// Documents and lists as the simulation operations are given them: checked, parsed, and asked for their condition keys.
// Pure; one thread. Errors: ValidationError, InvalidInput with the simulator's texts.
#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "iam/constraints.h"
#include "policy/policy.h"

namespace podpass::iam {

// A list that is empty on the wire is one empty text: `ResourceArns=`.
std::span<const std::string> items_of(const std::vector<std::string>& list);
void check_items(Constraints& constraints, std::string_view member, std::span<const std::string> items, Rule rule);

// "<what> has invalid content", and behind it what the parser says.
Result<std::shared_ptr<const policy::Policy>> parse_policy_input(const std::string& text, policy::Kind kind,
                                                                 std::string_view what);
// An item of PolicyInputList, counted from zero.
Result<std::shared_ptr<const policy::Policy>> parse_policy_input(const std::string& text, std::size_t index);

// Keys that policies name, spelled as the first of them spells them, without repeats.
class ConditionKeys {
 public:
  void add(const policy::Policy& policy);
  std::vector<std::string> names;

 private:
  std::set<std::string> known_;  // in lower case
};

}  // namespace podpass::iam
