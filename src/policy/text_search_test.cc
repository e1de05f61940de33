#include "policy/text_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>

namespace podpass::policy {
namespace {

constexpr char16_t kAny = 0x100;  // '?' in a segment that is given as units; others are bytes

// A segment given as units, in pieces of `size` bytes at most.
class UnitPieces final : public SegmentPieces {
 public:
  explicit UnitPieces(std::u16string_view units, std::size_t size = npos) : units_(units), size_(size) {
    for (const auto unit : units) bytes_ += static_cast<char>(unit);
  }
  void rewind() override { at_ = 0; }
  bool next(SegmentPiece& piece) override {
    if (at_ == units_.size()) return false;
    piece.any = units_[at_] == kAny;
    const auto end = std::min(units_.find(kAny, at_), units_.size());
    piece.bytes = std::string_view(bytes_).substr(at_, std::min(size_, end - at_));
    at_ += piece.any ? 1 : piece.bytes.size();
    return true;
  }

 private:
  std::u16string_view units_;
  std::string bytes_;
  std::size_t size_, at_ = 0;
};

std::size_t find_units(std::u16string_view segment, std::string_view text, SearchLimits limits) {
  UnitPieces pieces(segment);
  return find_characters(pieces, text, limits);
}

// Unit by unit from each place; no state is kept.
std::size_t naive(std::u16string_view segment, std::string_view text, SearchLimits limits) {
  if (segment.empty()) return 0;
  for (std::size_t start = 0; start <= text.size() && start <= limits.last_start; ++start) {
    if (start < text.size() && is_continuation(text[start])) continue;
    auto at = start;
    const bool fits = std::ranges::all_of(segment, [&](char16_t unit) {
      if (at >= text.size()) return false;
      if (unit != kAny) return static_cast<unsigned char>(text[at++]) == unit;
      if (is_continuation(text[at]) || (at < limits.colons_end && text[at] == ':')) return false;
      at = next_character(text, at);
      return true;
    });
    if (fits) return at;
  }
  return npos;
}

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t limit) { return engine_() % limit; }
  // Those behind the eighth are no UTF-8.
  static constexpr std::array<std::string_view, 13> kCharacters = {
      "a", "b", ":", "ü", "û", "€", "😀", "😁", "\xC3", "\xBC", "\x80\x80", "\xFF", "\x01"};
  std::string_view character(std::size_t kinds) { return kCharacters[below(kinds)]; }

 private:
  std::mt19937 engine_;
};

// Mostly a piece of the text, so that much is found, or nearly.
std::u16string segment_of(Random& random, std::string_view text, std::size_t kinds, std::size_t questions) {
  std::u16string segment;
  auto at = random.below(text.size() + 1);
  while (at > 0 && at < text.size() && is_continuation(text[at])) --at;
  const auto length = random.below(2) == 0 ? random.below(8) : random.below(text.size() + 1);
  const bool faithful = random.below(2) == 0;
  for (std::size_t i = 0; i < length && at < text.size(); ++i) {
    const auto next = next_character(text, at);
    const auto character = !faithful && random.below(60) == 0 ? random.character(kinds) : text.substr(at, next - at);
    if (random.below(100) < questions) {
      segment += kAny;
    } else {
      for (const char c : character) segment += static_cast<unsigned char>(c);
    }
    at = next;
  }
  return segment;
}

TEST(TextSearch, AgreesWithANaiveOne) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  std::size_t found = 0, long_ones = 0;
  for (int i = 0; i < 40'000; ++i) {
    const auto kinds = 1 + random.below(random.below(4) == 0 ? Random::kCharacters.size() : 8);
    std::string text;
    for (auto length = random.below(i % 100 == 0 ? 6'000 : i % 10 == 0 ? 1'200 : 40); length > 0; --length) {
      text += random.character(kinds);
    }
    const std::size_t questions = random.below(4) * random.below(30);
    const auto segment = segment_of(random, text, kinds, questions);
    SearchLimits limits;
    if (random.below(2) == 0) limits.last_start = random.below(text.size() + 2);
    if (random.below(2) == 0) limits.colons_end = random.below(text.size() + 2);
    const auto expected = naive(segment, text, limits);
    UnitPieces pieces(segment, 1 + random.below(40));
    ASSERT_EQ(find_characters(pieces, text, limits), expected) << i << " " << text;
    found += expected != npos ? 1 : 0;
    long_ones += expected != npos && segment.size() > 1'100 ? 1 : 0;
    if (segment.find(kAny) != npos) continue;
    const std::string bytes(segment.begin(), segment.end());
    const auto room = text.size() - std::min(text.size(), bytes.size());
    const auto at = std::min(text.find(bytes), npos - bytes.size());
    const auto place = at <= std::min(room, limits.last_start) ? at + bytes.size() : npos;
    ASSERT_EQ(find_bytes(bytes, text, limits), place) << i << " " << text;
    UnitPieces joined(segment, 1 + segment.size() / (1 + random.below(kMaxJoinedPieces - 1)));
    ASSERT_EQ(find_joined(joined, text, limits), place) << i << " " << text;
  }
  EXPECT_GT(found, 10'000U);
  EXPECT_GT(long_ones, 20U);
}

