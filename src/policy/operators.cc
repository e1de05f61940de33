#include "policy/operators.h"

#include <array>

#include "base/strings.h"

namespace podpass::policy {
namespace {

struct OperatorRow {
  std::string_view name;
  Comparison comparison;
  Relation relation = Relation::equal;
  bool negated = false;
};

constexpr std::array kOperators = {
    OperatorRow{"StringEquals", Comparison::text},
    OperatorRow{"StringNotEquals", Comparison::text, Relation::equal, true},
    OperatorRow{"StringEqualsIgnoreCase", Comparison::text_any_case},
    OperatorRow{"StringNotEqualsIgnoreCase", Comparison::text_any_case, Relation::equal, true},
    OperatorRow{"StringLike", Comparison::text_like},
    OperatorRow{"StringNotLike", Comparison::text_like, Relation::equal, true},
    OperatorRow{"NumericEquals", Comparison::number},
    OperatorRow{"NumericNotEquals", Comparison::number, Relation::equal, true},
    OperatorRow{"NumericLessThan", Comparison::number, Relation::less},
    OperatorRow{"NumericLessThanEquals", Comparison::number, Relation::less_equal},
    OperatorRow{"NumericGreaterThan", Comparison::number, Relation::greater},
    OperatorRow{"NumericGreaterThanEquals", Comparison::number, Relation::greater_equal},
    OperatorRow{"DateEquals", Comparison::date},
    OperatorRow{"DateNotEquals", Comparison::date, Relation::equal, true},
    OperatorRow{"DateLessThan", Comparison::date, Relation::less},
    OperatorRow{"DateLessThanEquals", Comparison::date, Relation::less_equal},
    OperatorRow{"DateGreaterThan", Comparison::date, Relation::greater},
    OperatorRow{"DateGreaterThanEquals", Comparison::date, Relation::greater_equal},
    OperatorRow{"Bool", Comparison::boolean},
    OperatorRow{"BinaryEquals", Comparison::binary},
    OperatorRow{"IpAddress", Comparison::ip},
    OperatorRow{"NotIpAddress", Comparison::ip, Relation::equal, true},
    OperatorRow{"ArnEquals", Comparison::arn},
    OperatorRow{"ArnNotEquals", Comparison::arn, Relation::equal, true},
    OperatorRow{"ArnLike", Comparison::arn},
    OperatorRow{"ArnNotLike", Comparison::arn, Relation::equal, true},
    OperatorRow{"Null", Comparison::null},
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
