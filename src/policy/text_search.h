// Searching a text for a segment of a pattern: what stands between two stars.
//
// Bytes are found in linear time: at most kStepsPerByte steps for each byte of text and segment. A segment with '?' is
// compared with kLane places of the text at once, until it can begin at none of them. In the worst of cases that is
//
//   (characters of the text / kLane, rounded up) * (bytes of the segment, '?' not counted) steps,
//
// so linear for what is no longer than kLane, and a constant times the text for whatever a policy's quota has room for
// (docs/decisions/015_explanations_and_speed.md says which). Two things cost steps of their own: '?' before colons_end
// counts as a byte, and text that is no UTF-8 makes each character of the segment count as one byte more.
// Nothing here allocates or keeps state; safe from any thread. A search takes some 40 KiB of the stack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "policy/byte_search.h"

namespace podpass::policy {

inline constexpr std::size_t kLane = 128;
inline constexpr std::size_t kStepsPerByte = 6;
inline constexpr std::size_t kMaxJoinedPieces = 129;  // 64 variables and the texts around them

// Behind the character that begins at `at`: a byte and all continuation bytes after it.
inline std::size_t next_character(std::string_view text, std::size_t at) {
  do ++at;
  while (at < text.size() && is_continuation(text[at]));
  return at;
}

// A part of a segment: bytes, or one '?', which matches one character.
struct SegmentPiece {
  std::string_view bytes;
  bool any = false;
};

// A segment's pieces, as often as they are asked for.
class SegmentPieces {
 public:
  virtual void rewind() = 0;
  virtual bool next(SegmentPiece& piece) = 0;  // false: there are no more

 protected:
  ~SegmentPieces() = default;
};

// What a search keeps to, as offsets into the text searched.
struct SearchLimits {
  std::size_t last_start = std::numeric_limits<std::size_t>::max();  // a match begins there at the latest
  std::size_t colons_end = 0;                                        // '?' matches no ':' before it
};

// These tell where the first match ends, or npos. `steps`: for tests, counts what the search did.
std::size_t find_bytes(std::string_view segment, std::string_view text, SearchLimits limits);
// Of kMaxJoinedPieces at most, without '?'.
std::size_t find_joined(SegmentPieces& segment, std::string_view text, SearchLimits limits,
                        std::uint64_t* steps = nullptr);
// Neither a match nor a '?' begins within a character.
std::size_t find_characters(SegmentPieces& segment, std::string_view text, SearchLimits limits,
                            std::uint64_t* steps = nullptr);

}  // namespace podpass::policy
