// Small things done to text. ASCII only: AWS identifiers, header names and condition keys are.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace podpass {

constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_alnum(char c) {
  return is_digit(c) || is_alpha(c);
}

// The two digits of each byte, in lower case.
inline constexpr auto kHexPairs = [] {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {kDigits[i >> 4], kDigits[i & 15]};
  return pairs;
}();

std::string concat(std::initializer_list<std::string_view> parts);  // in one allocation
std::string to_lower(std::string_view text);
bool same_letters(const char* a, const char* b, std::size_t size);  // but for case
inline bool iequals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && same_letters(a.data(), b.data(), a.size());
}
std::string_view trim(std::string_view text);  // spaces and tabs at both ends
std::vector<std::string_view> split(std::string_view text, char separator);
std::string hex(std::string_view bytes);                           // lower case
std::optional<std::int64_t> parse_integer(std::string_view text);  // the whole text, decimal, optional minus

// True if every character of `text` is a letter, a digit or one of `others`.
bool only_alnum_and(std::string_view text, std::string_view others);

// For a terminal or a log: control characters as \\n, \\t or \\u001b, so that a text stays what it is, on its line.
std::string printable(std::string_view text);

// The number of characters (code points) in UTF-8 text: what AWS counts in length limits.
std::size_t utf8_length(std::string_view text);

}  // namespace podpass
