#include "base/random.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "base/per_thread.h"
#include "base/strings.h"

namespace podpass {
namespace {

TEST(Random, UuidIsOfVersionFour) {
  SeededRandom random(1);
  const auto uuid = random.uuid();
  ASSERT_EQ(uuid.size(), 36U);
  EXPECT_EQ(uuid[14], '4');
  EXPECT_TRUE(std::string_view("89ab").contains(uuid[19])) << uuid;
  EXPECT_TRUE(only_alnum_and(uuid, "-"));
  EXPECT_NE(uuid, random.uuid());
}

TEST(Random, TextIsUnbiasedOverItsAlphabet) {
  SeededRandom random(1);
  std::map<char, int> counts;
  for (const char c : random.text("abc", 30'000)) ++counts[c];
  ASSERT_EQ(counts.size(), 3U);
  for (const auto& [letter, count] : counts) EXPECT_NEAR(count, 10'000, 400) << letter;
}

TEST(Random, SeededRepeatsItself) {
  SeededRandom one(7), other(7), third(8);
  EXPECT_EQ(one.uuid(), other.uuid());
  EXPECT_NE(one.uuid(), third.uuid());
}

TEST(PerThread, EachThreadHasItsOwn) {
  PerThread<int> numbers;
  numbers.get() = 1;
  int seen = -1;
  std::thread([&] { seen = numbers.get()++; }).join();
  EXPECT_EQ(seen, 0);
  EXPECT_EQ(numbers.get(), 1);
}

}  // namespace
}  // namespace podpass
