#include "s3/conditions.h"

#include <gtest/gtest.h>

namespace podpass::s3 {
namespace {

struct RangeRow {
  std::string_view header;
  std::uint64_t size;
  std::string_view expected;  // "offset+length", "whole", "416"
};

constexpr RangeRow kRanges[] = {
    {"bytes=0-0", 10, "0+1"},
    {"bytes=0-9", 10, "0+10"},
    {"bytes=3-5", 10, "3+3"},
    {"bytes=3-", 10, "3+7"},
    {"bytes=9-100", 10, "9+1"},
    {"Bytes=1-2", 10, "1+2"},
    {"bytes=-3", 10, "7+3"},
    {"bytes=-10", 10, "0+10"},
    {"bytes=-11", 10, "0+10"},
    {"bytes=0-99999999999999999999999", 10, "0+10"},
    {"bytes=10-", 10, "416"},
    {"bytes=10-20", 10, "416"},
    {"bytes=99999999999999999999999-", 10, "416"},
    {"bytes=-0", 10, "416"},
    {"bytes=0-", 0, "416"},
    {"bytes=-5", 0, "416"},
    {"bytes=0-1,3-4", 10, "whole"},
    {"bytes=5-3", 10, "whole"},
    {"bytes=", 10, "whole"},
    {"bytes=-", 10, "whole"},
    {"bytes=a-b", 10, "whole"},
    {"bytes=1-b", 10, "whole"},
    {"bytes=+1-2", 10, "whole"},
    {"lines=1-2", 10, "whole"},
    {"", 10, "whole"},
};

TEST(ConditionsTest, Ranges) {
  for (const auto& row : kRanges) {
    SCOPED_TRACE(row.header);
    auto range = range_of(row.header, row.size);
    std::string got;
    if (!range) {
      got = std::to_string(range.error().status);
    } else if (!*range) {
      got = "whole";
    } else {
      got = std::to_string((*range)->offset) + "+" + std::to_string((*range)->length);
    }
    EXPECT_EQ(got, row.expected);
  }
}

// The object: ETag abc, modified Tue, 14 Nov 2023 22:13:20 GMT.
constexpr std::string_view kEarlier = "Tue, 14 Nov 2023 22:13:19 GMT";
constexpr std::string_view kSame = "Tue, 14 Nov 2023 22:13:20 GMT";
constexpr std::string_view kLater = "Tue, 14 Nov 2023 22:13:21 GMT";

struct ConditionRow {
  std::string_view match, none_match, modified, unmodified;
  int expected;
};

constexpr ConditionRow kConditions[] = {
    {"", "", "", "", 200},
    {"\"abc\"", "", "", "", 200},
    {"abc", "", "", "", 200},
    {"*", "", "", "", 200},
    {"\"x\", \"abc\"", "", "", "", 200},
    {"\"x\"", "", "", "", 412},
    {"", "\"abc\"", "", "", 304},
    {"", "W/\"abc\"", "", "", 304},
    {"", "*", "", "", 304},
    {"", "\"x\"", "", "", 200},
    {"", "", kEarlier, "", 200},
    {"", "", kSame, "", 304},
    {"", "", kLater, "", 304},
    {"", "", "yesterday", "", 200},
    {"", "", "", kEarlier, 412},
    {"", "", "", kSame, 200},
    {"", "", "", kLater, 200},
    // If-Match decides over If-Unmodified-Since, If-None-Match over If-Modified-Since.
    {"\"abc\"", "", "", kEarlier, 200},
    {"\"x\"", "", "", kLater, 412},
    {"", "\"x\"", kLater, "", 200},
    {"", "\"abc\"", kEarlier, "", 304},
    {"\"x\"", "\"abc\"", "", "", 412},
    {"\"abc\"", "\"abc\"", "", "", 304},
};

TEST(ConditionsTest, Reads) {
  ObjectRecord object;
  object.etag = "abc";
  object.modified = from_epoch_seconds(1'700'000'000);
  for (const auto& row : kConditions) {
    SCOPED_TRACE(std::string(row.match) + "|" + std::string(row.none_match) + "|" + std::string(row.modified) + "|" +
                 std::string(row.unmodified));
    for (auto reading : {Reading::object, Reading::copy_source}) {
      const std::string prefix = reading == Reading::object ? "" : "x-amz-copy-source-";
      const std::string names[] = {prefix + "if-match", prefix + "if-none-match", prefix + "if-modified-since",
                                   prefix + "if-unmodified-since"};
      const std::string_view values[] = {row.match, row.none_match, row.modified, row.unmodified};
      http::Request request;
      for (int i = 0; i < 4; ++i) {
        if (!values[i].empty()) request.headers.push_back({names[i], values[i]});
      }
      auto result = check_read_conditions(request, object, reading);
      const int expected = reading == Reading::copy_source && row.expected == 304 ? 412 : row.expected;
      EXPECT_EQ(result ? 200 : result.error().status, expected);
    }
  }
}

TEST(ConditionsTest, Writes) {
  ObjectRecord object;
  object.etag = "abc";
  struct Row {
    std::string_view name, value;
    int present, absent;
  };
  for (const auto& row :
       {Row{"if-match", "\"abc\"", 200, 404}, Row{"if-match", "\"x\"", 412, 404}, Row{"if-none-match", "*", 412, 200},
        Row{"if-none-match", "\"abc\"", 501, 501}, Row{"other", "x", 200, 200}}) {
    SCOPED_TRACE(std::string(row.name) + ": " + std::string(row.value));
    http::Request request;
    request.headers.push_back({row.name, row.value});
    auto present = check_write_conditions(request, &object);
    EXPECT_EQ(present ? 200 : present.error().status, row.present);
    auto absent = check_write_conditions(request, nullptr);
    EXPECT_EQ(absent ? 200 : absent.error().status, row.absent);
  }
}

}  // namespace
}  // namespace podpass::s3
