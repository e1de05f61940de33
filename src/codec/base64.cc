#include "codec/base64.h"

#include <array>
#include <cstdint>

namespace podpass::codec {
namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNone = 255;

enum class Padding { no, yes };

constexpr std::array<std::uint8_t, 256> values_of(std::string_view alphabet) {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNone);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr auto kStandardValues = values_of(kStandard);
constexpr auto kUrlValues = values_of(kUrl);

// Padding is '=' up to a multiple of four characters.
std::string encode(std::string_view bytes, std::string_view alphabet, Padding padding) {
  const auto size = (bytes.size() * 4 + 2) / 3;
  std::string out(padding == Padding::yes ? (size + 3) / 4 * 4 : size, '=');
  const char* letters = alphabet.data();
  const auto* from = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* const end = from + bytes.size();
  char* to = out.data();
  for (; end - from >= 3; from += 3) {
    const auto bits = std::uint32_t{from[0]} << 16 | std::uint32_t{from[1]} << 8 | from[2];
    *to++ = letters[bits >> 18];
    *to++ = letters[bits >> 12 & 63];
    *to++ = letters[bits >> 6 & 63];
    *to++ = letters[bits & 63];
  }
  const char* const last = out.data() + size;
  if (from == end) return out;
  const auto bits = std::uint32_t{from[0]} << 16 | (end - from > 1 ? std::uint32_t{from[1]} << 8 : 0);
  for (int shift = 18; to != last; shift -= 6) *to++ = letters[bits >> shift & 63];
  return out;
}

std::optional<std::string> decode(std::string_view text, const std::array<std::uint8_t, 256>& values) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out(text.size() * 3 / 4, '\0');
  const auto* from = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = from + text.size();
  char* to = out.data();
  const auto put = [&](std::uint32_t bits, int bytes) {
    for (int shift = 16; bytes > 0; --bytes, shift -= 8) *to++ = static_cast<char>(bits >> shift);
  };
  std::uint32_t wrong = 0;  // more than six bits, if a character is not of the alphabet
  for (; end - from >= 4; from += 4) {
    const std::uint32_t a = values[from[0]], b = values[from[1]], c = values[from[2]], d = values[from[3]];
    wrong |= a | b | c | d;
    put(a << 18 | b << 12 | c << 6 | d, 3);
  }
  if (from != end) {
    const std::uint32_t a = values[from[0]], b = values[from[1]], c = end - from > 2 ? values[from[2]] : 0;
    wrong |= a | b | c;
    const auto bits = a << 18 | b << 12 | c << 6;
    const int bytes = end - from > 2 ? 2 : 1;
    if ((bits & (0xffffffU >> (8 * bytes))) != 0)
      return std::nullopt;  // stray bits: two texts would mean the same bytes
    put(bits, bytes);
  }
  if (wrong > 63) return std::nullopt;
  return out;
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
  return encode(bytes, kStandard, Padding::yes);
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.ends_with("==")) {
    text.remove_suffix(2);
  } else if (text.ends_with('=')) {
    text.remove_suffix(1);
  }
  return decode(text, kStandardValues);
}

std::string base64url_encode(std::string_view bytes) {
  return encode(bytes, kUrl, Padding::no);
}
std::optional<std::string> base64url_decode(std::string_view text) {
  return decode(text, kUrlValues);
}

}  // namespace podpass::codec
