#include "policy/fold.h"

#include <gtest/gtest.h>

#include <array>

#include "policy/compiled.h"

namespace podpass::policy {
namespace {

std::shared_ptr<const Policy> parsed(const std::string& statement) {
  auto policy = Policy::parse(R"({"Version":"2012-10-17","Statement":)" + statement + "}", Kind::identity);
  EXPECT_TRUE(policy.has_value()) << statement << policy.error().cause;
  return policy ? *policy : nullptr;
}

// The session: a team, an empty name, no role; of `x:` keys nothing is known.
class Session {
 public:
  Session() { fill(context_); }
  static void fill(Context& context) {
    context.add("aws:PrincipalTag/team", "b*e");
    context.add("aws:username", "");
    context.add_list("aws:PrincipalTag/many", std::array<std::string_view, 1>{"one"});
  }
  SessionKeys keys() const {
    return {context_, [](std::string_view key) { return key == "aws:PrincipalTag/role"; }};
  }

 private:
  Context context_;
};

std::shared_ptr<const Policy> folded(const std::string& statement) {
  const Session session;
  return fold(parsed(statement), session.keys());
}

bool allows(const Policy& policy, const Context& context) {
  const Principal user{
      .type = PrincipalType::user, .account = "111122223333", .arn = "arn:aws:iam::111122223333:user/a"};
  const NamedPolicy named{&policy};
  Layers layers;
  layers.identity = {&named, 1};
  return evaluate({user, "s3:GetObject", "arn:aws:s3:::b/k", {}, context}, layers).allowed();
}

Pattern resource_pattern(const std::string& resource) {
  const auto policy = folded(R"({"Effect":"Allow","Action":"s3:*","Resource":")" + resource + "\"}");
  const auto& compiled = policy->compiled();
  return compiled.pool.patterns[compiled.statements[0].resources.first];
}

TEST(Fold, VariablesBecomeText) {
  const std::array<std::pair<std::string, PatternType>, 12> rows = {{
      {"b/${aws:PrincipalTag/team}", PatternType::exact},
      {"b/${aws:PrincipalTag/team}/*", PatternType::prefix},
      {"b/${aws:PrincipalTag/team}*x", PatternType::prefix_suffix},
      {"b/${aws:PrincipalTag/team}?", PatternType::parts},
      {"b/${aws:PrincipalTag/role}", PatternType::never},
      {"b/${aws:PrincipalTag/role, 'dev'}", PatternType::exact},
      {"b/${aws:PrincipalTag/many}", PatternType::never},
      {"b/${aws:username}/*", PatternType::prefix},
      {"b/${x:key}/${aws:PrincipalTag/team}", PatternType::parts},
      {"b/${x:key}", PatternType::parts},
      {"b/*", PatternType::prefix},
      {"b/${aws:PrincipalTag/Team}", PatternType::exact},
  }};
  for (const auto& [resource, type] : rows) {
    EXPECT_EQ(resource_pattern("arn:aws:s3:::" + resource).type, type) << resource;
  }
}

// Whatever form a pattern takes, it matches what it matched.
TEST(Fold, PatternsMatchTheSame) {
  const std::array<std::string, 14> patterns = {"${aws:PrincipalTag/team}",
                                                "${aws:PrincipalTag/team}*",
                                                "*${aws:PrincipalTag/team}",
                                                "*${aws:username}",
                                                "${aws:username}",
                                                "a${aws:PrincipalTag/team}*${aws:username}cd",
                                                "a*${aws:PrincipalTag/team}",
                                                "*${aws:PrincipalTag/many}",
                                                "x${aws:PrincipalTag/role}*",
                                                "${aws:PrincipalTag/role, 'b'}*",
                                                "*${aws:PrincipalTag/team}*",
                                                "?${aws:PrincipalTag/team}*",
                                                "${x:key}*${aws:PrincipalTag/team}",
                                                "*${*}${aws:PrincipalTag/team}"};
  const std::array<std::string, 14> texts = {"",      "b*e", "ab*e", "bxe", "b*ecd", "ab*ecd", "ab*excd",
                                             "axb*e", "one", "xone", "x",   "kb*e",  "k1b*e",  "*b*e"};
  const Session session;
  std::size_t matches = 0;
  for (const auto& pattern : patterns) {
    for (const std::string op : {"StringLike", "StringEquals", "StringEqualsIgnoreCase"}) {
      const auto whole = parsed(R"({"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{")" + op +
                                R"(":{"x:text":")" + pattern + "\"}}}");
      const auto part = fold(whole, session.keys());
      for (const auto& text : texts) {
        Context context;
        Session::fill(context);
        context.add("x:text", text);
        context.add("x:key", "k");
        const bool expected = allows(*whole, context);
        EXPECT_EQ(allows(*part, context), expected) << op << " " << pattern << " " << text;
        matches += expected ? 1 : 0;
      }
    }
  }
  EXPECT_GT(matches, 40U);
}

TEST(Fold, ConditionsAreDecided) {
  const auto left = [](const std::string& condition) {
    const auto policy = folded(R"({"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":)" + condition + "}");
    const auto& compiled = policy->compiled();
    return std::pair(compiled.denies.size(), compiled.statements[0].conditions.count);
  };
  using Left = std::pair<std::size_t, std::uint32_t>;
  EXPECT_EQ(left(R"({"StringEquals":{"aws:PrincipalTag/team":"b*e"}})"), Left(1, 0));
  EXPECT_EQ(left(R"({"StringEquals":{"aws:PrincipalTag/team":"blue"}})"), Left(0, 0));
  EXPECT_EQ(left(R"({"StringEquals":{"aws:PrincipalTag/role":"dev"}})"), Left(0, 0));
  EXPECT_EQ(left(R"({"StringNotEquals":{"aws:PrincipalTag/role":"dev"}})"), Left(1, 0));
  EXPECT_EQ(left(R"({"Null":{"aws:PrincipalTag/role":"true"},"StringEquals":{"x:key":"v"}})"), Left(1, 1));
  EXPECT_EQ(left(R"({"StringEquals":{"x:key":"v"}})"), Left(1, 1));
  EXPECT_EQ(left(R"({"StringEquals":{"x:key":"${aws:PrincipalTag/team}"}})"), Left(1, 1));
  EXPECT_EQ(left(R"({"StringEquals":{"aws:PrincipalTag/team":"${x:key}"}})"), Left(1, 1));
  EXPECT_EQ(left(R"({"StringLike":{"aws:PrincipalTag/team":"${aws:PrincipalTag/team}"}})"), Left(1, 0));
}

TEST(Fold, WhatStaysIsTheSamePolicy) {
  const Session session;
  const auto plain = parsed(R"({"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${x:key}"})");
  EXPECT_EQ(fold(plain, session.keys()), plain);
}

// What is told of a policy outlives the whole one, and counts statements as it does.
TEST(Fold, StatementsKeepTheirPlaces) {
  const auto policy = folded(R"([
      {"Sid":"Gone","Effect":"Allow","Action":"s3:*","Resource":"*",
       "Condition":{"StringEquals":{"aws:PrincipalTag/role":"dev"}}},
      {"Sid":"Here","Effect":"Allow","Action":"s3:*","Resource":"*"}])");
  ASSERT_EQ(policy->statements().size(), 2U);
  EXPECT_EQ(policy->statements()[1].sid, "Here");
  EXPECT_EQ(policy->compiled().allows, std::vector<std::uint32_t>{1});
  EXPECT_EQ(policy->text().substr(policy->statements()[0].begin).find(R"({"Sid":"Gone")"), 0U);
}

}  // namespace
}  // namespace podpass::policy
