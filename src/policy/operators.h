// The condition operators: their names, and what a name means. Names are case-insensitive. Source: IAM user guide, "IAM
// JSON policy elements: Condition operators". Pure; safe from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace podpass::policy {

enum class Comparison : std::uint8_t { text, text_any_case, text_like, number, date, boolean, binary, ip, arn, null };
enum class Relation : std::uint8_t { equal, less, less_equal, greater, greater_equal };
enum class Quantifier : std::uint8_t { none, for_all, for_any };

struct Operator {
  Comparison comparison = Comparison::text;
  Relation relation = Relation::equal;
  bool negated = false;
  bool if_exists = false;
  Quantifier quantifier = Quantifier::none;
};

// [ForAllValues:|ForAnyValue:]Name[IfExists]. Nothing for an unknown one; Null takes no IfExists.
std::optional<Operator> parse_operator(std::string_view text);

}  // namespace podpass::policy
