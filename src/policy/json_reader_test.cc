#include "policy/json_reader.h"

#include <gtest/gtest.h>

namespace podpass::policy {
namespace {

TEST(JsonReader, KeepsOrderAndPlaces) {
  const auto tree = read_json(R"( {"a": [1, "x", true], "b": {"c": null}} )", Charset::latin1);
  ASSERT_TRUE(tree.has_value()) << tree.error().cause;
  ASSERT_EQ(tree->nodes.size(), 7U);
  EXPECT_EQ((*tree)[0].type, JsonType::object);
  EXPECT_EQ((*tree)[0].begin, 1U);
  EXPECT_EQ((*tree)[0].end, 40U);
  EXPECT_EQ((*tree)[1].key, "a");
  EXPECT_EQ((*tree)[1].next, 5U);
  EXPECT_EQ((*tree)[2].text, "1");
  EXPECT_EQ((*tree)[3].text, "x");
  EXPECT_EQ((*tree)[4].text, "true");
  EXPECT_EQ((*tree)[5].key, "b");
  EXPECT_EQ((*tree)[6].type, JsonType::null);
}

TEST(JsonReader, DecodesEscapes) {
  const auto tree = read_json(R"(["\"\\\/\b\f\n\r\t", "\u0041\u00e4\u4e2d\ud83d\ude00", "a\u0000b"])", Charset::latin1);
  ASSERT_TRUE(tree.has_value()) << tree.error().cause;
  EXPECT_EQ((*tree)[1].text, "\"\\/\b\f\n\r\t");
  EXPECT_EQ((*tree)[2].text, "A\u00e4\u4e2d\U0001F600");
  EXPECT_EQ((*tree)[3].text, std::string_view("a\0b", 3));
}

TEST(JsonReader, Refuses) {
  for (const std::string_view bad : {"",
                                     " ",
                                     "{",
                                     "}",
                                     "[",
                                     "[1",
                                     "[1,",
                                     "[1,]",
                                     "{\"a\"",
                                     "{\"a\":",
                                     "{\"a\":1",
                                     "{\"a\":1,",
                                     "{\"a\":1,}",
                                     "{a:1}",
                                     "{'a':1}",
                                     "\"",
                                     "\"a",
                                     "\"\\",
                                     "\"\\x\"",
                                     "\"\\u12\"",
                                     "\"\\u12g4\"",
                                     "\"\\ud800\"",
                                     "\"\\ud800\\u0041\"",
                                     "\"\\udc00\"",
                                     "\"a\nb\"",
                                     "tru",
                                     "nul",
                                     "True",
                                     "NaN",
                                     "-",
                                     "01",
                                     "1.",
                                     ".5",
                                     "1e",
                                     "1e+",
                                     "+1",
                                     "1 2",
                                     "{} {}",
                                     "// x\n1",
                                     "\xEF\xBB\xBF{}",
                                     "\"\xFF\"",
                                     "\"\xC3\"",
                                     "\"\xC0\x80\"",
                                     "\"\xED\xA0\x80\"",
                                     "\"\xF5\x80\x80\x80\"",
                                     "{\"a\":1,\"a\":2}",
                                     "{\"a\":1,\"\\u0061\":2}",
                                     "\x01"}) {
    EXPECT_FALSE(read_json(bad, Charset::unicode)) << bad;
  }
}

TEST(JsonReader, CharacterSet) {
  EXPECT_TRUE(read_json("\"\u00ff\x7f\"", Charset::latin1));
  EXPECT_FALSE(read_json("\"\u0100\"", Charset::latin1));
  EXPECT_TRUE(read_json("\"\u0100\"", Charset::unicode));
  EXPECT_TRUE(read_json("\"\\u0100\"", Charset::latin1));
}

TEST(JsonReader, Limits) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(read_json(nested(kMaxJsonDepth), Charset::latin1));
  EXPECT_FALSE(read_json(nested(kMaxJsonDepth + 1), Charset::latin1));
  EXPECT_FALSE(read_json(nested(60'000), Charset::latin1));
  EXPECT_TRUE(read_json(std::string(kMaxDocument - 2, ' ') + "{}", Charset::latin1));
  EXPECT_FALSE(read_json(std::string(kMaxDocument - 1, ' ') + "{}", Charset::latin1));
}

TEST(JsonReader, DuplicatesAmongManyKeys) {
  std::string text = "{";
  for (int i = 0; i < 5'000; ++i) text += "\"k" + std::to_string(i) + "\":1,";
  EXPECT_TRUE(read_json(text + "\"last\":1}", Charset::latin1));
  EXPECT_FALSE(read_json(text + "\"k7\":1}", Charset::latin1));
}

TEST(JsonReader, CauseNamesThePlace) {
  const auto tree = read_json("{\n \"\u00e4\": x}", Charset::latin1);
  ASSERT_FALSE(tree.has_value());
  EXPECT_EQ(tree.error().cause, "line 2 column 7: no JSON value");
}

}  // namespace
}  // namespace podpass::policy
