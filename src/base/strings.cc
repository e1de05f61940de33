#include "base/strings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace podpass {

std::string concat(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const auto part : parts) size += part.size();
  std::string out;
  out.reserve(size);
  for (const auto part : parts) out += part;
  return out;
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), ascii_lower);
  return out;
}

bool same_letters(const char* a, const char* b, std::size_t size) {
  return std::equal(a, a + size, b, [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) out.append(kHexPairs[static_cast<unsigned char>(c)].data(), 2);
  return out;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool only_alnum_and(std::string_view text, std::string_view others) {
  // Sixteen characters in a register: tokens are long.
  using Bytes [[gnu::vector_size(16)]] = unsigned char;
  using Words [[gnu::vector_size(16)]] = std::uint64_t;
  constexpr std::size_t kMostOthers = 8;
  if (text.size() < sizeof(Bytes) || others.size() > kMostOthers) {
    return std::ranges::all_of(text, [&](char c) { return is_alnum(c) || others.contains(c); });
  }
  std::array<Bytes, kMostOthers> spread;
  spread.fill(Bytes{} + 'a');
  for (std::size_t i = 0; i < others.size(); ++i) spread[i] = Bytes{} + static_cast<unsigned char>(others[i]);
  auto all_fit = Bytes{} == Bytes{};
  const auto look_at = [&](const char* sixteen) {
    Bytes bytes;
    std::memcpy(&bytes, sixteen, sizeof bytes);
    auto fit = ((bytes | 0x20) - 'a' < Bytes{} + 26) | (bytes - '0' < Bytes{} + 10);
    fit |= (bytes == spread[0]) | (bytes == spread[1]) | (bytes == spread[2]) | (bytes == spread[3]);
    for (std::size_t i = 4; i < others.size(); ++i) fit |= bytes == spread[i];
    all_fit &= fit;
  };
  for (std::size_t at = 0; at + sizeof(Bytes) <= text.size(); at += sizeof(Bytes)) look_at(text.data() + at);
  look_at(text.data() + text.size() - sizeof(Bytes));  // overlaps those before
  const auto words = reinterpret_cast<Words>(all_fit);
  return (words[0] & words[1]) == ~std::uint64_t{0};
}

std::size_t utf8_length(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters too: C2 80 to C2 9F.
    const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (byte >= 0x20 && byte != 0x7F && !c1) {
      out += text[i];
    } else if (text[i] == '\n') {
      out += "\\n";
    } else if (text[i] == '\t') {
      out += "\\t";
    } else {
      if (c1) byte = static_cast<unsigned char>(text[++i]);
      out += "\\u00";
      out.append(kHexPairs[byte].data(), 2);
    }
  }
  return out;
}

}  // namespace podpass
