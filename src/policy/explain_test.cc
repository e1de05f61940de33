#include "policy/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/agreement_for_test.h"
#include "policy/report.h"

namespace podpass::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Principal kAlice{.type = PrincipalType::user,
                           .account = "111122223333",
                           .arn = "arn:aws:iam::111122223333:user/alice",
                           .unique_id = "AIDAALICE"};

std::shared_ptr<const Policy> policy_of(std::string_view json, Kind kind = Kind::identity) {
  auto policy = Policy::parse(json, kind);
  EXPECT_TRUE(policy.has_value()) << json << " " << policy.error().message << " " << policy.error().cause;
  return policy ? *policy : nullptr;
}

// One identity policy, one request.
struct Asked {
  Asked(std::string_view json, std::string_view action, std::string_view resource)
      : policy(policy_of(json)), named{policy.get()}, request{kAlice, action, resource, kAlice.account, context} {
    layers.identity = {&named, 1};
  }
  Explanation explained() const {
    Explanation out;
    explain(request, layers, Depth::everything, out);
    return out;
  }

  std::shared_ptr<const Policy> policy;
  NamedPolicy named;
  Context context;
  Layers layers;
  Request request;
};

constexpr auto kReader = R"({"Version":"2012-10-17","Statement":[
  {"Sid":"Read","Effect":"Allow","Action":["s3:Get*","s3:List*"],
   "Resource":"arn:aws:s3:::data/${aws:username}/*",
   "Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.0.2.0/24"]},"Bool":{"aws:SecureTransport":true}}},
  {"Effect":"Deny","NotAction":"s3:*","Resource":"*"}]})";

TEST(Explain, EveryElementThatFailsIsTold) {
  Asked asked(kReader, "s3:PutObject", "arn:aws:s3:::data/bob/key");
  asked.context.add("aws:username", "alice");
  asked.context.add("aws:SourceIp", "203.0.113.9");
  const auto explained = asked.explained();
  EXPECT_EQ(disagreement(asked.request, asked.layers), "");
  ASSERT_EQ(explained.statements.size(), 2U);
  EXPECT_EQ(explained.statements[0].failed, kAction | kResource | kCondition);
  EXPECT_EQ(explained.statements[1].failed, kAction);
  EXPECT_THAT(explained.blocked_by, ElementsAre(Layer::identity));

  const auto why = FailureReader(asked.request, asked.layers).read(explained.statements[0]);
  ASSERT_EQ(why.size(), 4U);
  EXPECT_EQ(why[0].element, kAction);
  EXPECT_THAT(why[0].wanted, ElementsAre("s3:Get*", "s3:List*"));
  EXPECT_THAT(why[0].actual, ElementsAre("s3:PutObject"));
  EXPECT_EQ(why[0].place.line, 2U);
  EXPECT_EQ(why[1].element, kResource);
  EXPECT_EQ(why[1].place.line, 3U);
  EXPECT_EQ(why[2].element, kCondition);
  EXPECT_EQ(why[2].op, "IpAddress");
  EXPECT_EQ(why[2].key, "aws:SourceIp");
  EXPECT_FALSE(why[2].key_missing);
  EXPECT_THAT(why[2].wanted, ElementsAre("10.0.0.0/8", "192.0.2.0/24"));
  EXPECT_THAT(why[2].actual, ElementsAre("203.0.113.9"));
  EXPECT_EQ(why[3].key, "aws:SecureTransport");
  EXPECT_TRUE(why[3].key_missing);
  EXPECT_THAT(why[3].wanted, ElementsAre("true"));

  const auto inverted = FailureReader(asked.request, asked.layers).read(explained.statements[1]);
  ASSERT_EQ(inverted.size(), 1U);
  EXPECT_TRUE(inverted[0].inverted);
}

