#include "codec/fields.h"

#include <gtest/gtest.h>

#include "codec/form.h"
#include "codec/json.h"

namespace podpass::codec {
namespace test {

struct Empty {};
BOOST_DESCRIBE_STRUCT(Empty, (), ())

struct Tag {
  std::string Key;
  std::optional<std::string> Value;
};
BOOST_DESCRIBE_STRUCT(Tag, (), (Key, Value))

struct Holder {  // one member only, and that a shape: no copy must be taken for it
  Tag tag;
};
BOOST_DESCRIBE_STRUCT(Holder, (), (tag))

struct Outer {
  Holder first;
  Empty nothing;
  std::optional<Tag> maybe;
  std::vector<Tag> tags;
  std::map<std::string, Tag> named;
  Tag last;
};
BOOST_DESCRIBE_STRUCT(Outer, (), (first, nothing, maybe, tags, named, last))

// A type with a form of its own.
struct Level {
  int number = 0;
  bool operator==(const Level&) const = default;
};
Value to_value(const Level& level) {
  return "level-" + std::to_string(level.number);
}
Result<void> from_value(const Value& value, Reading, Level& out) {
  const auto* text = value.as_text();
  if (!text || !text->starts_with("level-")) return Error::invalid("Expected a level.");
  out.number = std::stoi(text->substr(6));
  return {};
}

struct All {
  std::string text;
  bool flag;
  int small;
  std::int64_t large;
  double real;
  Time at;
  Value any;
  std::string namespace_;
  Level level;
  std::optional<std::string> maybe;
  std::optional<std::vector<std::string>> maybe_list;
  std::optional<Level> maybe_level;
  std::vector<std::string> names;
  std::vector<std::vector<int>> table;
  std::map<std::string, std::string> labels;
};
BOOST_DESCRIBE_STRUCT(All, (),
                      (text, flag, small, large, real, at, any, namespace_, level, maybe, maybe_list, maybe_level,
                       names, table, labels))

struct Counts {
  std::vector<int> numbers;
  std::map<std::string, Tag> tags;
  std::optional<bool> on;
  std::optional<double> ratio;
  std::optional<Time> at;
  std::optional<int> small;
  std::optional<std::int64_t> large;
};
BOOST_DESCRIBE_STRUCT(Counts, (), (numbers, tags, on, ratio, at, small, large))

}  // namespace test
namespace {

using test::All;
using test::Counts;
using test::Outer;

// The count of members must see through nested shapes and single-member ones.
template <class T, std::size_t Members>
constexpr bool has_exactly() {
  if constexpr (Members > 0) {
    if (!detail::has_more<T>(std::make_index_sequence<Members - 1>())) return false;
  }
  return !detail::has_more<T>(std::make_index_sequence<Members>());
}
static_assert(has_exactly<test::Empty, 0>());
static_assert(has_exactly<test::Tag, 2>());
static_assert(has_exactly<test::Holder, 1>());
static_assert(has_exactly<Outer, 6>());
static_assert(has_exactly<All, 15>());
static_assert(!has_exactly<All, 14>() && !has_exactly<All, 16>());

// The same with a tree between and without.
template <Shape T>
std::string json_of(const T& shape) {
  std::string json = "behind ";
  write_json(shape, json);
  EXPECT_EQ(json, "behind " + write_json(to_value(shape)));
  return json.substr(7);
}

constexpr const char* kAll =
    R"({"text":"t","flag":true,"small":-3,"large":9007199254740993,"real":2.5,"at":1700862734.922,"any":[1,{"x":null}],)"
    R"("namespace":"n","level":"level-7","maybe":"m","maybe_list":["a"],"maybe_level":"level-8","names":["x","y"],)"
    R"("table":[[1,2],[]],"labels":{"k":"v"}})";

TEST(Fields, EveryMemberTypeGoesThereAndBack) {
  auto all = from_value<All>(*parse_json(kAll), Reading::typed);
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(all->text, "t");
  EXPECT_TRUE(all->flag);
  EXPECT_EQ(all->small, -3);
  EXPECT_EQ(all->large, 9007199254740993);
  EXPECT_EQ(all->real, 2.5);
  EXPECT_EQ(all->at, Time{Milliseconds{1'700'862'734'922}});
  EXPECT_EQ(all->namespace_, "n");
  EXPECT_EQ(all->level, test::Level{7});
  EXPECT_EQ(all->table, (std::vector<std::vector<int>>{{1, 2}, {}}));
  EXPECT_EQ(json_of(*all), kAll);
}

TEST(Fields, AbsentOptionalsAreNotWrittenAndEmptyListsAre) {
  All all{};
  all.at = from_epoch_seconds(1);
  EXPECT_EQ(
      json_of(all),
      R"({"text":"","flag":false,"small":0,"large":0,"real":0,"at":1,"any":null,"namespace":"","level":"level-0",)"
      R"("names":[],"table":[],"labels":{}})");
}

TEST(Fields, NestedShapes) {
  const char* json =
      R"({"first":{"tag":{"Key":"a"}},"nothing":{},"maybe":{"Key":"b","Value":"c"},"tags":[{"Key":"d"}],)"
      R"("named":{"n":{"Key":"e"}},"last":{"Key":"f"}})";
  auto outer = from_value<Outer>(*parse_json(json), Reading::typed);
  ASSERT_TRUE(outer) << outer.error().message;
  EXPECT_EQ(outer->first.tag.Key, "a");
  EXPECT_EQ(outer->maybe->Value, "c");
  EXPECT_EQ(outer->named.at("n").Key, "e");
  EXPECT_EQ(json_of(*outer), json);
}

TEST(Fields, UnknownMembersAreIgnoredAndNullIsAbsent) {
  auto counts = from_value<Counts>(*parse_json(R"({"what":1,"numbers":null,"tags":null,"on":null})"), Reading::typed);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_TRUE(counts->numbers.empty());
  EXPECT_FALSE(counts->on);
  EXPECT_TRUE(from_value<Counts>(Value(), Reading::typed));
  EXPECT_TRUE(from_value<test::Empty>(*parse_json("{\"x\":1}"), Reading::typed));
}

TEST(Fields, NamesTheMissingMemberAsAwsDoes) {
  const std::pair<const char*, const char*> rows[] = {
      {"{}", "first"},
      {"{\"first\":null}", "first"},
      {"{\"first\":{\"tag\":{}}}", "first.tag.key"},
      {R"({"first":{"tag":{"Key":"a"}},"nothing":{},"tags":[{"Key":"a"},{"Value":"x"}]})", "tags.2.member.key"},
  };
  for (const auto& [json, place] : rows) {
    auto outer = from_value<Outer>(*parse_json(json), Reading::typed);
    ASSERT_FALSE(outer) << json;
    EXPECT_EQ(outer.error().kind, ErrorKind::invalid);
    EXPECT_EQ(outer.error().message, "1 validation error detected: Value null at '" + std::string(place) +
                                         "' failed to satisfy constraint: Member must not be null");
  }
  EXPECT_FALSE(from_value<test::Tag>(Value(), Reading::typed));
}

TEST(Fields, NamesTheMemberOfTheWrongType) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"numbers":{}})", "numbers: Expected a list."},
      {R"({"numbers":"1"})", "numbers: Expected a list."},
      {R"({"numbers":[null]})", "numbers: Expected a list without null."},
      {R"({"numbers":["1"]})", "numbers: Expected a number."},
      {R"({"numbers":[1.5]})", "numbers: Expected a number."},
      {R"({"numbers":[2147483648]})", "numbers: Expected a number of 32 bits."},
      {R"({"numbers":[1e300]})", "numbers: Expected a number."},
      {R"({"tags":[]})", "tags: Expected a map."},
      {R"({"tags":""})", "tags: Expected a map."},
      {R"({"tags":{"a":null}})", "tags: Expected a map without null."},
      {R"({"tags":{"a":"x"}})", "tags: Expected a structure."},
      {R"({"tags":{"a":{"Key":1}}})", "Key: Expected a string."},
      {R"({"on":"true"})", "on: Expected true or false."},
      {R"({"on":1})", "on: Expected true or false."},
      {R"({"ratio":"1.5"})", "ratio: Expected a number."},
      {R"({"at":"yesterday"})", "at: Expected a time."},
      {R"({"at":1e15})", "at: Expected a time."},
      {R"({"at":true})", "at: Expected a number."},
      {R"({"large":9223372036854775808})", "large: Expected a number."},
      {R"([])", "Expected a structure."},
      {R"("x")", "Expected a structure."},
  };
  for (const auto& [json, message] : rows) {
    auto counts = from_value<Counts>(*parse_json(json), Reading::typed);
    ASSERT_FALSE(counts) << json;
    EXPECT_EQ(counts.error().message, message) << json;
  }
}

