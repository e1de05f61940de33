#include "codec/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace podpass::codec {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080;

// What may follow a first byte: how many bytes more, and the range of the first of them (the others are 80..BF).
struct Sequence {
  std::size_t more;
  unsigned char low, high;
};

// RFC 3629, section 4. `more` is 0 where no sequence of several bytes begins.
Sequence sequence_of(unsigned char first) {
  if (first >= 0xc2 && first <= 0xdf) return {1, 0x80, 0xbf};
  if (first == 0xe0) return {2, 0xa0, 0xbf};
  if (first == 0xed) return {2, 0x80, 0x9f};
  if (first >= 0xe1 && first <= 0xef) return {2, 0x80, 0xbf};
  if (first == 0xf0) return {3, 0x90, 0xbf};
  if (first >= 0xf1 && first <= 0xf3) return {3, 0x80, 0xbf};
  if (first == 0xf4) return {3, 0x80, 0x8f};
  return {0, 0, 0};
}

}  // namespace

bool is_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    if (text.size() - i >= sizeof(std::uint64_t)) {  // most text is ASCII: eight bytes at a time
      std::uint64_t eight;
      std::memcpy(&eight, text.data() + i, sizeof(eight));
      if ((eight & kHighBits) == 0) {
        i += sizeof(eight);
        continue;
      }
    }
    const auto first = static_cast<unsigned char>(text[i++]);
    if (first < 0x80) continue;
    const auto [more, low, high] = sequence_of(first);
    if (more == 0 || text.size() - i < more) return false;
    const auto second = static_cast<unsigned char>(text[i]);
    if (second < low || second > high) return false;
    for (std::size_t k = 1; k < more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    }
    i += more;
  }
  return true;
}

std::string clean_text(std::string_view text) {
  std::string clean(text);
  if (is_utf8(text)) return clean;
  std::ranges::replace_if(clean, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return clean;
}

}  // namespace podpass::codec