TEST(Explain, MissingKeysAreThoseOfStatementsAboutTheAction) {
  Asked asked(kReader, "s3:GetObject", "arn:aws:s3:::data/bob/key");
  asked.context.add("AWS:sourceip", "10.0.0.1");
  EXPECT_THAT(missing_keys(asked.request, asked.layers, asked.explained()),
              ElementsAre("aws:username", "aws:SecureTransport"));
  Asked other(kReader, "ec2:RunInstances", "*");
  EXPECT_THAT(missing_keys(other.request, other.layers, other.explained()), IsEmpty());
  Asked fallback(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*",
      "Resource":"arn:aws:s3:::${aws:PrincipalTag/team, 'none'}/*",
      "Condition":{"StringEquals":{"aws:PrincipalTag/a":"${aws:PrincipalTag/b}"}}}})",
                 "s3:GetObject", "arn:aws:s3:::none/k");
  EXPECT_THAT(missing_keys(fallback.request, fallback.layers, fallback.explained()),
              ElementsAre("aws:PrincipalTag/a", "aws:PrincipalTag/b"));
}

TEST(Explain, RemediesMatchLiterally) {
  const Asked asked(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}})",
                    "s3:GetObject", "arn:aws:s3:::b/a*b?${x}$");
  const auto mended = remedies(asked.request, asked.layers);
  ASSERT_EQ(mended.size(), 1U);
  EXPECT_EQ(mended[0].statement,
            R"({"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/a${*}b${?}${$}{x}$"})");
}

TEST(Explain, EveryLayerInTheWayGetsItsStatement) {
  const auto none = policy_of(R"({"Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}})");
  const NamedPolicy named{none.get()};
  const Level level(&named, 1);
  const std::array<Level, 2> levels = {level, level};
  Layers layers;
  layers.identity = level;
  layers.has_boundary = true;
  layers.boundary = named;
  layers.has_service_control = true;
  layers.service_control = levels;
  layers.has_resource_control = true;
  layers.has_endpoint = true;
  const Context context;
  const Request request{kAlice, "s3:GetObject", "arn:aws:s3:::b/k", "444455556666", context};
  std::vector<std::pair<Layer, int>> found;
  for (const auto& remedy : remedies(request, layers)) found.emplace_back(remedy.layer, remedy.level);
  using P = std::pair<Layer, int>;
  EXPECT_THAT(found, ElementsAre(P(Layer::resource_control, -1), P(Layer::service_control, 0),
                                 P(Layer::service_control, 1), P(Layer::endpoint, -1), P(Layer::identity, -1),
                                 P(Layer::boundary, -1), P(Layer::resource, -1)));
  EXPECT_EQ(disagreement(request, layers), "");
}

TEST(Explain, NothingIsInTheWayOfGetCallerIdentity) {
  const Asked asked(R"({"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}})", "sts:GetCallerIdentity", "*");
  const auto explained = asked.explained();
  EXPECT_TRUE(explained.decision.allowed());
  EXPECT_THAT(explained.blocked_by, IsEmpty());
  EXPECT_THAT(remedies(asked.request, asked.layers), IsEmpty());
}

TEST(Explain, NoStatementAllowsWhatNothingMay) {
  const std::string action = "s3:" + std::string(kMaxActionSize, 'x');
  const Asked asked(R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})", action, "*");
  const auto explained = asked.explained();
  EXPECT_FALSE(explained.decision.allowed());
  EXPECT_THAT(explained.blocked_by, ElementsAre(Layer::identity));
  EXPECT_THAT(remedies(asked.request, asked.layers), IsEmpty());
}

TEST(Explain, ReasonsWhereWantedAndActualLookAlike) {
  Asked asked(R"({"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}",
      "Condition":{"StringEquals":{"aws:TagKeys":"a"}}}})",
              "s3:GetObject", "arn:aws:s3:::b/alice");
  asked.context.add("aws:username", "alice");
  const std::array<std::string_view, 1> keys = {"a"};
  asked.context.add_list("aws:TagKeys", keys);
  const auto why = FailureReader(asked.request, asked.layers).read(asked.explained().statements[0]);
  ASSERT_EQ(why.size(), 2U);
  EXPECT_EQ(why[0].reason, "Variables count in policies of Version 2012-10-17 only.");
  EXPECT_EQ(why[1].reason, "The key has many values: the operator needs ForAnyValue: or ForAllValues: before it.");
}