// Where little but the end differs, two-way search earns its name.
TEST(TextSearch, PeriodicBytes) {
  Random random(7);
  for (int i = 0; i < 200'000; ++i) {
    const auto kinds = 1 + random.below(3);
    std::string period, text;
    for (auto length = 1 + random.below(4); length > 0; --length) period += random.character(kinds);
    while (text.size() < 30) text += random.below(10) == 0 ? random.character(kinds) : std::string_view(period);
    std::u16string segment;
    const auto at = random.below(text.size());
    for (const char c : text.substr(at, random.below(20))) segment += static_cast<unsigned char>(c);
    if (random.below(3) == 0) segment += u'b';
    const std::string bytes(segment.begin(), segment.end());
    const auto found = text.find(bytes);
    UnitPieces pieces(segment, 1 + random.below(3));
    ASSERT_EQ(find_joined(pieces, text, {}), found == npos ? npos : found + bytes.size()) << text << " " << bytes;
  }
}

std::uint64_t steps_of_characters(std::u16string_view segment, std::string_view text) {
  std::uint64_t steps = 0;
  UnitPieces pieces(segment);
  find_characters(pieces, text, {}, &steps);
  return steps;
}

// The bound that the header promises, by count, for what is made to reach it and for what is not.
TEST(TextSearch, StepsAreBounded) {
  const auto repeated = [](std::u16string_view piece, std::size_t count) {
    std::u16string text;
    for (std::size_t i = 0; i < count; ++i) text += piece;
    return text;
  };
  const std::u16string a_any = {u'a', kAny};
  const std::string plain(100'000, 'a');
  std::string wide;
  for (int i = 0; i < 50'000; ++i) wide += "ü";
  for (const std::size_t size : {1U, 20U, 64U, 1'000U, 3'000U, 20'000U}) {
    SCOPED_TRACE(size);
    for (const auto& [segment, bytes] :
         {std::pair(repeated(u"a", size) + kAny + u"b", size + 1), std::pair(repeated(a_any, size) + u"b", size + 1)}) {
      const auto steps = steps_of_characters(segment, plain);
      EXPECT_LE(steps, (plain.size() + kLane - 1) / kLane * bytes);
      EXPECT_GE(steps, (plain.size() - segment.size()) / kLane * bytes / 2);  // it is reached
    }
    const auto steps = steps_of_characters(repeated(std::u16string{0xC3, 0xBC, kAny}, size) + u"b", wide);
    EXPECT_LE(steps, (50'000 + kLane - 1) / kLane * (2 * size + 1));
  }
  // What is not like the text falls away at once.
  EXPECT_LE(steps_of_characters(repeated(u"b", 20'000) + kAny, plain), plain.size() / kLane * 4 + 4);

  for (const auto* needle : {u"ab", u"a", u"aab"}) {
    for (const auto* end : {u"", u"b", u"c", u"ba"}) {
      for (const std::size_t size : {10U, 1'000U, 20'000U}) {
        const auto segment = repeated(needle, size) + end;
        std::uint64_t steps = 0;
        UnitPieces pieces(segment, 1 + segment.size() / 100);
        find_joined(pieces, plain, {}, &steps);
        EXPECT_LE(steps, kStepsPerByte * (plain.size() + segment.size()));
      }
    }
  }
}

TEST(TextSearch, LongSegmentsBetweenTheSizesOfWords) {
  for (std::size_t size = 60; size < 600; ++size) {
    const auto segment = std::u16string(size - 1, u'a') + kAny;
    const auto front = std::string(size / 3, 'b');
    const auto text = front + std::string(size - 1, 'a') + "€b";
    EXPECT_EQ(find_units(segment, text, {}), text.size() - 1) << size;
    EXPECT_EQ(find_units(segment, text.substr(0, front.size() + size - 1), {}), npos) << size;
    EXPECT_EQ(find_units(segment, text, {front.size() - 1, 0}), npos) << size;
  }
}

// What a '?' matches is whole.
TEST(TextSearch, BrokenCharacters) {
  EXPECT_EQ(find_units(std::u16string{kAny}, "\xBC\xBC", {}), npos);
  EXPECT_EQ(find_units(std::u16string{kAny}, "\xBC\xC3\xBC\xBC", {}), 4U);
  EXPECT_EQ(find_units(std::u16string{kAny, 0xBC}, "\xC3\xBC", {}), npos);
  EXPECT_EQ(find_bytes("\xBC", "\xC3\xBC", {}), 2U);
}

}  // namespace
}  // namespace podpass::policy
