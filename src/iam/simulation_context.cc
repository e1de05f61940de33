#include "iam/simulation_context.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "codec/base64.h"
#include "iam/errors.h"
#include "policy/typed_value.h"

namespace podpass::iam {
namespace {

constexpr std::string_view kList = "List";

bool any_text(std::string_view) {
  return true;
}
bool is_number(std::string_view text) {
  return policy::parse_number(text).has_value();
}
bool is_date(std::string_view text) {
  return policy::parse_instant(text).has_value();
}
bool is_address(std::string_view text) {
  return policy::parse_address(text).has_value();
}
bool is_binary(std::string_view text) {
  return codec::base64_decode(text).has_value();
}

// A type, without the List that each of them may have behind it.
struct ValueType {
  std::string_view name;
  std::string_view format;  // how the simulator calls it
  bool (*fits)(std::string_view);
};
constexpr std::array<ValueType, 6> kTypes{{{"string", "string format", any_text},
                                           {"numeric", "numeric format", is_number},
                                           {"boolean", "boolean format", any_text},  // "yes" is just not true
                                           {"ip", "IP address", is_address},
                                           {"binary", "base-64 encoded binary format", is_binary},
                                           {"date", "DateTime format", is_date}}};

bool is_given(const ContextEntry& entry) {
  return entry.ContextKeyName || entry.ContextKeyType || !entry.ContextKeyValues.empty();
}

Result<void> add_entry(policy::Context& context, const ContextEntry& entry) {
  if (!entry.ContextKeyName || entry.ContextKeyName->empty()) {
    return invalid_input("ContextKeyName cannot be null or empty.");
  }
  const auto& name = *entry.ContextKeyName;
  if (context.find(name)) return invalid_input(fmt::format("Duplicate context key: {}.", name));
  if (!entry.ContextKeyType) return invalid_input(fmt::format("Context key {} has invalid type null.", name));
  std::string_view type = *entry.ContextKeyType;
  const auto& values = entry.ContextKeyValues;
  if (values.empty()) {
    return invalid_input(fmt::format("Context values for context key {} cannot be null or empty.", name));
  }
  const bool is_list = type.ends_with(kList);
  if (!is_list && values.size() != 1) {
    return invalid_input(fmt::format("Context key {} expected a single value, but received {}.", type, values.size()));
  }
  if (is_list) type.remove_suffix(kList.size());
  const auto* known = std::ranges::find(kTypes, type, &ValueType::name);
  if (known == kTypes.end()) return invalid_input(fmt::format("Context key {} has invalid type {}.", name, type));
  if (!std::ranges::all_of(values, known->fits)) {
    return invalid_input(fmt::format("Invalid context value for key {}: expected {}.", name, known->format));
  }
  if (is_list) {
    const std::vector<std::string_view> views(values.begin(), values.end());
    context.add_list(name, views);
  } else {
    context.add(name, values.front());
  }
  return {};
}

}  // namespace

void check_context_entries(Constraints& constraints, const std::vector<ContextEntry>& entries) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto place = fmt::format("contextEntries.{}.member.", i + 1);
    const auto& name = entries[i].ContextKeyName;
    if (name && !name->empty()) constraints.text(place + "contextKeyName", *name, Rule::context_key_name);
    constraints.one_of(place + "contextKeyType", entries[i].ContextKeyType,
                       {"string", "stringList", "numeric", "numericList", "boolean", "booleanList", "ip", "ipList",
                        "binary", "binaryList", "date", "dateList"});
  }
}

Result<void> add_context_entries(policy::Context& context, const std::vector<ContextEntry>& entries) {
  if (entries.size() > kMaxContextEntries) {
    return invalid_input(fmt::format("The list of context entries cannot exceed {} items.", kMaxContextEntries));
  }
  for (const auto& entry : entries) {
    if (is_given(entry)) TRY(add_entry(context, entry));
  }
  return {};
}

}  // namespace podpass::iam
