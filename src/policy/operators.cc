#include "policy/operators.h"

#include <array>

#include "base/strings.h"

namespace podpass::policy {
namespace {

struct Row {
  std::string_view name;
  Comparison comparison;
  Relation relation = Relation::equal;
  bool negated = false;
};

constexpr std::array kOperators = {
    Row{"StringEquals", Comparison::text},
    Row{"StringNotEquals", Comparison::text, Relation::equal, true},
    Row{"StringEqualsIgnoreCase", Comparison::text_any_case},
    Row{"StringNotEqualsIgnoreCase", Comparison::text_any_case, Relation::equal, true},
    Row{"StringLike", Comparison::text_like},
    Row{"StringNotLike", Comparison::text_like, Relation::equal, true},
    Row{"NumericEquals", Comparison::number},
    Row{"NumericNotEquals", Comparison::number, Relation::equal, true},
    Row{"NumericLessThan", Comparison::number, Relation::less},
    Row{"NumericLessThanEquals", Comparison::number, Relation::less_equal},
    Row{"NumericGreaterThan", Comparison::number, Relation::greater},
    Row{"NumericGreaterThanEquals", Comparison::number, Relation::greater_equal},
    Row{"DateEquals", Comparison::date},
    Row{"DateNotEquals", Comparison::date, Relation::equal, true},
    Row{"DateLessThan", Comparison::date, Relation::less},
    Row{"DateLessThanEquals", Comparison::date, Relation::less_equal},
    Row{"DateGreaterThan", Comparison::date, Relation::greater},
    Row{"DateGreaterThanEquals", Comparison::date, Relation::greater_equal},
    Row{"Bool", Comparison::boolean},
    Row{"BinaryEquals", Comparison::binary},
    Row{"IpAddress", Comparison::ip},
    Row{"NotIpAddress", Comparison::ip, Relation::equal, true},
    Row{"ArnEquals", Comparison::arn},
    Row{"ArnNotEquals", Comparison::arn, Relation::equal, true},
    Row{"ArnLike", Comparison::arn},
    Row{"ArnNotLike", Comparison::arn, Relation::equal, true},
    Row{"Null", Comparison::null},
};

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (text.size() < prefix.size() || !iequals(text.substr(0, prefix.size()), prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (text.size() < suffix.size() || !iequals(text.substr(text.size() - suffix.size()), suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

}  // namespace

std::optional<Operator> parse_operator(std::string_view text) {
  Operator found;
  if (take_prefix(text, "ForAllValues:")) {
    found.quantifier = Quantifier::for_all;
  } else if (take_prefix(text, "ForAnyValue:")) {
    found.quantifier = Quantifier::for_any;
  }
  found.if_exists = take_suffix(text, "IfExists");
  for (const auto& row : kOperators) {
    if (row.name.size() != text.size() || (row.name != text && !iequals(row.name, text))) continue;
    if (row.comparison == Comparison::null && found.if_exists) return {};
    found.comparison = row.comparison;
    found.relation = row.relation;
    found.negated = row.negated;
    return found;
  }
  return {};
}

}  // namespace podpass::policy
