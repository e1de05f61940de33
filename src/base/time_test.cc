#include "base/time.h"

#include <gtest/gtest.h>

namespace podpass {
namespace {

const Time kMoment = from_epoch_seconds(1'702'385'444) + Milliseconds{7};  // 2023-12-12T12:50:44.007Z

TEST(Time, IsWrittenInEachForm) {
  EXPECT_EQ(format_iso8601(kMoment), "2023-12-12T12:50:44Z");
  EXPECT_EQ(format_iso8601_millis(kMoment), "2023-12-12T12:50:44.007Z");
  EXPECT_EQ(format_amz_date(kMoment), "20231212T125044Z");
  EXPECT_EQ(format_http_date(kMoment), "Tue, 12 Dec 2023 12:50:44 GMT");
  EXPECT_EQ(format_iso8601(Time{}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_iso8601(from_epoch_seconds(1'709'164'800)), "2024-02-29T00:00:00Z");
}

TEST(Time, EachFormReadsBack) {
  const auto second = std::chrono::floor<Seconds>(kMoment);
  EXPECT_EQ(parse_iso8601(format_iso8601(kMoment)), second);
  EXPECT_EQ(parse_iso8601(format_iso8601_millis(kMoment)), kMoment);
  EXPECT_EQ(parse_amz_date(format_amz_date(kMoment)), second);
  EXPECT_EQ(parse_http_date(format_http_date(kMoment)), second);
  EXPECT_EQ(to_epoch_seconds(kMoment), 1'702'385'444);
  EXPECT_DOUBLE_EQ(epoch_seconds(kMoment), 1'702'385'444.007);
}

TEST(Time, Iso8601TakesZonesAndFractions) {
  const auto noon = parse_iso8601("2023-12-12T12:00:00Z");
  EXPECT_EQ(parse_iso8601("2023-12-12T14:00:00+02:00"), noon);
  EXPECT_EQ(parse_iso8601("2023-12-12T06:30:00-05:30"), noon);
  EXPECT_EQ(parse_iso8601("2023-12-12T12:00:00.5Z"), *noon + Milliseconds{500});
  EXPECT_EQ(parse_iso8601("2023-12-12T12:00:00.123456789Z"), *noon + Milliseconds{123});
}

TEST(Time, WhatIsNoTimeIsNothing) {
  for (const auto* text :
       {"", "2023", "2023-12-12", "2023-13-12T12:00:00Z", "2023-02-29T12:00:00Z", "2023-12-12T24:00:00Z",
        "2023-12-12T12:60:00Z", "2023-12-12T12:00:00", "2023-12-12T12:00:00.Z", "2023-12-12T12:00:00Zx",
        "2023-12-12 12:00:00Z", "2023-12-12T12:00:00+24:00", "+023-12-12T12:00:00Z"}) {
    EXPECT_FALSE(parse_iso8601(text)) << text;
  }
  for (const auto* text : {"", "20231212T125044", "20231212T125044z", "20231232T125044Z", "2023-12-12T12:50:44Z"}) {
    EXPECT_FALSE(parse_amz_date(text)) << text;
  }
  for (const auto* text :
       {"", "Tue, 12 Foo 2023 12:50:44 GMT", "Tue, 12 Dec 2023 12:50:44 CET", "Tue, 12 Dec 2023 12:50:44"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

}  // namespace
}  // namespace podpass
