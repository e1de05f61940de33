#include "store/pack.h"

#include <gtest/gtest.h>

#include <limits>
#include <thread>

namespace podpass::store {
namespace {

using codec::Value;

Value round_trip(const Value& value, Names& names) {
  std::string packed;
  pack(value, names, packed);
  return unpack(packed, names);
}

TEST(Pack, ValuesComeBack) {
  Names names;
  const Value cases[] = {
      Value(),
      true,
      false,
      0,
      -1,
      14,
      std::numeric_limits<std::int64_t>::max(),
      std::numeric_limits<std::int64_t>::min(),
      0.0,
      -0.0,
      1700000000.123,
      -2.5,
      1e300,
      1.0 / 3,
      "",
      std::string(14, 'a'),
      std::string(15, 'a'),
      std::string(100'000, 'a'),
      Value::list(),
      Value::map(),
      Value::list({1, "two", Value::list({3.5, Value()})}),
      Value::map(
          {{"name", "rex"}, {"age", 3}, {"tags", Value::map({{"a", "b"}, {std::string(65, 'n'), "long name"}})}}),
  };
  for (const auto& value : cases) EXPECT_EQ(round_trip(value, names), value);
}

TEST(Pack, TimeBecomesSeconds) {
  Names names;
  EXPECT_EQ(round_trip(Value(Time{Milliseconds{1700000000123}}), names), Value(1700000000.123));
}

TEST(Pack, NamesAreStoredOnce) {
  Names names;
  std::string packed;
  pack(Value::map({{"aRatherLongMemberName", "x"}}), names, packed);
  EXPECT_EQ(packed.size(), 4u);  // head, name number, head, 'x'
}

TEST(Pack, NamesBeyondTheLimitAreWrittenOut) {
  Names names;
  for (std::uint32_t i = 0; i < Names::kMaxNames; ++i) EXPECT_TRUE(names.number_of("name" + std::to_string(i)));
  EXPECT_FALSE(names.number_of("one more"));
  auto value = Value::map({{"one more", 1}, {"name7", 2}});
  EXPECT_EQ(round_trip(value, names), value);
}

TEST(Pack, ManyThreadsAgreeOnNames) {
  Names names;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&names] {
      for (int i = 0; i < 500; ++i) {
        auto value = Value::map({{"m" + std::to_string(i), i}});
        EXPECT_EQ(round_trip(value, names), value);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(names.text(500), nullptr);
}

}  // namespace
}  // namespace podpass::store
