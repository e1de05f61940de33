#include "policy/text_search.h"

#include <algorithm>
#include <array>
#include <bit>
#include <climits>
#include <cstdint>
#include <cstring>
#include <vector>

namespace podpass::policy {
namespace {

constexpr auto npos = std::string_view::npos;

// Shift-And: bit j of a state says that the part's units up to the j-th match what ends at the byte read last. A part
// is as much of a segment as has a bit each in a Word.
template <class Word>
class SegmentPart {
 public:
  static constexpr std::size_t kUnits = sizeof(Word) * CHAR_BIT;

  // The units of `segment` from `from` on.
  SegmentPart(std::u16string_view segment, std::size_t from) {
    const auto units = segment.substr(from, kUnits);
    last_ = Word{1} << (units.size() - 1);
    bool at_character = from == 0 || segment[from - 1] == kAnyCharacter;  // the unit before ends a whole character
    for (std::size_t i = 0; i < units.size(); ++i) {
      const bool any = units[i] == kAnyCharacter;
      if (any) {
        any_ |= Word{1} << i;
      } else if (!at_character || !is_continuation(static_cast<char>(units[i]))) {
        bytes_[units[i]] |= Word{1} << i;
      }
      at_character = any;
    }
    for (std::size_t c = 0; c < bytes_.size(); ++c) {
      if (any_ != 0 && !is_continuation(static_cast<char>(c))) bytes_[c] |= any_;
    }
  }

  // The state behind an ASCII character; `begins`: the part may begin with it.
  Word next_plain(Word state, bool begins, char c) const {
    return ((state << 1) | static_cast<Word>(begins)) & bytes_[static_cast<unsigned char>(c)];
  }

  // The state behind any byte; `is_border`: it is a colon that no '?' matches.
  Word next(Word state, bool begins, char c, bool is_border) const {
    auto moved = next_plain(state, begins, c);
    if (is_border) moved &= ~any_;
    return is_continuation(c) ? moved | (state & any_) : moved;
  }

  bool matched(Word state) const { return (state & last_) != 0; }

 private:
  std::array<Word, 256> bytes_{};  // which units each byte fits
  Word any_ = 0;                   // which units are kAnyCharacter
  Word last_ = 0;
};

// Place by place: for so few steps a SegmentPart's table does not pay.
constexpr std::size_t kFewSteps = 1024;

std::size_t find_in_few_steps(std::u16string_view segment, std::string_view text, SearchLimits limits) {
  for (std::size_t start = 0; start <= limits.last_start; ++start) {
    if (is_continuation(text[start])) continue;
    auto at = start;
    std::size_t i = 0;
    for (; i < segment.size() && at < text.size(); ++i) {
      if (segment[i] != kAnyCharacter) {
        if (static_cast<unsigned char>(text[at++]) != segment[i]) break;
      } else if (is_continuation(text[at]) || (at < limits.colons_end && text[at] == ':')) {
        break;
      } else {
        at = next_character(text, at);
      }
    }
    if (i == segment.size()) return at;
  }
  return npos;
}

std::size_t find_short(std::u16string_view segment, std::string_view text, SearchLimits limits) {
  const SegmentPart<std::uint64_t> part(segment, 0);
  std::uint64_t state = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = i <= limits.last_start;
    if (!begins && state == 0) return npos;
    state = part.next(state, begins, text[i], i < limits.colons_end && text[i] == ':');
    if (part.matched(state)) return i + 1;
  }
  return npos;
}

// A bit for each place in the text: whether the units read so far match what ends before it.
using Places = std::vector<std::uint64_t>;
constexpr std::size_t kPlaces = 64;

using LongWord = unsigned __int128;
using LongPart = SegmentPart<LongWord>;

// These read at most kPlaces bytes; bit i of the answer tells whether the part matches what ends behind byte i.
std::uint64_t read_bytes(const LongPart& part, LongWord& state, std::uint64_t begins, std::string_view bytes,
                         std::size_t colons_end) {
  std::uint64_t behind = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    state = part.next(state, ((begins >> i) & 1) != 0, bytes[i], i < colons_end && bytes[i] == ':');
    behind |= std::uint64_t{part.matched(state)} << i;
  }
  return behind;
}

