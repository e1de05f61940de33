// Page tokens and sizes, tags, and what kinds of errors are called.
#include "aws/paging.h"

#include <gtest/gtest.h>

#include "aws/error_kinds.h"
#include "aws/tags.h"
#include "codec/base64.h"

namespace podpass::aws {
namespace {

using Key = std::vector<std::string>;

TEST(Paging, ATokenGivesItsKeyBack) {
  for (const auto& key : {Key{"a"}, Key{"a", "b/c", ""}, Key{"%2F", std::string("\0\x01\xff", 3), "ü"}}) {
    auto token = make_page_token(key);
    auto read = read_page_token(token, "no");
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, key);
    EXPECT_TRUE(read_page_token(token, {key[0]}, key.size(), "no"));
  }
}

TEST(Paging, OtherTokensAreRefused) {
  auto encoded = [](std::string_view text) { return codec::base64url_encode(text); };
  for (const auto& token : {std::string(), std::string("x"), std::string("a b"), encoded("2/a"), encoded("1"),
                            encoded("1/%"), encoded("1/%zz"), std::string(kMaxTokenBytes + 1, 'A')}) {
    auto read = read_page_token(token, "The nextToken is not valid.");
    ASSERT_FALSE(read) << token;
    EXPECT_EQ(read.error().kind, ErrorKind::invalid);
    EXPECT_EQ(read.error().message, "The nextToken is not valid.");
  }
  auto token = make_page_token({"account", "region", "name"});
  EXPECT_TRUE(read_page_token(token, {"account", "region"}, 3, "no"));
  EXPECT_FALSE(read_page_token(token, {"account", "region"}, 4, "no"));
  EXPECT_FALSE(read_page_token(token, {"account", "other"}, 3, "no"));
  EXPECT_FALSE(read_page_token(token, {"account", "region", "name", "more"}, 3, "no"));
}

TEST(Paging, Sizes) {
  EXPECT_EQ(*page_size(std::nullopt, 100, 1000, "maxItems"), 100U);
  EXPECT_EQ(*page_size(1, 100, 1000, "maxItems"), 1U);
  EXPECT_EQ(*page_size(1000, 100, 1000, "maxItems"), 1000U);
  const std::string front = "1 validation error detected: Value '";
  const std::string middle = "' at 'maxItems' failed to satisfy constraint: Member must have value ";
  EXPECT_EQ(page_size(0, 100, 1000, "maxItems").error().message, front + "0" + middle + "greater than or equal to 1");
  EXPECT_EQ(page_size(-5, 100, 1000, "maxItems").error().message, front + "-5" + middle + "greater than or equal to 1");
  EXPECT_EQ(page_size(1001, 100, 1000, "maxItems").error().message,
            front + "1001" + middle + "less than or equal to 1000");
  EXPECT_FALSE(page_size(INT64_MAX, 100, 1000, "maxItems"));
  EXPECT_FALSE(page_size(INT64_MIN, 100, 1000, "maxItems"));
}

TEST(Tags, Keys) {
  for (const auto& key : {std::string("a"), std::string("team:name/x=1+2-3@4_5 6.7"), std::string("ключ"),
                          std::string(128, 'a'), std::string("awsx"), std::string("xaws:")}) {
    EXPECT_TRUE(check_tag_key(key)) << key;
  }
  std::string long_key;
  for (int i = 0; i < 128; ++i) long_key += "ü";
  EXPECT_TRUE(check_tag_key(long_key)) << "characters count, not bytes";
  for (const auto& key : {std::string(), std::string(129, 'a'), long_key + "x", std::string("a*"), std::string("a\n"),
                          std::string("aws:"), std::string("AwS:x"), std::string("a\0b", 3)}) {
    EXPECT_FALSE(check_tag_key(key)) << key;
  }
}

TEST(Tags, Values) {
  EXPECT_TRUE(check_tag_value(""));
  EXPECT_TRUE(check_tag_value("aws:x"));
  EXPECT_TRUE(check_tag_value(std::string(256, 'a')));
  for (const auto& value : {std::string(257, 'a'), std::string("<"), std::string("a\tb")}) {
    EXPECT_FALSE(check_tag_value(value)) << value;
  }
}

TEST(Tags, ListsAndMaps) {
  auto map = tag_map({{"b", "1"}, {"a", ""}}, "twice");
  ASSERT_TRUE(map);
  EXPECT_EQ(*map, (TagMap{{"a", ""}, {"b", "1"}}));
  auto list = tag_list(*map);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].Key, "a");
  EXPECT_EQ(list[1].Value, "1");
  EXPECT_EQ(tag_map({{"Team", "1"}, {"team", "2"}}, "twice").error().message, "twice");
  EXPECT_FALSE(tag_map({{"aws:x", "1"}}, "twice"));
  EXPECT_FALSE(tag_map({{"x", "*"}}, "twice"));
}

TEST(ErrorKinds, AServiceNamesWhatHasNoName) {
  const ErrorNames names = {{{"Bad", 400},
                             {"Who", 401},
                             {"Denied", 400},
                             {"Missing", 404},
                             {"Clash", 409},
                             {"Limit", 400},
                             {"Large", 413},
                             {"Slow", 429},
                             {"Away", 503},
                             {"Ours", 500}}};
  auto named = [&](Error error) {
    name_error(names, error);
    return error.code + " " + std::to_string(error.status);
  };
  EXPECT_EQ(named({ErrorKind::denied, {}, 0, "x", {}, {}}), "Denied 400");
  EXPECT_EQ(named({ErrorKind::internal, {}, 0, "x", {}, {}}), "Ours 500");
  EXPECT_EQ(named({ErrorKind::denied, "Own", 0, "x", {}, {}}), "Own 403")
      << "a code of its own: the kind's usual status";
  EXPECT_EQ(named({ErrorKind::denied, "Own", 418, "x", {}, {}}), "Own 418");
  EXPECT_EQ(named({ErrorKind::denied, {}, 418, "x", {}, {}}), "Denied 418");
}

}  // namespace
}  // namespace podpass::aws
