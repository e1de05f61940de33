#include "policy/text_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>

namespace podpass::policy {
namespace {

constexpr auto npos = std::string_view::npos;

// Unit by unit from each place; no state is kept.
std::size_t naive(std::u16string_view segment, std::string_view text, SearchLimits limits) {
  for (std::size_t start = 0; start <= text.size() && start <= limits.last_start; ++start) {
    if (start < text.size() && is_continuation(text[start])) continue;
    auto at = start;
    const bool fits = std::ranges::all_of(segment, [&](char16_t unit) {
      if (at >= text.size()) return false;
      if (unit != kAnyCharacter) return static_cast<unsigned char>(text[at++]) == unit;
      if (at < limits.colons_end && text[at] == ':') return false;
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
  std::string_view character(std::size_t kinds) {
    static constexpr std::array<std::string_view, 6> kCharacters = {"a", "b", ":", "ü", "û", "€"};
    return kCharacters[below(kinds)];
  }

 private:
  std::mt19937 engine_;
};

// Mostly a piece of the text, so that much is found, or nearly.
std::u16string segment_of(Random& random, std::string_view text, std::size_t kinds, std::size_t questions) {
  std::u16string segment;
  auto at = random.below(text.size() + 1);
  while (at > 0 && at < text.size() && is_continuation(text[at])) --at;
  const auto length = random.below(2) == 0 ? random.below(8) : random.below(text.size() + 1);
  for (std::size_t i = 0; i < length && at < text.size(); ++i) {
    const auto next = next_character(text, at);
    const auto character = random.below(60) == 0 ? random.character(kinds) : text.substr(at, next - at);
    if (random.below(100) < questions) {
      segment += kAnyCharacter;
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
    const auto kinds = 1 + random.below(6);
    std::string text;
    for (auto length = random.below(random.below(8) == 0 ? 1'200 : 40); length > 0; --length) {
      text += random.character(kinds);
    }
    const std::size_t questions = random.below(4) * random.below(30);
    const auto segment = segment_of(random, text, kinds, questions);
    SearchLimits limits;
    if (random.below(2) == 0) limits.last_start = random.below(text.size() + 2);
    if (random.below(2) == 0) limits.colons_end = random.below(text.size() + 2);
    const auto expected = naive(segment, text, limits);
    ASSERT_EQ(find_characters(segment, text, limits), expected) << i << " " << text;
    found += expected != npos ? 1 : 0;
    long_ones += expected != npos && segment.size() > kShortSegment ? 1 : 0;
    if (std::ranges::find(segment, kAnyCharacter) != segment.end()) continue;
    const std::string bytes(segment.begin(), segment.end());
    ASSERT_EQ(find_bytes(bytes, text, limits), expected) << i << " " << text;
  }
  EXPECT_GT(found, 10'000U);
  EXPECT_GT(long_ones, 200U);
}

TEST(TextSearch, LongSegmentsBetweenTheSizesOfWords) {
  for (std::size_t size = 60; size < 600; ++size) {
    const auto segment = std::u16string(size - 1, u'a') + kAnyCharacter;
    const auto front = std::string(size / 3, 'b');
    const auto text = front + std::string(size - 1, 'a') + "€b";
    EXPECT_EQ(find_characters(segment, text, {}), text.size() - 1) << size;
    EXPECT_EQ(find_characters(segment, text.substr(0, front.size() + size - 1), {}), npos) << size;
    EXPECT_EQ(find_characters(segment, text, {front.size() - 1, 0}), npos) << size;
  }
}

// What a '?' matches is whole.
TEST(TextSearch, BrokenCharacters) {
  EXPECT_EQ(find_characters(std::u16string{kAnyCharacter}, "\xBC\xBC", {}), npos);
  EXPECT_EQ(find_characters(std::u16string{kAnyCharacter}, "\xBC\xC3\xBC\xBC", {}), 4U);
  EXPECT_EQ(find_characters(std::u16string{kAnyCharacter, 0xBC}, "\xC3\xBC", {}), npos);
  EXPECT_EQ(find_bytes("\xBC", "\xC3\xBC", {}), 2U);
}

}  // namespace
}  // namespace podpass::policy
