#include "aws/global_keys.h"

#include <gtest/gtest.h>

#include <array>

namespace podpass::aws {
namespace {

constexpr std::string_view kOwnFolder = R"({"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/team}/*"},
  {"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*",
   "Condition":{"StringEquals":{"aws:PrincipalTag/role":"writer"}}},
  {"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"Null":{"aws:TokenIssueTime":"true"}}}]})";

void fill(Caller& caller) {
  caller.type = policy::PrincipalType::role_session;
  caller.account = "111122223333";
  caller.arn = "arn:aws:sts::111122223333:assumed-role/app/one";
  caller.role_arn = "arn:aws:iam::111122223333:role/app";
  caller.unique_id = "AROAAPP";
  caller.user_id = "AROAAPP:one";
  caller.user_name = "app";  // no session has one; here so that every key is there
  caller.tags = {{"team", "blue"}, {"Role", "writer"}};
  caller.session.emplace();
  caller.session->source_identity = "alice";
  const auto policy = policy::Policy::parse(kOwnFolder, policy::Kind::identity);
  ASSERT_TRUE(policy.has_value());
  caller.authority.add_identity(*policy, "arn:aws:iam::111122223333:policy/own");
  caller.authority.set_boundary(*policy, "");
  caller.authority.add_session(*policy, "");
}

TEST(GlobalKeys, PrincipalKeysAreThoseThatAreAdded) {
  Caller caller;
  fill(caller);
  policy::Context context;
  add_principal_keys(context, caller);
  EXPECT_EQ(context.size(), 11U);
  context.for_each([](const policy::Context::Entry& entry) {
    const auto name = std::string(entry.prefix) + std::string(entry.name);
    EXPECT_TRUE(is_principal_key(name)) << name;
  });
  for (const auto* key :
       {"aws:SourceIp", "aws:PrincipalTag", "aws:ResourceTag/team", "aws:PrincipalOrgID", "s3:prefix"}) {
    EXPECT_FALSE(is_principal_key(key)) << key;
  }
  EXPECT_TRUE(is_principal_key("AWS:principaltag/other"));
}

TEST(GlobalKeys, FoldedAuthorityDecidesAlike) {
  Caller whole, folded;
  fill(whole);
  fill(folded);
  fold_authority(folded);
  EXPECT_NE(folded.authority.identity[0].policy, whole.authority.identity[0].policy);
  EXPECT_EQ(folded.authority.identity[0].arn, "arn:aws:iam::111122223333:policy/own");
  policy::Context context;
  add_principal_keys(context, whole);
  std::size_t allowed = 0;
  for (const auto* action : {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}) {
    for (const auto* resource : {"arn:aws:s3:::b/blue/k", "arn:aws:s3:::b/red/k", "arn:aws:s3:::c/blue/k"}) {
      const auto principal = whole.principal();
      const policy::Request request{principal, action, resource, {}, context};
      const auto before = policy::evaluate(request, whole.authority.layers());
      const auto after = policy::evaluate(request, folded.authority.layers());
      EXPECT_EQ(before.outcome, after.outcome);
      EXPECT_EQ(before.layer, after.layer);
      EXPECT_EQ(before.statement, after.statement);
      allowed += after.allowed() ? 1 : 0;
    }
  }
  EXPECT_EQ(allowed, 3U);
}

}  // namespace
}  // namespace podpass::aws
