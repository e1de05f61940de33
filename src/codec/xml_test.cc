#include "codec/xml.h"

#include <gtest/gtest.h>

#include "codec/json.h"

namespace podpass::codec {
namespace {

std::string element(const Value& value) {
  std::string out;
  write_xml_element("R", value, out);
  return out;
}

TEST(Xml, WritesTheQueryForm) {
  EXPECT_EQ(element(Value::map({{"A", "x<&>\"'"},
                                {"Gone", Value()},
                                {"L", Value::list({"a", Value::map({{"K", 1}})})},
                                {"Empty", Value::list()},
                                {"B", true},
                                {"N", -5},
                                {"D", 2.5},
                                {"T", Time{Milliseconds{1'702'385'444'000}}},
                                {"S", ""}})),
            "<R><A>x&lt;&amp;&gt;&quot;'</A><L><member>a</member><member><K>1</K></member></L><Empty></Empty>"
            "<B>true</B><N>-5</N><D>2.5</D><T>2023-12-12T12:50:44Z</T><S></S></R>");
}

TEST(Xml, EscapesWhatXmlCannotHold) {
  std::string out;
  write_xml_text(std::string_view("a\0b\x1f\t\n\r\xEF\xBF\xBE\xEF\xBF\xBF\xEF\xBF\xBC\xEF", 17), out);
  EXPECT_EQ(out,
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\t\n&#xD;\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBC\xEF");
}

TEST(Xml, ReadsElements) {
  const std::pair<const char*, const char*> rows[] = {
      {"<R/>", R"("")"},
      {"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<R>text</R>\n", R"("text")"},
      {"<R xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\" a=\"b\"><K>v</K></R>", R"({"K":"v"})"},
      {"<x:R xmlns:x='u'><x:K>v</x:K></x:R>", R"({"K":"v"})"},
      {"<R>\n <O><Key>a</Key></O>\n <O><Key>b</Key></O><Q>true</Q><O/></R>",
       R"({"O":[{"Key":"a"},{"Key":"b"},""],"Q":"true"})"},
      {"<R><K> </K></R>", R"({"K":" "})"},
      {"<R><K> a\tb </K></R>", R"({"K":" a\tb "})"},
      {"<R>&lt;&amp;&gt;&quot;&apos;&#65;&#x42;&#x1F600;&#13;</R>", "\"<&>\\\"'AB\xF0\x9F\x98\x80\\r\""},
      {"<R>a<!-- & -->b<![CDATA[<&none;>]]>c</R>", R"("ab<&none;>c")"},
      {"\xEF\xBB\xBF<R>x</R>", R"("x")"},
  };
  for (const auto& [xml, json] : rows) {
    auto value = parse_xml(xml, "R");
    ASSERT_TRUE(value) << xml << ": " << value.error().message;
    EXPECT_EQ(write_json(*value), json) << xml;
  }
}

TEST(Xml, RefusesWhatIsNotOneGoodDocument) {
  const std::string rows[] = {
      "",
      " ",
      "text",
      "<Q/>",
      "<r/>",
      "<R>",
      "<R></Q>",
      "<R><K></R></K>",
      "</R>",
      "<R/><R/>",
      "<R/>text",
      "text<R/>",
      "<R",
      "<R a=>",
      "<R a='b/>",
      "<!DOCTYPE R><R/>",
      "<!DOCTYPE R [<!ENTITY e 'x'>]><R>&e;</R>",
      "<R>&e;</R>",
      "<R>&amp</R>",
      "<R>& </R>",
      "<R>&;</R>",
      "<R>&#0;</R>",
      "<R>a&#x0;b</R>",
      "<R>&#;</R>",
      "<R>&#x;</R>",
      "<R>&#-1;</R>",
      "<R>&#xD800;</R>",
      "<R>&#x110000;</R>",
      "<R>&#99999999999;</R>",
      "<R a='&e;'/>",
      "<R><![CDATA[x</R>",
      "<R><!-- x</R>",
      "<R><:/></R>",
      "<R><:K/></R>",
      "<R><s:/></R>",
      "<R><s:1/></R>",
      "<R><s:-K/></R>",
      "<R><s::K/></R>",
      "<R><s:t:K/></R>",
      "<R>\x01</R>",
      "<R>\xFF</R>",
      "<R>\xC0\x80</R>",
      std::string("<R>a\0b</R>", 10),
      std::string("<R/>\0<R/>", 9),
  };
  for (const auto& xml : rows) {
    auto value = parse_xml(xml, "R");
    ASSERT_FALSE(value) << xml << " read as " << write_json(*value);
    EXPECT_EQ(value.error().kind, ErrorKind::invalid) << xml;
  }
}

TEST(Xml, LimitsDepth) {
  auto nested = [](int depth) {
    std::string open = "<R>", close = "</R>";
    for (int i = 1; i < depth; ++i) {
      open += "<a>";
      close = "</a>" + close;
    }
    return open + "x" + close;
  };
  EXPECT_TRUE(parse_xml(nested(kMaxXmlDepth), "R"));
  EXPECT_FALSE(parse_xml(nested(kMaxXmlDepth + 1), "R"));
  EXPECT_FALSE(parse_xml(nested(2'000), "R"));
}

TEST(Xml, LimitsDifferentNamesButNotRepeatedOnes) {
  auto named = [](std::size_t count) {
    std::string xml = "<R>";
    for (std::size_t i = 0; i < count; ++i) xml += "<n" + std::to_string(i) + "/>";
    return xml + "</R>";
  };
  EXPECT_TRUE(parse_xml(named(kMaxXmlNames), "R"));
  EXPECT_FALSE(parse_xml(named(kMaxXmlNames + 1), "R"));
  std::string repeated = "<R>";
  for (int i = 0; i < 5'000; ++i) repeated += "<O/>";
  auto value = parse_xml(repeated + "</R>", "R");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->find("O")->as<Value::List>()->size(), 5'000U);
}

TEST(Xml, WhatIsWrittenReadsBack) {
  const auto value = Value::map({{"A", " <x> & \"y\" \r\n\t \xF0\x9F\x98\x80 "}, {"B", Value::map({{"C", "d"}})}});
  auto read = parse_xml(element(value), "R");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, value);
}

}  // namespace
}  // namespace podpass::codec
