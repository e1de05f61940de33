#include "cli/duration.h"

#include <gtest/gtest.h>

namespace podpass::cli {
namespace {

TEST(Duration, IsReadInHoursMinutesAndSeconds) {
  const std::pair<const char*, int> rows[] = {{"3h", 10'800}, {"90m", 5'400}, {"1h30m", 5'400}, {"1h2m3s", 3'723},
                                              {"45s", 45},    {"45", 45},     {"0", 0},         {"0s", 0}};
  for (const auto& [text, seconds] : rows) {
    auto duration = parse_duration(text);
    ASSERT_TRUE(duration) << text;
    EXPECT_EQ(duration->count(), seconds) << text;
  }
}

TEST(Duration, AnythingElseIsRefused) {
  for (const char* text : {"", "h", "-1h", "1.5h", "3 h", "3d", "30m1h", "1h1h", "1h30", "3hh", "99999999999999999999s",
                           "9000000000000000000h", "9000h"}) {
    auto duration = parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_TRUE(duration.error().message.contains("3h, 90m")) << text;
  }
}

}  // namespace
}  // namespace podpass::cli
