#include "codec/value.h"

#include <gtest/gtest.h>

namespace podpass::codec {
namespace {

TEST(Value, FindsMembersOfMapsOnly) {
  auto value = Value::map({{"a", 1}, {"b", "x"}});
  ASSERT_TRUE(value.find("a"));
  EXPECT_EQ(*value.find("a"), Value(1));
  EXPECT_EQ(value.find("c"), nullptr);
  EXPECT_EQ(Value(1).find("a"), nullptr);
  EXPECT_EQ(Value().find("a"), nullptr);
  EXPECT_EQ(value.text("b"), "x");
  EXPECT_EQ(value.text("a"), "");  // a number is no text
  EXPECT_EQ(value.text("c"), "");
}

TEST(Value, GrowsFromNull) {
  Value map;
  map.add("a", 1);
  map.set("a", 2);
  map.set("b", true);
  EXPECT_EQ(map, Value::map({{"a", 2}, {"b", true}}));
  Value list;
  list.push("x").as<std::string>()->append("y");
  list.push(Value());
  EXPECT_EQ(list, Value::list({"xy", Value()}));
}

TEST(Value, TellsKindsApart) {
  EXPECT_NE(Value(1), Value(1.0));
  EXPECT_NE(Value(1), Value("1"));
  EXPECT_NE(Value(), Value(false));
  EXPECT_NE(Value::list(), Value::map());
  EXPECT_TRUE(Value().is_null());
  EXPECT_TRUE(Value("x").as_text());  // not a bool
  EXPECT_TRUE(Value(std::string_view("x")).as_text());
}

}  // namespace
}  // namespace podpass::codec
