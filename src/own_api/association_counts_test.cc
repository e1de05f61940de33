#include "own_api/association_counts.h"

#include <gtest/gtest.h>

#include <string>

namespace podpass::own_api {
namespace {

using Kind = AssociationCounts::Kind;

constexpr Time kStart{Seconds{1'700'000'000}};
constexpr int kKept = static_cast<int>(AssociationCounts::kAssociationsKept);

TEST(AssociationCounts, KeepAWeekOfHours) {
  AssociationCounts counts(kStart);
  for (int hour = 0; hour < 200; ++hour) counts.count("a", kStart + std::chrono::hours{hour}, Kind::exchange);
  EXPECT_EQ(counts.of("a").hours.size(), 168U);
  EXPECT_EQ(counts.of("a").since, kStart);
}

TEST(AssociationCounts, MoreThanAreKeptMakeRoomAnEighthAtOnce) {
  AssociationCounts counts(kStart);
  for (int i = 1; i <= kKept; ++i) counts.count(std::to_string(i), kStart + Seconds{i}, Kind::exchange);
  EXPECT_EQ(counts.of("1").last_used, kStart + Seconds{1});
  counts.count("new", kStart + Seconds{kKept + 1}, Kind::denial);
  const auto forgotten = kKept / 8 + 1;
  EXPECT_FALSE(counts.of(std::to_string(forgotten)).last_used);
  EXPECT_EQ(counts.of("1").since, kStart + Seconds{forgotten});
  EXPECT_EQ(counts.of("new").since, kStart + Seconds{forgotten});
  EXPECT_EQ(counts.of(std::to_string(forgotten + 1)).since, kStart);
  EXPECT_EQ(counts.of(std::to_string(forgotten + 1)).last_used, kStart + Seconds{forgotten + 1});
  EXPECT_EQ(counts.of("new").last_denied, kStart + Seconds{kKept + 1});
}

TEST(AssociationCounts, OfOneMomentNotAllGo) {
  AssociationCounts counts(kStart);
  for (int i = 0; i <= kKept; ++i) counts.count(std::to_string(i), kStart + Seconds{1}, Kind::exchange);
  int known = 0;
  for (int i = 0; i <= kKept; ++i) known += counts.of(std::to_string(i)).last_used ? 1 : 0;
  EXPECT_EQ(known, kKept - kKept / 8 + 1);
}

}  // namespace
}  // namespace podpass::own_api
