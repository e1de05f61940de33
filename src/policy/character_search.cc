// find_characters: a segment with '?' in a text.
//
// Text and segment are taken as characters, so that '?' is one place wide as all others are. From a tile of the text's
// characters, each of which a match may begin at, those fall away that a byte of the segment does not fit; kLane of
// them are compared in one step. A segment longer than a tile is compared piece by piece, the text's window moving on
// with it.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "policy/text_search.h"

namespace podpass::policy {
namespace {

constexpr std::size_t kTile = 1024;
static_assert(kTile % kLane == 0);

// What is compared of a character: its first bytes, how many it has, and whether it is a colon that no '?' matches.
enum Row : std::size_t { kFirstByte = 0, kSize = 4, kBorder = 5, kRows = 6 };
constexpr std::size_t kComparedBytes = kSize;

std::uint8_t byte_of(char c) {
  return static_cast<std::uint8_t>(c);
}

std::uint8_t size_row(std::size_t size) {
  return static_cast<std::uint8_t>(std::min<std::size_t>(size, 255));
}

// Whether a character has as many bytes as its first says.
bool is_whole(std::uint8_t first, std::size_t size) {
  if (first < 0x80) return size == 1;
  if (first < 0xE0) return size == 2;
  return size == (first < 0xF0 ? 3 : 4);
}

// Two tiles of a text's characters, a row of bytes for each thing that is compared of them.
class Window {
 public:
  Window() {}  // NOLINT: leaves the rows uninitialised on purpose
  static constexpr std::size_t kRoom = 2 * kTile;

  // The characters from the one that begins at `at`.
  void load(std::string_view text, std::size_t at, SearchLimits limits) {
    const auto size = std::min(kRoom, text.size() - at);
    const auto bytes = text.substr(at, size);
    std::uint8_t bits = 0;
    for (const char c : bytes) bits |= byte_of(c);
    const bool cut = at + size < text.size() && is_continuation(text[at + size]);
    is_plain_ = bits < 0x80 && !cut;
    has_broken_ = false;
    has_borders_ = at < limits.colons_end;
    starts_ = 0;
    if (is_plain_) {
      load_plain(bytes, at, text.size(), limits);
    } else {
      load_characters(text, at, limits);
    }
    for (std::size_t i = 0; i < kRows; ++i) std::memset(row(i) + count_, 0, kLane);
  }

  std::size_t count() const { return count_; }
  bool ends() const { return ends_; }             // with the text
  std::size_t next() const { return next_; }      // where the second tile begins
  std::size_t starts() const { return starts_; }  // how many of the first tile a match may begin at
  bool is_plain() const { return is_plain_; }
  bool has_broken() const { return has_broken_; }
  bool has_borders() const { return has_borders_; }
  static std::uint16_t place(Row row, std::uint16_t character) {
    return static_cast<std::uint16_t>(row * (kRoom + kLane) + character);
  }
  const std::uint8_t* at(std::uint16_t place) const { return rows_.data() + place; }

 private:
  void load_plain(std::string_view bytes, std::size_t at, std::size_t text_size, SearchLimits limits) {
    count_ = bytes.size();
    ends_ = at + count_ == text_size;
    next_ = at + std::min(kTile, count_);
    if (at <= limits.last_start) starts_ = std::min({kTile, count_, limits.last_start - at + 1});
    std::memcpy(row(kFirstByte), bytes.data(), count_);
    if (!has_borders_) return;
    for (std::size_t i = 0; i < count_; ++i) row(kBorder)[i] = at + i < limits.colons_end && bytes[i] == ':';
  }

  void load_characters(std::string_view text, std::size_t at, SearchLimits limits) {
    next_ = text.size();
    for (count_ = 0; count_ < kRoom && at < text.size(); ++count_) {
      if (count_ == kTile) next_ = at;
      if (count_ < kTile && at <= limits.last_start) ++starts_;
      const auto end = next_character(text, at);
      const auto size = end - at;
      for (std::size_t i = 0; i < kComparedBytes; ++i) row(i)[count_] = i < size ? byte_of(text[at + i]) : 0;
      row(kSize)[count_] = size_row(size);
      row(kBorder)[count_] = at < limits.colons_end && text[at] == ':';
      has_broken_ = has_broken_ || !is_whole(byte_of(text[at]), size);
      at = end;
    }
    ends_ = at == text.size();
  }

