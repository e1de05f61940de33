// Searching a text for a segment of a pattern: what stands between two stars.
//
// A segment of bytes is found in linear time. One with '?' costs (text length) * (segment length / 64) steps at worst;
// it allocates only when it is longer than kShortSegment. Nothing here keeps state; safe from any thread.
#pragma once

#include <cstddef>
#include <limits>
#include <string_view>

namespace podpass::policy {

inline constexpr std::size_t kShortSegment = 64;

// In a segment given as char16_t: '?', which matches one UTF-8 character. Other units are bytes.
inline constexpr char16_t kAnyCharacter = 0x100;

inline bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// Behind the character that begins at `at`.
inline std::size_t next_character(std::string_view text, std::size_t at) {
  do ++at;
  while (at < text.size() && is_continuation(text[at]));
  return at;
}

// What a search keeps to, as offsets into the text searched.
struct SearchLimits {
  std::size_t last_start = std::numeric_limits<std::size_t>::max();  // a match begins there at the latest
  std::size_t colons_end = 0;                                        // '?' matches no ':' before it
};

// Both tell where the first match ends, or npos.
std::size_t find_bytes(std::string_view segment, std::string_view text, SearchLimits limits);
// Neither a match nor a '?' begins within a character.
std::size_t find_characters(std::u16string_view segment, std::string_view text, SearchLimits limits);

}  // namespace podpass::policy