TEST(Fields, OwnFormsReportTheirOwnErrors) {
  auto value = *parse_json(kAll);
  value.set("level", 7);
  auto all = from_value<All>(value, Reading::typed);
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().message, "level: Expected a level.");
}

TEST(Fields, WholeDoublesReadAsIntegersAndIntegersAsDoubles) {
  auto counts = from_value<Counts>(*parse_json(R"({"small":3.0,"large":-1e3,"ratio":2,"at":5})"), Reading::typed);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->small, 3);
  EXPECT_EQ(counts->large, -1000);
  EXPECT_EQ(counts->ratio, 2.0);
  EXPECT_EQ(counts->at, from_epoch_seconds(5));
}

TEST(Fields, TextReadsAsNumbersOnlyWhereItCameFromAForm) {
  auto form = parse_query_form(
      "numbers.member.1=7&numbers.member.2=-8&on=TRUE&ratio=1.5&at=2023-12-12T12%3A50%3A44Z&small=2147483647"
      "&large=9223372036854775807&tags.entry.1.key=k&tags.entry.1.value.Key=x");
  ASSERT_TRUE(form);
  auto counts = from_value<Counts>(*form, Reading::text);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->numbers, (std::vector{7, -8}));
  EXPECT_EQ(counts->on, true);
  EXPECT_EQ(counts->ratio, 1.5);
  EXPECT_EQ(counts->at, from_epoch_seconds(1'702'385'444));
  EXPECT_EQ(counts->small, 2147483647);
  EXPECT_EQ(counts->large, 9223372036854775807);
  EXPECT_EQ(counts->tags.at("k").Key, "x");
  EXPECT_FALSE(from_value<Counts>(*form, Reading::typed));
}

TEST(Fields, BadTextIsRefused) {
  for (const char* form : {"numbers.member.1=x", "numbers.member.1=", "numbers.member.1=1+", "small=2147483648",
                           "large=9223372036854775808", "on=yes", "on=", "on=1", "ratio=1.5x", "ratio=", "ratio=nan",
                           "ratio=inf", "ratio=1e999", "at=", "at=1700000000", "tags=x", "numbers.x=1"}) {
    EXPECT_FALSE(from_value<Counts>(*parse_query_form(form), Reading::text)) << form;
  }
}

TEST(Fields, InAFormTheEmptyTextIsAnEmptyListOrMapAndABareTextAListOfOne) {
  auto counts = from_value<Counts>(*parse_query_form("numbers=&tags="), Reading::text);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_TRUE(counts->numbers.empty());
  EXPECT_TRUE(counts->tags.empty());
  EXPECT_EQ(from_value<Counts>(*parse_query_form("numbers=5"), Reading::text)->numbers, std::vector{5});
}

TEST(Fields, AKeyThatStandsTwiceDoesNotMixTwoItems) {
  auto form = parse_query_form(
      "tags.entry.1.key=k&tags.entry.1.value.Key=a&tags.entry.1.value.Value=old&tags.entry.2.key=k"
      "&tags.entry.2.value.Key=b");
  auto counts = from_value<Counts>(*form, Reading::text);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_EQ(counts->tags.at("k").Key, "b");
  EXPECT_FALSE(counts->tags.at("k").Value);
}

struct Inner {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (name))

struct Borrowing {
  std::string_view text;
  Written<Inner> inner;
};
BOOST_DESCRIBE_STRUCT(Borrowing, (), (text, inner))

TEST(Fields, AnAnswerMayBorrowItsTextsAndPartsThatAreWritten) {
  std::string inner;
  write_json(Inner{"a \"b\""}, inner);
  std::string json;
  write_json(Borrowing{"x\ny", {inner}}, json);
  EXPECT_EQ(json, R"({"text":"x\ny","inner":{"name":"a \"b\""}})");
  EXPECT_EQ(write_json(to_value(Borrowing{"x\ny", {inner}})), json);
}

struct Viewing {
  std::string_view text;
};
BOOST_DESCRIBE_STRUCT(Viewing, (), (text))

TEST(Fields, ARequestMayBorrowItsTexts) {
  const auto input = Value::map({{"text", "a text that is longer than what a string holds in itself"}});
  const auto viewing = from_value<Viewing>(input, Reading::typed);
  ASSERT_TRUE(viewing);
  EXPECT_EQ(viewing->text.data(), input.text("text").data());
  EXPECT_FALSE(from_value<Viewing>(Value::map({{"text", 1}}), Reading::typed));
  EXPECT_FALSE(from_value<Viewing>(Value::map({}), Reading::typed));
}

}  // namespace
}  // namespace podpass::codec
