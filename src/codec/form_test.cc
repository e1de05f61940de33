#include "codec/form.h"

#include <gtest/gtest.h>

#include "codec/json.h"

namespace podpass::codec {
namespace {

TEST(Form, ReadsPairsInOrder) {
  auto pairs = parse_form("Action=Get&b=a+b%2B%20c&&empty=&bare&k=a=b");
  ASSERT_TRUE(pairs);
  EXPECT_EQ(*pairs, (FormPairs{{"Action", "Get"}, {"b", "a b+ c"}, {"empty", ""}, {"bare", ""}, {"k", "a=b"}}));
  EXPECT_TRUE(parse_form("")->empty());
}

TEST(Form, DottedNamesBecomeATree) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "{}"},
      {"Action=X&Version=1", R"({"Action":"X","Version":"1"})"},
      {"Foo=", R"({"Foo":""})"},
      {"Foo", R"({"Foo":""})"},
      {"Foo.Bar.Baz=1&Foo.Qux=2", R"({"Foo":{"Bar":{"Baz":"1"},"Qux":"2"}})"},
      {"L.member.1=a&L.member.2=b", R"({"L":["a","b"]})"},
      {"L.member.3=c&L.member.1=a&X=1&L.member.2=b", R"({"L":["a","b","c"],"X":"1"})"},
      {"T.member.2.Key=c&T.member.1.Value=b&T.member.1.Key=a", R"({"T":[{"Value":"b","Key":"a"},{"Key":"c"}]})"},
      {"A.member.1.B.member.1=x&A.member.1.B.member.2=y", R"({"A":[{"B":["x","y"]}]})"},
      {"M.entry.2.key=b&M.entry.2.value=2&M.entry.1.value=1&M.entry.1.key=a", R"({"M":{"a":"1","b":"2"}})"},
      {"M.entry.1.key=a&M.entry.1.value.member.1=x", R"({"M":{"a":["x"]}})"},
      {"member=1&entry=2", R"({"member":"1","entry":"2"})"},
      {"member.1=a", R"({"member":{"1":"a"}})"},
      {"N.member.1=&N.member.2=%C3%A9", "{\"N\":[\"\",\"\xC3\xA9\"]}"},
  };
  for (const auto& [form, json] : rows) {
    auto value = parse_query_form(form);
    ASSERT_TRUE(value) << form << ": " << value.error().message;
    EXPECT_EQ(write_json(*value), json) << form;
  }
}

TEST(Form, ListsOfManyItemsComeInTheOrderOfTheirNumbers) {
  std::string form;
  for (int i = kMaxFormIndex; i >= 1; --i) form += "L.member." + std::to_string(i) + "=" + std::to_string(i) + "&";
  auto value = parse_query_form(form);
  ASSERT_TRUE(value) << value.error().message;
  const auto& list = *value->find("L")->as<Value::List>();
  ASSERT_EQ(list.size(), static_cast<std::size_t>(kMaxFormIndex));
  EXPECT_EQ(list[9], Value("10"));
  EXPECT_EQ(list[999], Value("1000"));
}

TEST(Form, RefusesWhatIsAmbiguousOrBroken) {
  const char* rows[] = {
      "a=%",
      "a=%zz",
      "%=1",
      "=1",
      "a=%ff",
      "%c0%80=1",
      "a=1&a=2",
      "a=1&a=1",
      "Foo=x&Foo.y=z",
      "Foo.y=z&Foo=x",
      "Foo=&Foo.member.1=z",
      "Foo.y=1&Foo.y=2",
      "Foo.=1",
      ".Foo=1",
      "Foo..Bar=1",
      ".=1",
      "L.member.2=b",
      "L.member.1=a&L.member.3=c",
      "L.member.0=a",
      "L.member.01=a",
      "L.member.-1=a",
      "L.member.%2B1=a",
      "L.member.x=a",
      "L.member.1x=a",
      "L.member.1001=a",
      "L.member.99999999999999999999=a",
      "L.member.1=a&L.member.1=b",
      "L.member.1=a&L.member.1.Key=b",
      "M.entry.1.key=a",
      "M.entry.1.value=a",
      "M.entry.1=a",
      "M.entry.1.key.x=a&M.entry.1.value=b",
      "M.entry.2.key=a&M.entry.2.value=b",
      "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q=1",
  };
  for (const char* form : rows) {
    auto value = parse_query_form(form);
    ASSERT_FALSE(value) << form << " read as " << write_json(*value);
    EXPECT_EQ(value.error().kind, ErrorKind::invalid) << form;
  }
  EXPECT_TRUE(parse_query_form("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p=1"));
}

TEST(Form, LimitsPairsAndQuotesNoLongNames) {
  std::string form;
  for (std::size_t i = 0; i < kMaxFormPairs; ++i) form += "n" + std::to_string(i) + "=1&";
  EXPECT_TRUE(parse_query_form(form));
  EXPECT_FALSE(parse_query_form(form + "x=1"));

  const std::string name(10'000, 'a');
  auto twice = parse_query_form(name + "=1&" + name + "=2");
  ASSERT_FALSE(twice);
  EXPECT_LT(twice.error().message.size(), 200U);
}

}  // namespace
}  // namespace podpass::codec
