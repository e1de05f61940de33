// Bytes looked for eight at a time, for texts that are too short for memchr to pay. Pure; safe from any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace podpass::policy {

inline constexpr std::uint64_t kEachByte = 0x0101010101010101, kTopBits = kEachByte * 0x80;

// The first of eight bytes is the lowest.
inline std::uint64_t load_eight(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = std::byteswap(word);
  return word;
}

// The top bits of bytes that are one of these, which are ASCII. The lowest bit set is right; behind it, where
// subtracting has borrowed, there may be some too many.
template <char... kAscii>
std::uint64_t bytes_among(std::uint64_t word) {
  return (((word ^ (kEachByte * kAscii)) - kEachByte) | ...) & ~word & kTopBits;
}

inline std::size_t first_byte(std::uint64_t top_bits) {
  return static_cast<std::size_t>(std::countr_zero(top_bits)) / 8;
}

// Where the first of these characters is, none of which is NUL; npos if there is none.
template <char... kAscii>
std::size_t find_any(std::string_view text, std::size_t from = 0) {
  const auto* bytes = text.data();
  for (; from + 8 <= text.size(); from += 8) {
    if (const auto found = bytes_among<kAscii...>(load_eight(bytes + from)); found != 0)
      return from + first_byte(found);
  }
  if (from < text.size() && text.size() >= 8) {  // what is left, and zeros
    const auto left = load_eight(bytes + text.size() - 8) >> (8 * (8 - (text.size() - from)));
    const auto found = bytes_among<kAscii...>(left);
    return found != 0 ? from + first_byte(found) : std::string_view::npos;
  }
  for (; from < text.size(); ++from) {
    if (((bytes[from] == kAscii) || ...)) return from;
  }
  return std::string_view::npos;
}

// Calls `visit(position)` for every `kAscii` until it returns false.
template <char kAscii, class Visit>
void for_each_place(std::string_view text, Visit visit) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    const auto differs = load_eight(text.data() + at) ^ (kEachByte * kAscii);
    auto found = ~(((differs & ~kTopBits) + ~kTopBits) | differs) & kTopBits;  // of exactly those
    for (; found != 0; found &= found - 1) {
      if (!visit(at + first_byte(found))) return;
    }
  }
  for (; at < text.size(); ++at) {
    if (text[at] == kAscii && !visit(at)) return;
  }
}

inline bool is_continuation(char c) {  // of a UTF-8 sequence
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

inline constexpr auto npos = std::string_view::npos;

// Tells most sets of texts that have none twice, at once.
class RepeatFilter {
 public:
  // False if the text is surely not among those given before.
  bool maybe_repeats(std::string_view text) {
    const auto last = text.empty() ? 0U : static_cast<unsigned char>(text.back());
    const auto bit = std::uint64_t{1} << ((text.size() * 7 + last) % 64);
    return (std::exchange(seen_, seen_ | bit) & bit) != 0;
  }

 private:
  std::uint64_t seen_ = 0;
};

}  // namespace podpass::policy
