#include "policy/text_search.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"

namespace podpass::policy {
namespace {

// Pieces of text, read as one.
class Joined {
 public:
  explicit Joined(SegmentPieces& segment) {  // NOLINT: leaves room that is not used uninitialised
    segment.rewind();
    for (SegmentPiece piece; segment.next(piece);) {
      if (piece.bytes.empty()) continue;
      CHECK(count_ < pieces_.size());
      pieces_[count_] = piece.bytes.data();
      begins_[count_++] = size_;
      size_ += piece.bytes.size();
    }
    begins_[count_] = size_;
  }
  Joined(const Joined&) = delete;
  Joined& operator=(const Joined&) = delete;

  std::size_t size() const { return size_; }

  // Quick where a byte is near the one that was read before it.
  class Reader {
   public:
    explicit Reader(const Joined& joined) : joined_(joined) {}
    unsigned char operator[](std::size_t i) {
      while (i >= joined_.begins_[piece_ + 1]) ++piece_;
      while (i < joined_.begins_[piece_]) --piece_;
      return static_cast<unsigned char>(joined_.pieces_[piece_][i - joined_.begins_[piece_]]);
    }

   private:
    const Joined& joined_;
    std::size_t piece_ = 0;
  };

 private:
  std::array<const char*, kMaxJoinedPieces> pieces_;  // not initialised but for what is used
  std::array<std::size_t, kMaxJoinedPieces + 1> begins_;
  std::size_t count_ = 0, size_ = 0;
};

// The two-way search of Crochemore and Perrin ("Two-way string-matching", 1991): linear, and without a table. The
// segment is cut where its period is the same on both sides; behind the cut it is compared forwards, before it
// backwards.
class TwoWay {
 public:
  TwoWay(const Joined& segment, std::uint64_t& steps)
      : size_(segment.size()), here_(segment), there_(segment), steps_(steps) {
    const auto by_less = greatest_suffix([](auto a, auto b) { return a < b; });
    const auto by_greater = greatest_suffix([](auto a, auto b) { return a > b; });
    const auto& cut = by_greater.begin > by_less.begin ? by_greater : by_less;
    cut_ = cut.begin;
    period_ = cut.period;
    std::size_t same = 0;
    while (same < cut_ && equal(same, period_ + same)) ++same;
    if (same == cut_) {
      kept_ = size_ - period_;
    } else {
      period_ = std::max(cut_, size_ - cut_ + 1);  // no less than the real one
    }
  }

  // Where the first match that begins at `last_start` or before begins.
  std::size_t find(std::string_view text, std::size_t last_start) {
    std::size_t known = 0;  // so much of the segment's front is known to match
    for (std::size_t at = 0; at <= last_start;) {
      auto i = std::max(cut_, known);
      while (i < size_ && fits(i, text[at + i])) ++i;
      if (i < size_) {
        at += i - cut_ + 1;
        known = 0;
        continue;
      }
      i = cut_;
      while (i > known && fits(i - 1, text[at + i - 1])) --i;
      if (i <= known) return at;
      at += period_;
      known = kept_;
    }
    return npos;
  }

 private:
  struct Suffix {
    std::size_t begin = 0, period = 1;
  };

  // The suffix that is the greatest in the alphabet's order, or in its opposite, and its period.
  template <class Less>
  Suffix greatest_suffix(Less less) {
    Suffix best;
    std::size_t other = 1, same = 0;
    while (other + same < size_) {
      ++steps_;
      const auto a = here_[best.begin + same], b = there_[other + same];
      if (a == b) {
        ++same;
        if (same == best.period) {
          other += same;
          same = 0;
        }
      } else if (less(b, a)) {
        other += same + 1;
        same = 0;
        best.period = other - best.begin;
      } else {
        best = {other, 1};
        ++other;
        same = 0;
      }
    }
    return best;
  }

  bool equal(std::size_t a, std::size_t b) {
    ++steps_;
    return here_[a] == there_[b];
  }
  bool fits(std::size_t i, char c) {
    ++steps_;
    return here_[i] == static_cast<unsigned char>(c);
  }

  std::size_t size_, cut_ = 0, period_ = 1, kept_ = 0;
  Joined::Reader here_, there_;
  std::uint64_t& steps_;
};

}  // namespace

std::size_t find_bytes(std::string_view segment, std::string_view text, SearchLimits limits) {
  if (segment.size() > text.size()) return npos;
  const auto size = std::min(limits.last_start, text.size() - segment.size()) + segment.size();
  const auto* found = static_cast<const char*>(memmem(text.data(), size, segment.data(), segment.size()));
  return found ? static_cast<std::size_t>(found - text.data()) + segment.size() : npos;
}

std::size_t find_joined(SegmentPieces& segment, std::string_view text, SearchLimits limits, std::uint64_t* steps) {
  const Joined joined(segment);
  if (joined.size() > text.size()) return npos;
  if (joined.size() == 0) return 0;
  std::uint64_t own = 0;
  const auto last = std::min(limits.last_start, text.size() - joined.size());
  const auto found = TwoWay(joined, own).find(text, last);
  if (steps) *steps += own;
  return found == npos ? npos : found + joined.size();
}

}  // namespace podpass::policy
