#include "codec/fields.h"

#include <charconv>
#include <cmath>

#include "base/strings.h"

namespace podpass::codec::detail {
namespace {

constexpr std::string_view kNullAt = "1 validation error detected: Value null at '";

// AWS spells a member with a small first letter in its validation errors: 'tags.1.member.key'.
std::string small_first(std::string_view name) {
  std::string place(name);
  place[0] = ascii_lower(place[0]);
  return place;
}

Result<std::int64_t> integer(const Value& value, Reading reading) {
  if (const auto* number = value.as<std::int64_t>()) return *number;
  if (const auto* number = value.as<double>(); number && std::floor(*number) == *number && std::abs(*number) < 9e15) {
    return static_cast<std::int64_t>(*number);
  }
  if (const auto* text = value.as_text(); text && reading == Reading::text) {
    if (auto number = parse_integer(*text)) return *number;
  }
  return wrong_type("a number");
}

}  // namespace

Error missing_member(std::string_view name) {
  return Error::invalid(std::string(kNullAt) + small_first(name) +
                        "' failed to satisfy constraint: Member must not be null");
}

Error wrong_type(std::string_view wanted) {
  return Error::invalid("Expected " + std::string(wanted) + ".");
}

void add_place(Error& error, std::string_view name) {
  if (error.message.starts_with("Expected ")) error.message = std::string(name) + ": " + error.message;
  if (error.message.starts_with(kNullAt)) error.message.insert(kNullAt.size(), small_first(name) + ".");
}

void add_item_place(Error& error, std::size_t number) {
  if (error.message.starts_with(kNullAt)) error.message.insert(kNullAt.size(), std::to_string(number) + ".member.");
}

Result<void> read(const Value& value, Reading, std::string& out) {
  const auto* text = value.as_text();
  if (!text) return wrong_type("a string");
  out = *text;
  return {};
}

Result<void> read(const Value& value, Reading, std::string_view& out) {
  const auto* text = value.as_text();
  if (!text) return wrong_type("a string");
  out = *text;
  return {};
}

Result<void> read(const Value& value, Reading reading, bool& out) {
  if (const auto* flag = value.as<bool>()) {
    out = *flag;
    return {};
  }
  if (const auto* text = value.as_text(); text && reading == Reading::text) {
    if (iequals(*text, "true") || iequals(*text, "false")) {
      out = iequals(*text, "true");
      return {};
    }
  }
  return wrong_type("true or false");
}

Result<void> read(const Value& value, Reading reading, std::int64_t& out) {
  out = TRY(integer(value, reading));
  return {};
}

Result<void> read(const Value& value, Reading reading, int& out) {
  auto number = TRY(integer(value, reading));
  if (number < INT32_MIN || number > INT32_MAX) return wrong_type("a number of 32 bits");
  out = static_cast<int>(number);
  return {};
}

Result<void> read(const Value& value, Reading reading, double& out) {
  if (const auto* number = value.as<double>()) {
    out = *number;
    return {};
  }
  if (const auto* number = value.as<std::int64_t>()) {
    out = static_cast<double>(*number);
    return {};
  }
  if (const auto* text = value.as_text(); text && reading == Reading::text) {
    auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
    if (error == std::errc{} && end == text->data() + text->size() && std::isfinite(out)) return {};
  }
  return wrong_type("a number");
}

Result<void> read(const Value& value, Reading, Time& out) {
  if (const auto* time = value.as<Time>()) {
    out = *time;
    return {};
  }
  if (const auto* text = value.as_text()) {
    if (auto time = parse_iso8601(*text)) {
      out = *time;
      return {};
    }
    return wrong_type("a time");
  }
  double seconds = 0;
  TRY(read(value, Reading::typed, seconds));
  if (!(std::abs(seconds) < 1e12)) return wrong_type("a time");
  out = Time{Milliseconds{std::llround(seconds * 1000)}};
  return {};
}

Result<void> read(const Value& value, Reading, Value& out) {
  out = value;
  return {};
}

// In a form an empty list or map is the empty text: `Tags=`.
const Value::List* list_of(const Value& value, Reading reading) {
  static const Value::List kEmpty;
  if (const auto* list = value.as<Value::List>()) return list;
  const auto* text = value.as_text();
  return text && text->empty() && reading == Reading::text ? &kEmpty : nullptr;
}

const Value::Map* map_of(const Value& value, Reading reading) {
  static const Value::Map kEmpty;
  if (const auto* map = value.as<Value::Map>()) return map;
  const auto* text = value.as_text();
  return text && text->empty() && reading == Reading::text ? &kEmpty : nullptr;
}

}  // namespace podpass::codec::detail
