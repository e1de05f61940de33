#include "codec/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/strings.h"

namespace podpass::codec {
namespace {

using Scalar = std::expected<Value, std::string>;

bool is_any_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, text) != words.end();
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

// [-+]?[0-9]+, 0o17, 0x1F and, as YAML 1.1 has it, 017. Nothing if it is none, or too large.
std::optional<Value> integer_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x")) base = 16;
  if (text.starts_with("0o")) base = 8;
  if (base != 10) {
    text.remove_prefix(2);
  } else if (!all_digits(text)) {
    return std::nullopt;
  } else if (text.starts_with('0') && text.find_first_of("89") == std::string_view::npos) {
    base = 8;
  }
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (problem != std::errc() || end != text.data() + text.size() || number > INT64_MAX) return std::nullopt;
  return Value(negative ? -static_cast<std::int64_t>(number) : static_cast<std::int64_t>(number));
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool is_number(std::string_view text) {
  const auto skip_digits = [&text] {
    const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count > 0;
  };
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const bool whole = skip_digits();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (!skip_digits() && !whole) return false;
  } else if (!whole) {
    return false;
  }
  if (!text.starts_with('e') && !text.starts_with('E')) return text.empty();
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return all_digits(text);
}

Scalar number_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto problem = std::from_chars(text.data(), text.data() + text.size(), number).ec;
  if (problem == std::errc::result_out_of_range) {
    // Too small for a double, or too large?
    const std::size_t exponent = text.find_first_of("eE");
    if (exponent != std::string_view::npos && text.substr(exponent + 1).starts_with('-')) return Value(0.0);
    return std::unexpected("a number is too large");
  }
  return Value(number);
}

// A plain scalar.
Scalar resolve(const std::string& text) {
  if (is_any_of(text, {"", "~", "null", "Null", "NULL"})) return Value();
  if (is_any_of(text, {"true", "True", "TRUE"})) return Value(true);
  if (is_any_of(text, {"false", "False", "FALSE"})) return Value(false);
  if (auto integer = integer_of(text)) return *std::move(integer);
  if (is_number(text)) return number_of(text);
  std::string_view special = text;
  if (special.starts_with('-') || special.starts_with('+')) special.remove_prefix(1);
  if (is_any_of(special, {".inf", ".Inf", ".INF"}) || is_any_of(text, {".nan", ".NaN", ".NAN"})) {
    return std::unexpected("a number must be finite");
  }
  return Value(text);
}

}  // namespace

Scalar scalar_of(std::string_view tag, const std::string& text) {
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  if (tag == "?" || tag.empty()) return resolve(text);
  if (tag == "!") return Value(text);
  const std::string_view kind = tag.starts_with(kCore) ? tag.substr(kCore.size()) : std::string_view();
  if (kind == "str") return Value(text);
  if (!is_any_of(kind, {"null", "bool", "int", "float"})) {
    return std::unexpected("the tag '" + printable(tag.substr(0, 80)) + "' is not known here");
  }
  Scalar value = resolve(text);
  if (!value) return value;
  if (const auto* integer = value->as<std::int64_t>(); integer && kind == "float") {
    return Value(static_cast<double>(*integer));
  }
  const bool fits = (kind == "null" && value->is_null()) || (kind == "bool" && value->as<bool>()) ||
                    (kind == "int" && value->as<std::int64_t>()) || (kind == "float" && value->as<double>());
  if (!fits) return std::unexpected("what the tag says to be of type " + std::string(kind) + " is not");
  return value;
}

bool stays_text(std::string_view text) {
  constexpr std::array<std::string_view, 10> kWords = {"true", "false", "null", "yes", "no",
                                                       "on",   "off",   "y",    "n",   "~"};
  if (text.empty() || text.size() > 1'000) return false;
  if (std::ranges::any_of(kWords, [text](std::string_view word) { return iequals(word, text); })) return false;
  if (is_digit(text.front())) {
    // 100m and 128Mi stay, but not what might be hexadecimal, a time or a number with an exponent.
    constexpr std::string_view kHarmless = "gGhHiIjJkKlLmMnNpPqQrRsStTuUvVwWyYzZ";
    return only_alnum_and(text, "") && text.find_first_of(kHarmless) != std::string_view::npos;
  }
  if (!is_alpha(text.front()) && text.front() != '/' && text.front() != '_') return false;
  if (!only_alnum_and(text, " _-./:@+=,$()%") || text.back() == ' ' || text.back() == ':') return false;
  return text.find(": ") == std::string_view::npos && text.find("  ") == std::string_view::npos;
}

}  // namespace podpass::codec
