// Inputs made to be slow. Where time grew with the square of the size, each of these would run for minutes and the test
// would time out; bench/policy_bench.cc shows how it grows.
#include <gtest/gtest.h>

#include <string>

#include "policy/explain.h"
#include "policy/pattern.h"
#include "policy/policy.h"

namespace podpass::policy {
namespace {

constexpr Principal kCaller{.type = PrincipalType::user,
                            .account = "111122223333",
                            .arn = "arn:aws:iam::111122223333:user/alice",
                            .unique_id = "AIDAALICE"};

std::string repeated(std::string_view piece, std::size_t count) {
  std::string text;
  text.reserve(piece.size() * count);
  for (std::size_t i = 0; i < count; ++i) text += piece;
  return text;
}

Outcome decided(const std::string& json, std::string_view resource, const Context& context = {}) {
  const auto policy = Policy::parse(json, Kind::identity);
  EXPECT_TRUE(policy.has_value()) << policy.error().cause;
  if (!policy) return Outcome::explicit_deny;
  const NamedPolicy named{policy->get()};
  Layers layers;
  layers.identity = {&named, 1};
  const Request request{kCaller, "s3:GetObject", resource, kCaller.account, context};
  Explanation explanation;
  explain(request, layers, Depth::everything, explanation);
  EXPECT_EQ(explanation.decision.outcome, evaluate(request, layers).outcome);
  return explanation.decision.outcome;
}

std::string allowing(const std::string& resource, const std::string& rest = "") {
  return R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":")" + resource + "\"" +
         rest + "}}";
}

TEST(Pathological, StarsAndLongTexts) {
  const auto stars = "arn:aws:s3:::" + repeated("*a", 100'000);
  const auto text = "arn:aws:s3:::" + repeated("a", 1'000'000);
  EXPECT_EQ(decided(allowing(stars), text), Outcome::allow);
  EXPECT_EQ(decided(allowing(stars), text + "b"), Outcome::implicit_deny);
  EXPECT_EQ(decided(allowing("arn:aws:s3:::" + repeated("*", 200'000) + "b"), text), Outcome::implicit_deny);
  EXPECT_EQ(decided(allowing("arn:aws:s3:::" + repeated("*ab", 60'000)), text), Outcome::implicit_deny);
}

TEST(Pathological, ManyStatements) {
  std::string statements;
  for (int i = 0; i < 2'000; ++i) {
    statements += R"({"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b)" + std::to_string(i) + R"(/*"},)";
  }
  const auto json = R"({"Version":"2012-10-17","Statement":[)" + statements +
                    R"({"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::last/*"}]})";
  EXPECT_EQ(decided(json, "arn:aws:s3:::last/k"), Outcome::allow);
  EXPECT_EQ(decided(json, "arn:aws:s3:::b1999/k"), Outcome::allow);
  EXPECT_EQ(decided(json, "arn:aws:s3:::b2000/k"), Outcome::implicit_deny);
}

TEST(Pathological, HugeListsOfValuesAndOfKeys) {
  std::string values = "\"x\"";
  for (int i = 0; i < 15'000; ++i) values += ",\"value" + std::to_string(i) + "\"";
  const auto json =
      allowing("*", R"(,"Condition":{"ForAllValues:StringEqualsIgnoreCase":{"aws:TagKeys":[)" + values + "]}}");
  std::vector<std::string> names;
  for (int i = 0; i < 100'000; ++i) names.push_back("VALUE" + std::to_string(14'999 - i % 15'000));
  std::vector<std::string_view> keys(names.begin(), names.end());
  Context context;
  context.add_list("aws:TagKeys", keys);
  EXPECT_EQ(decided(json, "arn:aws:s3:::b/k", context), Outcome::allow);
  keys.push_back("other");
  Context more;
  more.add_list("aws:TagKeys", keys);
  EXPECT_EQ(decided(json, "arn:aws:s3:::b/k", more), Outcome::implicit_deny);
}

TEST(Pathological, DepthAndSizeHaveLimits) {
  for (const auto* piece : {"[", "{\"Statement\":"}) {
    const auto refused = Policy::parse(repeated(piece, 10'000), Kind::identity);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, "MalformedPolicyDocument");
  }
  EXPECT_FALSE(Policy::parse(allowing(repeated("a", 300'000)), Kind::identity).has_value());
  EXPECT_FALSE(Policy::parse(allowing("arn:aws:s3:::" + repeated("${a}", 65)), Kind::identity).has_value());
}

TEST(Pathological, VariablesThatAreLong) {
  Context context;
  const auto user = repeated("a", 100'000);
  context.add("aws:username", user);
  const auto json = allowing("arn:aws:s3:::" + repeated("${aws:username}", 60) + "*");
  EXPECT_EQ(decided(json, "arn:aws:s3:::" + repeated(user, 60) + "/k", context), Outcome::allow);
  EXPECT_EQ(decided(json, "arn:aws:s3:::" + repeated(user, 59) + "/k", context), Outcome::implicit_deny);
}

TEST(Pathological, VariablesBetweenStars) {
  Context context;
  const auto value = repeated("a", 100'000) + "b";
  context.add("aws:username", value);
  const auto text = "arn:aws:s3:::" + repeated("a", 200'000);
  for (const auto* pattern : {"*${aws:username}*", "*x${aws:username}*", "*${aws:username}a*", "*${aws:username}?*"}) {
    SCOPED_TRACE(pattern);
    const auto json = allowing(std::string("arn:aws:s3:::") + pattern);
    EXPECT_EQ(decided(json, text, context), Outcome::implicit_deny);
    EXPECT_EQ(decided(json, text + "bax" + value + "a", context), Outcome::allow);
  }
}

TEST(Pathological, QuestionsInLongSegments) {
  const auto text = "arn:aws:s3:::" + repeated("a", 400'000);
  // The most steps that a document has room for: matched once, where a decision that is explained matches thrice.
  PatternPool pool;
  const auto longest = pool.add_resource("arn:aws:s3:::*" + repeated("a", 200'000) + "?b*", Variables::yes);
  EXPECT_FALSE(pool.matches(longest, text, {}));
  EXPECT_EQ(decided(allowing("arn:aws:s3:::*" + repeated("a?", 30) + "b*"), text), Outcome::implicit_deny);
  EXPECT_EQ(decided(allowing("arn:aws:s3:::" + repeated("*aa?", 50'000)), text), Outcome::allow);
  EXPECT_EQ(decided(allowing("arn:aws:s3:::" + repeated("*" + repeated("?", 70), 3'000)), text), Outcome::allow);
}

TEST(Pathological, LongVariablesInArns) {
  const auto value = repeated("a", 100'000) + "b";
  const auto text = repeated("a", 200'000);
  const auto arn = "arn:aws:s3:" + text + ":" + text + ":" + text;
  for (const auto* pattern : {"arn:aws:s3:*${aws:username}*:*:*", "arn:aws:s3:*:*${aws:username}?*:*",
                              "arn:aws:s3:*:*:*${aws:username}*", "arn:*${aws:username}"}) {
    SCOPED_TRACE(pattern);
    Context context;
    context.add("aws:username", value);
    context.add("aws:SourceArn", arn);
    const auto json = allowing("*", R"(,"Condition":{"ArnLike":{"aws:SourceArn":")" + std::string(pattern) + "\"}}");
    EXPECT_EQ(decided(json, "arn:aws:s3:::b/k", context), Outcome::implicit_deny);
  }
}

}  // namespace
}  // namespace podpass::policy
