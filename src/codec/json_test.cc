#include "codec/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace podpass::codec {
namespace {

TEST(Json, ReadsEveryKindOfValue) {
  auto value = parse_json(R"( {"a":null,"b":[true,false,-7,2.5],"c":{"d":"x"},"e":"","f":[],"g":{}} )");
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(*value, Value::map({{"a", Value()},
                                {"b", Value::list({true, false, -7, 2.5})},
                                {"c", Value::map({{"d", "x"}})},
                                {"e", ""},
                                {"f", Value::list()},
                                {"g", Value::map()}}));
}

TEST(Json, ReadsEscapesAndKeepsOrder) {
  auto value = parse_json(R"({"z\n":"\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t\u0000.","a":1})");
  ASSERT_TRUE(value);
  const auto& map = *value->as<Value::Map>();
  EXPECT_EQ(map[0].first, "z\n");
  EXPECT_EQ(*map[0].second.as_text(), std::string("\xC3\xA9\xF0\x9F\x98\x80\"\\/\b\f\n\r\t\0.", 16));
  EXPECT_EQ(map[1].first, "a");
}

TEST(Json, ReadsNumbersExactly) {
  struct Row {
    const char* text;
    Value value;
  };
  const Row rows[] = {
      {"0", 0},
      {"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
      {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
      {"9223372036854775808", 9223372036854775808.0},
      {"18446744073709551616", 18446744073709551616.0},
      {"-9223372036854775809", -9223372036854775808.0},
      {"1700862734.922", 1700862734.922},
      {"0.1", 0.1},
      {"123456789012345.678", 123456789012345.678},
      {"1e3", 1e3},
      {"1.7976931348623157e308", std::numeric_limits<double>::max()},
      {"2.2250738585072014e-308", std::numeric_limits<double>::min()},
      {"1e-400", 0.0},
  };
  for (const auto& row : rows) {
    auto value = parse_json(row.text);
    ASSERT_TRUE(value) << row.text;
    EXPECT_EQ(*value, row.value) << row.text;
    auto listed = parse_json("[" + std::string(row.text) + ",1]");  // a number must not leak into the next
    ASSERT_TRUE(listed) << row.text;
    EXPECT_EQ(*listed, Value::list({row.value, 1})) << row.text;
  }
}

TEST(Json, RefusesWhatIsNotOneDocument) {
  const std::string rows[] = {
      "",
      " ",
      "nul",
      "{",
      "[",
      "[1,]",
      "{\"a\":1,}",
      "{\"a\"}",
      "{a:1}",
      "{1:1}",
      "'a'",
      "\"a",
      "\"a\nb\"",
      "\"\\x\"",
      "\"\\u12\"",
      "\"\\ud800\"",
      "\"\\udc00\\ud800\"",
      "01",
      "+1",
      "1.",
      ".5",
      "1e",
      "1e400",
      "-1e400",
      "NaN",
      "Infinity",
      "{} {}",
      "{}x",
      "1 2",
      "// c\n1",
      "\xEF\xBB\xBF{}",
      "\"\xFF\"",
      "\"\xC0\x80\"",
      "\"\xED\xA0\x80\"",
      "\"\xF4\x90\x80\x80\"",
      "{\"\xFF\":1}",
      std::string("{}\0", 3),
  };
  for (const auto& text : rows) {
    auto value = parse_json(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().kind, ErrorKind::invalid) << text;
    EXPECT_NE(value.error().message.find("byte"), std::string::npos) << value.error().message;
  }
}

TEST(Json, LimitsDepth) {
  auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_TRUE(parse_json(nested(kMaxJsonDepth)));
  EXPECT_FALSE(parse_json(nested(kMaxJsonDepth + 1)));
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
  std::string objects;
  for (int i = 0; i <= kMaxJsonDepth; ++i) objects += "{\"a\":";
  EXPECT_FALSE(parse_json(objects));
}

TEST(Json, SettlesOrRefusesDuplicateNames) {
  const char* text = R"({"a":1,"b":{"c":1,"c":2},"a":3})";
  auto last = parse_json(text);
  ASSERT_TRUE(last);
  EXPECT_EQ(*last, Value::map({{"b", Value::map({{"c", 2}})}, {"a", 3}}));
  EXPECT_FALSE(parse_json(text, DuplicateKeys::refuse));
  EXPECT_FALSE(parse_json(R"([{"x":{"\u0061":1,"a":2}}])", DuplicateKeys::refuse));  // escapes do not hide it
  EXPECT_TRUE(parse_json(R"([{"a":1},{"a":1}])", DuplicateKeys::refuse));

  std::string many = "{";
  for (int i = 0; i < 100; ++i) many += "\"k" + std::to_string(i) + "\":0,";
  EXPECT_TRUE(parse_json(many + "\"z\":1}", DuplicateKeys::refuse));
  EXPECT_FALSE(parse_json(many + "\"k42\":1}", DuplicateKeys::refuse));
  auto settled = parse_json(many + "\"k42\":1}");
  ASSERT_TRUE(settled);
  EXPECT_EQ(settled->as<Value::Map>()->size(), 100U);
  EXPECT_EQ(*settled->find("k42"), Value(1));
}

TEST(Json, WritesEveryKindOfValue) {
  EXPECT_EQ(write_json(Value::map({{"a", Value()},
                                   {"b", Value::list({true, -7, 2.5, 1e100})},
                                   {"c\"", Value::map({})},
                                   {"d", Value::list()},
                                   {"e", "q\"\\\n\r\t\x01\x1f/\xC3\xA9"}})),
            "{\"a\":null,\"b\":[true,-7,2.5,1e+100],\"c\\\"\":{},\"d\":[],"
            "\"e\":\"q\\\"\\\\\\n\\r\\t\\u0001\\u001f/\xC3\xA9\"}");
  EXPECT_EQ(write_json(Value(std::nan(""))), "null");
  EXPECT_EQ(write_json(Value(std::numeric_limits<double>::infinity())), "null");
}

TEST(Json, WritesTimesAsEpochSeconds) {
  auto at = [](long long millis) { return write_json(Value(Time{Milliseconds{millis}})); };
  EXPECT_EQ(at(1'700'862'734'922), "1700862734.922");
  EXPECT_EQ(at(1'700'862'734'920), "1700862734.92");
  EXPECT_EQ(at(1'700'862'734'005), "1700862734.005");
  EXPECT_EQ(at(1'700'862'734'000), "1700862734");
  EXPECT_EQ(at(0), "0");
  EXPECT_EQ(at(-1'500), "-1.5");
}

TEST(Json, WritesDoublesThatReadBackAsTheSame) {
  for (double number : {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, -2.5e-7, 123456789.125}) {
    auto value = parse_json(write_json(Value(number)));
    ASSERT_TRUE(value);
    EXPECT_EQ(*value, Value(number));
  }
  EXPECT_EQ(write_json(*parse_json("-0e9")), "-0.0");
  EXPECT_EQ(write_json(*parse_json("-0.0")), "-0.0");
}

TEST(Json, WritesPretty) {
  EXPECT_EQ(write_json_pretty(Value::map({{"a", Value::list({1, "x"})}, {"b", Value::map()}, {"c", Value::list()}})),
            "{\n    \"a\": [\n        1,\n        \"x\"\n    ],\n    \"b\": {},\n    \"c\": []\n}");
}

}  // namespace
}  // namespace podpass::codec