// The loop that long searches spend their time in: not inlined, so that it has all registers.
[[gnu::noinline]] std::uint64_t read_plain(const LongPart& part, LongWord& state, std::uint64_t begins,
                                           std::string_view bytes) {
  auto now = state;
  std::uint64_t behind = 0;
  for (const char c : bytes) {
    now = part.next_plain(now, (begins & 1) != 0, c);
    begins >>= 1;
    behind = (behind >> 1) | (std::uint64_t{part.matched(now)} << (kPlaces - 1));
  }
  state = now;
  return behind >> (kPlaces - bytes.size());
}

// Turns the places where the part may begin, among those of the words from `first` to `last`, into those behind it.
// `plain`: the text is ASCII, and no colon is a border.
bool move_behind(const LongPart& part, std::string_view text, SearchLimits limits, bool plain, Places& places,
                 std::size_t first, std::size_t last) {
  LongWord state = 0;
  std::uint64_t carry = 0;
  std::uint64_t found = 0;
  for (auto word = first; word < last; ++word) {
    const auto begins = places[word];
    std::uint64_t behind = 0;
    if (begins != 0 || state != 0) {
      const auto from = word * kPlaces;
      const auto bytes = text.substr(from, kPlaces);
      const auto colons_end = limits.colons_end - std::min(limits.colons_end, from);
      behind = plain ? read_plain(part, state, begins, bytes) : read_bytes(part, state, begins, bytes, colons_end);
    }
    places[word] = (behind << 1) | carry;
    carry = behind >> (kPlaces - 1);
    found |= behind;
  }
  places[last] = carry;
  return found != 0;
}

// Part by part, each over all of the text that it may match in.
std::size_t find_long(std::u16string_view segment, std::string_view text, SearchLimits limits) {
  const bool plain = limits.colons_end == 0 && std::ranges::all_of(text, [](char c) { return (c & 0x80) == 0; });
  const auto room = text.size() - segment.size();
  const auto words = (text.size() + kPlaces - 1) / kPlaces;
  Places places(words + 1);
  const auto starts = std::min(limits.last_start, room) + 1;
  for (std::size_t i = 0; i < starts / kPlaces; ++i) places[i] = ~std::uint64_t{0};
  places[starts / kPlaces] = (std::uint64_t{1} << (starts % kPlaces)) - 1;
  for (std::size_t from = 0; from < segment.size(); from += LongPart::kUnits) {
    const LongPart part(segment, from);
    const auto last = std::min(words, (room + from + LongPart::kUnits) / kPlaces + 1);
    if (!move_behind(part, text, limits, plain, places, from / kPlaces, last)) return npos;
  }
  const auto found = std::ranges::find_if(places.begin() + static_cast<std::ptrdiff_t>(segment.size() / kPlaces),
                                          places.end(), [](std::uint64_t word) { return word != 0; });
  if (found == places.end()) return npos;
  return static_cast<std::size_t>(found - places.begin()) * kPlaces +
         static_cast<std::size_t>(std::countr_zero(*found));
}

}  // namespace

std::size_t find_bytes(std::string_view segment, std::string_view text, SearchLimits limits) {
  if (segment.size() > text.size()) return npos;
  const auto size = std::min(limits.last_start, text.size() - segment.size()) + segment.size();
  const auto* found = static_cast<const char*>(memmem(text.data(), size, segment.data(), segment.size()));
  return found ? static_cast<std::size_t>(found - text.data()) + segment.size() : npos;
}

std::size_t find_characters(std::u16string_view segment, std::string_view text, SearchLimits limits) {
  if (segment.empty()) return 0;
  if (segment.size() > text.size()) return npos;
  limits.last_start = std::min(limits.last_start, text.size() - segment.size());
  auto end = npos;
  if (segment.size() * text.size() <= kFewSteps) return find_in_few_steps(segment, text, limits);
  if (segment.size() <= kShortSegment) {
    end = find_short(segment, text, limits);
  } else {
    // First in the front of the text, so that what is found early costs little.
    auto size = segment.size();
    do {
      size = std::min(4 * size, text.size());
      end = find_long(segment, text.substr(0, size), limits);
    } while (end == npos && size < text.size());
  }
  if (end == npos || segment.back() != kAnyCharacter) return end;
  while (end < text.size() && is_continuation(text[end])) ++end;
  return end;
}

}  // namespace podpass::policy