TEST(Explain, AKeyIsUnderItsOwnPolicy) {
  Asked asked(R"({"Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}})", "kms:Decrypt",
              "arn:aws:kms:us-west-2:111122223333:key/1");
  const auto outcome = [&](const char* principal) {
    std::shared_ptr<const Policy> key;
    if (principal) {
      key = policy_of(std::string(R"({"Statement":{"Effect":"Allow","Principal":{"AWS":")") + principal +
                          R"("},"Action":"kms:*","Resource":"*"}})",
                      Kind::resource);
    }
    asked.layers.resource = key.get();
    EXPECT_EQ(disagreement(asked.request, asked.layers), "");
    const auto decision = evaluate(asked.request, asked.layers);
    return decision.allowed() ? "allow" : decision.layer == Layer::resource ? "resource" : "identity";
  };
  EXPECT_STREQ(outcome(nullptr), "resource");
  EXPECT_STREQ(outcome("arn:aws:iam::111122223333:user/bob"), "resource");
  EXPECT_STREQ(outcome("111122223333"), "allow");
  EXPECT_STREQ(outcome("arn:aws:iam::111122223333:user/alice"), "allow");
  asked.layers.identity = {};
  EXPECT_STREQ(outcome("111122223333"), "identity");
  EXPECT_STREQ(outcome("arn:aws:iam::111122223333:user/alice"), "allow");
}

TEST(Report, TellsStatementsThatComeClose) {
  Asked asked(R"({"Version":"2012-10-17","Statement":[
      {"Sid":"Far","Effect":"Allow","Action":"ec2:*","Resource":"arn:aws:ec2:::x"},
      {"Sid":"Near","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::other/*"},
      {"Sid":"AlmostAll","Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"}]})",
              "s3:GetObject", "arn:aws:s3:::b/k");
  asked.context.add("aws:username", "alice");
  const std::array<std::string_view, 2> keys = {"a", "b"};
  asked.context.add_list("aws:TagKeys", keys);
  const auto value = report(asked.request, asked.layers);
  EXPECT_EQ(value.text("decision"), "implicitDeny");
  const auto& statements = *value.find("statements")->as<codec::Value::List>();
  ASSERT_EQ(statements.size(), 2U);
  EXPECT_EQ(statements[0].text("sid"), "Near");
  EXPECT_EQ(statements[0].text("text"),
            R"({"Sid":"Near","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::other/*"})");
  EXPECT_EQ(statements[1].text("sid"), "AlmostAll");
  const auto* context = value.find("request")->find("context");
  EXPECT_EQ(context->text("aws:username"), "alice");
  EXPECT_EQ(context->find("aws:TagKeys")->as<codec::Value::List>()->size(), 2U);
  EXPECT_EQ(value.find("layers")->text("identity"), "implicitDeny");
}

TEST(Report, HasEveryPolicyThatWasLookedAtOnce) {
  Asked asked(kReader, "s3:GetObject", "arn:aws:s3:::b/k");
  const auto other = policy_of(R"({"Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}})");
  const std::array<NamedPolicy, 2> both = {NamedPolicy{asked.policy.get(), {}, "reader"}, NamedPolicy{other.get()}};
  asked.layers.identity = both;
  asked.layers.has_boundary = true;
  asked.layers.boundary = {other.get()};
  const auto value = report(asked.request, asked.layers);
  const auto& documents = *value.find("documents")->as<codec::Value::List>();
  std::vector<std::string> told;
  for (const auto& document : documents) {
    told.push_back(std::string(document.text("layer")) + " " + std::string(document.text("policyName")));
  }
  EXPECT_THAT(told, ElementsAre("identity reader", "identity ", "boundary "));
  EXPECT_EQ(documents[0].text("text"), kReader);
  EXPECT_EQ(documents[1].text("text"), other->text());
}

}  // namespace
}  // namespace podpass::policy