  std::uint8_t* row(std::size_t number) { return rows_.data() + number * (kRoom + kLane); }

  std::array<std::uint8_t, kRows*(kRoom + kLane)> rows_;
  std::size_t count_ = 0, next_ = 0, starts_ = 0;
  bool ends_ = false, is_plain_ = false, has_broken_ = false, has_borders_ = false;
};

// A character of a segment, or '?'.
struct Unit {
  bool any = false;
  std::size_t size = 0;
  std::array<std::uint8_t, kComparedBytes> bytes{};
};

class UnitReader {
 public:
  explicit UnitReader(SegmentPieces& pieces) : pieces_(pieces) { rewind(); }

  void rewind() {
    pieces_.rewind();
    is_done_ = false;
    piece_ = {};
    refill();
  }
  bool is_done() const { return is_done_; }

  Unit next() {
    Unit unit;
    unit.any = piece_.any;
    if (unit.any) {
      piece_.any = false;
      refill();
      return unit;
    }
    do {
      if (unit.size < kComparedBytes) unit.bytes[unit.size] = byte_of(piece_.bytes[0]);
      ++unit.size;
      piece_.bytes.remove_prefix(1);
      refill();
    } while (!is_done_ && !piece_.any && is_continuation(piece_.bytes[0]));
    return unit;
  }

 private:
  void refill() {
    while (!piece_.any && piece_.bytes.empty() && !is_done_) is_done_ = !pieces_.next(piece_);
  }

  SegmentPieces& pieces_;
  SegmentPiece piece_;
  bool is_done_ = false;
};

// A byte that has to be there in a window whose first character begins the match.
struct Probe {
  std::uint16_t place;  // in the window's rows
  std::uint8_t byte;
};

// The probes of at most a tile of a segment.
class Probes {
 public:
  Probes() {}  // NOLINT: leaves the room uninitialised on purpose
  // Takes units from the reader; how many.
  std::size_t fill(UnitReader& units, const Window& window) {
    count_ = 0;
    std::uint16_t offset = 0;
    for (; offset < kTile && !units.is_done(); ++offset) {
      const auto unit = units.next();
      if (unit.any) {
        if (window.has_borders()) add(offset, kBorder, 0);
      } else if (window.is_plain() && unit.size > 1) {
        add(offset, kFirstByte, 0xFF);  // is not there
      } else {
        add_character(offset, unit, units.is_done(), window.has_broken());
      }
    }
    return offset;
  }

  const Probe* begin() const { return probes_.data(); }
  std::size_t size() const { return count_; }

 private:
  // Of a character that is broken, or may stand beside one, the size counts too. The last one only begins what it
  // matches.
  void add_character(std::uint16_t offset, const Unit& unit, bool is_last, bool among_broken) {
    for (std::size_t i = 0; i < std::min(unit.size, kComparedBytes); ++i)
      add(offset, Row(kFirstByte + i), unit.bytes[i]);
    if (!is_last && (among_broken || !is_whole(unit.bytes[0], unit.size))) add(offset, kSize, size_row(unit.size));
  }
  void add(std::uint16_t offset, Row row, std::uint8_t byte) { probes_[count_++] = {Window::place(row, offset), byte}; }

  static constexpr std::size_t kMaxProbes = kTile * (kComparedBytes + 1);
  std::array<Probe, kMaxProbes> probes_;
  std::size_t count_ = 0;
};

using Vector [[gnu::vector_size(16)]] = std::uint8_t;
using Lane = std::array<Vector, kLane / sizeof(Vector)>;

Lane load(const std::uint8_t* from) {
  Lane lane;
  std::memcpy(&lane, from, sizeof lane);
  return lane;
}

bool any_of(const Lane& lane) {
  Vector all{};
#pragma GCC unroll 8
  for (const auto part : lane) all |= part;
  const auto words = std::bit_cast<std::array<std::uint64_t, 2>>(all);
  return (words[0] | words[1]) != 0;
}

class CharacterSearch {
 public:
  CharacterSearch(SegmentPieces& segment, std::string_view text, SearchLimits limits)
      : segment_(segment), text_(text), limits_(limits), units_(segment) {}

