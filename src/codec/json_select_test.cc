#include "codec/json_select.h"

#include <gtest/gtest.h>

#include "codec/json.h"

namespace podpass::codec {
namespace {

const Selection& pods() {
  static const Selection kPods =
      Selection::of({{"name", {}},
                     {"labels", Selection::of({{"a", {}}, {"b\n", {}}})},
                     {"containers", Selection::each(Selection::of({{"name", {}}, {"env", Selection::each({})}}))}});
  return kPods;
}

std::string selected(std::string_view text) {
  auto value = parse_json(text, pods());
  return value ? write_json(*value) : value.error().message;
}

TEST(JsonSelect, BuildsWhatIsWantedOnly) {
  EXPECT_EQ(selected(R"({"x":[1,{"name":2}],"name":"n","labels":{"c":"no","a":"yes"},
                         "containers":[{"env":["A",7,1.5,true,null],"image":"i","name":"c"},{"name":"d"}],"y":{}})"),
            R"({"name":"n","labels":{"a":"yes"},)"
            R"("containers":[{"env":["A",7,1.5,true,null],"name":"c"},{"name":"d"}]})");
}

TEST(JsonSelect, WhatHasAnotherKindKeepsItAndIsEmpty) {
  EXPECT_EQ(selected(R"({"name":{"name":"n"},"labels":[{"a":1}],"containers":{"name":"c"}})"),
            R"({"name":{},"labels":[],"containers":{}})");
  EXPECT_EQ(selected(R"({"name":["n"],"labels":"text","containers":7})"),
            R"({"name":[],"labels":"text","containers":7})");
  EXPECT_EQ(selected(R"(["name"])"), "[]");
  EXPECT_EQ(selected(R"("name")"), R"("name")");
}

TEST(JsonSelect, TheLastOfEqualNamesCounts) {
  EXPECT_EQ(selected(R"({"labels":{"a":"1"},"name":"x","labels":{"a":"2","a":"3"}})"),
            R"({"labels":{"a":"3"},"name":"x"})");
  EXPECT_EQ(selected(R"({"name":{},"name":"x"})"), R"({"name":"x"})");
}

TEST(JsonSelect, EscapedNamesAndTextsAreWhole) {
  EXPECT_EQ(selected(R"({"n\u0061me":"x\ny\u00e4","labels":{"b\n":"z","\u0063\n":"no"}})"),
            "{\"name\":\"x\\ny\xc3\xa4\",\"labels\":{\"b\\n\":\"z\"}}");
}

TEST(JsonSelect, EqualNamesInOtherPlacesAreNotMixedUp) {
  EXPECT_EQ(
      selected(R"({"other":{"name":"no","labels":{"a":"no"}},"containers":[{"other":{"name":"no"},"name":"c"}]})"),
      R"({"containers":[{"name":"c"}]})");
}

// Whatever parse_json() refuses in a whole document is refused in the parts that nobody wants, too.
TEST(JsonSelect, RefusesWhatTheWholeParserRefuses) {
  for (std::string_view text : {"", "{", R"({"x":})", R"({"x":1}})", R"({"x":01})", R"({"x":"\q"})", R"({"name":"n)",
                                "{\"x\":\"\xff\"}", "{\"x\":\"a\nb\"}", R"({"x":nul})", R"({"x" 1})", "{} {}"}) {
    EXPECT_FALSE(parse_json(text)) << text;
    EXPECT_FALSE(parse_json(text, pods())) << text;
  }
  std::string deep = R"({"x":)" + std::string(kMaxJsonDepth, '[') + std::string(kMaxJsonDepth, ']') + "}";
  EXPECT_FALSE(parse_json(deep, pods()));
  EXPECT_TRUE(parse_json(" {}\r\n\t", pods()));
}

}  // namespace
}  // namespace podpass::codec
