#include "codec/base64.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace podpass::codec {
namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint32_t kNone = 0xff00'0000;

enum class Padding { no, yes };

// Two letters for each twelve bits.
using Pairs = std::array<std::array<char, 2>, 4096>;
constexpr Pairs pairs_of(std::string_view alphabet) {
  Pairs pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {alphabet[i >> 6], alphabet[i & 63]};
  return pairs;
}
constexpr auto kStandardPairs = pairs_of(kStandard);
constexpr auto kUrlPairs = pairs_of(kUrl);

// By the place of a letter in its four: its six bits where they belong in the three bytes, or kNone.
using Values = std::array<std::array<std::uint32_t, 256>, 4>;
constexpr Values values_of(std::string_view alphabet) {
  Values values{};
  for (std::size_t place = 0; place < 4; ++place) {
    values[place].fill(kNone);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
      values[place][static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint32_t>(i << (18 - 6 * place));
    }
  }
  return values;
}
constexpr auto kStandardValues = values_of(kStandard);
constexpr auto kUrlValues = values_of(kUrl);

// Padding is '=' up to a multiple of four characters.
std::string encode(std::string_view bytes, const Pairs& pairs, Padding padding) {
  const auto size = (bytes.size() * 4 + 2) / 3;
  std::string out(padding == Padding::yes ? (size + 3) / 4 * 4 : size, '=');
  const auto* from = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* const end = from + bytes.size();
  char* to = out.data();
  for (; end - from >= 8; from += 6) {  // eight letters of six bytes; two more are read
    std::uint64_t bits;
    std::memcpy(&bits, from, sizeof bits);
    if constexpr (std::endian::native == std::endian::little) bits = __builtin_bswap64(bits);
    std::memcpy(to, &pairs[bits >> 52], 2);
    std::memcpy(to + 2, &pairs[(bits >> 40) & 4095], 2);
    std::memcpy(to + 4, &pairs[(bits >> 28) & 4095], 2);
    std::memcpy(to + 6, &pairs[(bits >> 16) & 4095], 2);
    to += 8;
  }
  for (; end - from >= 3; from += 3) {
    const auto bits = std::uint32_t{from[0]} << 16 | std::uint32_t{from[1]} << 8 | from[2];
    std::memcpy(to, &pairs[bits >> 12], 2);
    std::memcpy(to + 2, &pairs[bits & 4095], 2);
    to += 4;
  }
  if (from == end) return out;
  const auto bits = std::uint32_t{from[0]} << 16 | (end - from > 1 ? std::uint32_t{from[1]} << 8 : 0);
  std::memcpy(to, &pairs[bits >> 12], 2);
  if (end - from > 1) to[2] = pairs[bits & 4095][0];
  return out;
}

std::optional<std::string> decode(std::string_view text, const Values& values) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out(text.size() * 3 / 4, '\0');
  const auto* from = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = from + text.size();
  char* to = out.data();
  std::uint32_t seen = 0;  // has kNone's bits if a character is not of the alphabet
  for (; end - from >= 4; from += 4) {
    const auto bits = values[0][from[0]] | values[1][from[1]] | values[2][from[2]] | values[3][from[3]];
    seen |= bits;
    *to++ = static_cast<char>(bits >> 16);
    *to++ = static_cast<char>(bits >> 8);
    *to++ = static_cast<char>(bits);
  }
  if (from != end) {
    const int bytes = end - from > 2 ? 2 : 1;
    const auto bits = values[0][from[0]] | values[1][from[1]] | (bytes == 2 ? values[2][from[2]] : 0);
    seen |= bits;
    if ((bits & (0xffffffU >> (8 * bytes))) != 0)
      return std::nullopt;  // stray bits: two texts would mean the same bytes
    *to++ = static_cast<char>(bits >> 16);
    if (bytes == 2) *to = static_cast<char>(bits >> 8);
  }
  if ((seen & kNone) != 0) return std::nullopt;
  return out;
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
  return encode(bytes, kStandardPairs, Padding::yes);
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
  return encode(bytes, kUrlPairs, Padding::no);
}
std::optional<std::string> base64url_decode(std::string_view text) {
  return decode(text, kUrlValues);
}

}  // namespace podpass::codec