  std::size_t find() {
    std::size_t at = 0;
    while (at < text_.size() && is_continuation(text_[at])) ++at;
    while (at < text_.size() && at <= limits_.last_start) {
      window_.load(text_, at, limits_);
      const auto next = window_.next();
      if (const auto starts = matching_starts()) {
        if (const auto end = first_end(at, starts); end != npos) return end;
      }
      at = next;
    }
    return npos;
  }

  std::uint64_t steps() const { return steps_; }

 private:
  // Leaves in alive_ where in the window's first tile a match may begin; up to which. Zero: nowhere.
  std::size_t matching_starts() {
    auto starts = window_.starts();
    std::memset(alive_.data(), 0xFF, starts);
    units_.rewind();
    while (true) {
      const auto units = probes_.fill(units_, window_);
      // Where the text ends, a match that begins later has no room.
      if (window_.ends()) starts = std::min(starts, window_.count() + 1 - std::min(window_.count() + 1, units));
      std::memset(alive_.data() + starts, 0, kLane);
      if (!narrow(starts)) return 0;
      if (units_.is_done()) return starts;
      window_.load(text_, window_.next(), limits_);
    }
  }

  // Takes away the starts that a probe refutes. False: none is left.
  bool narrow(std::size_t starts) {
    bool left = false;
    for (std::size_t first = 0; first < starts; first += kLane) {
      auto lane = load(alive_.data() + first);
      if (any_of(lane)) lane = probed(lane, first);
      std::memcpy(alive_.data() + first, &lane, sizeof lane);
      left = left || any_of(lane);
    }
    return left;
  }

  // The loop that long searches spend their time in: not inlined, so that it has all registers.
  [[gnu::noinline]] Lane probed(Lane lane, std::size_t first) {
    constexpr std::size_t kBetweenLooks = 4;
    const auto* const probes = probes_.begin();
    const auto count = probes_.size();
    std::size_t done = 0;
    while (done < count) {
      for (const auto end = std::min(count, done + kBetweenLooks); done < end; ++done) {
        const auto* there = window_.at(probes[done].place) + first;
        const auto wanted = Vector{} + probes[done].byte;
#pragma GCC unroll 8
        for (std::size_t part = 0; part < lane.size(); ++part) {
          Vector bytes;
          std::memcpy(&bytes, there + part * sizeof bytes, sizeof bytes);
          lane[part] &= std::bit_cast<Vector>(bytes == wanted);
        }
      }
      if (!any_of(lane)) break;
    }
    steps_ += done;
    return lane;
  }

  // Where the first match that begins at one of these starts ends. The first start fits but where characters of more
  // than kComparedBytes are alike.
  std::size_t first_end(std::size_t at, std::size_t starts) {
    for (std::size_t i = 0; i < starts; ++i, at = next_character(text_, at)) {
      if (alive_[i] == 0) continue;
      if (const auto end = end_of_match(at); end != npos) return end;
    }
    return npos;
  }

  std::size_t end_of_match(std::size_t at) {
    segment_.rewind();
    for (SegmentPiece piece; segment_.next(piece);) {
      if (!piece.any) {
        if (text_.substr(at, piece.bytes.size()) != piece.bytes) return npos;
        at += piece.bytes.size();
      } else if (at == text_.size() || is_continuation(text_[at]) || (at < limits_.colons_end && text_[at] == ':')) {
        return npos;
      } else {
        at = next_character(text_, at);
      }
    }
    return at;
  }

  SegmentPieces& segment_;
  std::string_view text_;
  SearchLimits limits_;
  UnitReader units_;
  Window window_;
  Probes probes_;
  std::array<std::uint8_t, kTile + kLane> alive_;
  std::uint64_t steps_ = 0;
};

}  // namespace

std::size_t find_characters(SegmentPieces& segment, std::string_view text, SearchLimits limits, std::uint64_t* steps) {
  std::size_t size = 0;  // at least so many bytes match
  segment.rewind();
  for (SegmentPiece piece; segment.next(piece);) size += piece.any ? 1 : piece.bytes.size();
  if (size == 0) return 0;
  if (size > text.size()) return npos;
  limits.last_start = std::min(limits.last_start, text.size() - size);
  CharacterSearch search(segment, text, limits);
  const auto end = search.find();
  if (steps) *steps += search.steps();
  return end;
}

}  // namespace podpass::policy
