#include <gtest/gtest.h>

#include "policy/policy.h"
#include "policy/table_for_test.h"
#include "policy/typed_value.h"

namespace podpass::policy {
namespace {

// A value column of conditions.txt, put under test:key.
void add_value(Context& context, const std::string& text) {
  if (text == "-") return;
  if (text.starts_with('[') && text.ends_with(']')) {
    const auto inner = std::string_view(text).substr(1, text.size() - 2);
    const auto items = inner.empty() ? std::vector<std::string_view>{} : split(inner, ';');
    context.add_list("test:key", items);
    return;
  }
  context.add("Test:Key", text == "\"\"" ? std::string_view() : std::string_view(text));
}

TEST(Condition, Table) {
  for (const auto& row : read_table("conditions.txt", 4, 250)) {
    SCOPED_TRACE("conditions.txt:" + std::to_string(row.line) + " " + row[0] + " " + row[1] + " " + row[2]);
    const auto json =
        R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{")" + row[0] +
        R"(":{"test:key":)" + row[1] + "}}}}";
    const auto policy = Policy::parse(json, Kind::identity);
    ASSERT_TRUE(policy.has_value()) << policy.error().cause;
    Context context;
    const std::vector<std::string_view> many = {"a", "b"};
    context.add("aws:username", "alice");
    context.add_tag("aws:PrincipalTag/", "Team", "blue");
    context.add_tag("aws:PrincipalTag/", "star", "*");
    context.add_tag("aws:PrincipalTag/", "flag", "true");
    context.add_list("test:many", many);
    context.add_list("test:empty", {});
    context.add("test:arn", "arn:aws:iam::1:user/alice");
    add_value(context, row[2]);
    const Principal principal{.type = PrincipalType::user, .account = "111122223333"};
    const Request request{principal, "s3:GetObject", "arn:aws:s3:::b/k", {}, context};
    const NamedPolicy named{policy->get(), {}};
    Layers layers;
    layers.identity = {&named, 1};
    EXPECT_EQ(evaluate(request, layers).allowed(), row[3] == "yes");
  }
}

TEST(Condition, AllOperatorsAndKeysMustHold) {
  const auto policy = Policy::parse(
      R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{
          "StringEquals":{"a:x":"1","a:y":"2"},"StringLike":{"a:x":"*"},"Null":{"a:z":"true"}}}})",
      Kind::identity);
  ASSERT_TRUE(policy.has_value());
  const NamedPolicy named{policy->get(), {}};
  Layers layers;
  layers.identity = {&named, 1};
  const Principal principal{.type = PrincipalType::user, .account = "111122223333"};
  const auto allowed = [&](const Context& context) {
    return evaluate({principal, "a:b", "*", {}, context}, layers).allowed();
  };
  Context good;
  good.add("a:x", "1");
  good.add("a:y", "2");
  EXPECT_TRUE(allowed(good));
  good.add("a:z", "");
  EXPECT_FALSE(allowed(good));
  Context half;
  half.add("a:x", "1");
  EXPECT_FALSE(allowed(half));
}

TEST(TypedValue, InstantsAtTheEdges) {
  EXPECT_EQ(parse_instant("1970-01-01"), 0);
  EXPECT_EQ(parse_instant("0"), 0);
  EXPECT_EQ(parse_instant("2000-03-01T00:00:00Z"), 951'868'800'000);
  EXPECT_EQ(parse_instant("1969-12-31T23:59:59.999Z"), -1);
  EXPECT_EQ(parse_instant("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_TRUE(parse_instant("292278992-12-31T23:59:59Z"));
  EXPECT_TRUE(parse_instant("-292275054-01-01"));
  for (const auto* bad : {"",
                          "-",
                          "x",
                          "9223372036854775808",
                          "2020-1-1",
                          "2020-00-01",
                          "2020-01-32",
                          "2020-01-01T",
                          "2020-01-01T00",
                          "2020-01-01T00:00",
                          "2020-01-01T24:00Z",
                          "2020-01-01T00:60Z",
                          "2020-01-01T00:00:60Z",
                          "2020-01-01T00:00:00.Z",
                          "2020-01-01T00:00:00+1",
                          "2020-01-01T00:00:00+24:00",
                          "2020-01-01 00:00:00Z",
                          "292278994-01-01",
                          "999-01-01",
                          "2020-01-01Z",
                          "2020-01-01T00:00:00Zx",
                          "1234567890123-01-01"}) {
    EXPECT_FALSE(parse_instant(bad)) << bad;
  }
}

TEST(TypedValue, Networks) {
  const auto inside = [](const char* network, const char* address) {
    const auto parsed = parse_network(network);
    const auto point = parse_address(address);
    return parsed && point && contains(*parsed, *point);
  };
  EXPECT_TRUE(inside("10.0.0.0/9", "10.127.255.255"));
  EXPECT_FALSE(inside("10.0.0.0/9", "10.128.0.0"));
  EXPECT_TRUE(inside("fd00:ec2::23/128", "fd00:ec2::23"));
  EXPECT_TRUE(inside("2001:db8::/33", "2001:db8:7fff::"));
  EXPECT_FALSE(inside("2001:db8::/33", "2001:db8:8000::"));
  for (const auto* bad : {"", "/", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/33", "10.0.0.0/1x", "10.0.0.0/0008", "::/129",
                          "10.0.0", "010.0.0.1", "1.2.3.4.5", "g::", "fe80::1%eth0", "1.2.3.4 "}) {
    EXPECT_FALSE(parse_network(bad)) << bad;
  }
  EXPECT_FALSE(parse_address(std::string(200, ':')));
  EXPECT_FALSE(parse_address(std::string_view("1.2.3.4\0", 8)));
}

TEST(TypedValue, Numbers) {
  for (const auto* good : {"0", "-0", "+1", "1.5", ".5", "-1e3", "9223372036854775808"})
    EXPECT_TRUE(parse_number(good)) << good;
  for (const auto* bad : {"", "+", "-", "+-1", "1x", "inf", "nan", "-inf", "0x10", " 1", "1 ", "1,5"})
    EXPECT_FALSE(parse_number(bad)) << bad;
}

}  // namespace
}  // namespace podpass::policy
