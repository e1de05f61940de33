// What a token's claims do to the session, with tokens that no local cluster would issue.
#include <gtest/gtest.h>

#include "codec/json.h"
#include "crypto/jwt.h"
#include "eks/records.h"
#include "iam/world_test.h"
#include "sts/operations.h"
#include "sts/session_token.h"

namespace podpass::sts {
namespace {

using codec::Value;

constexpr std::string_view kRole = "arn:aws:iam::111122223333:role/app";

class WebIdentity : public testing::Test {
 protected:
  WebIdentity() {
    add_cluster("c", key_);
    run("CreateOpenIDConnectProvider",
        Value::map({{"Url", "https://oidc.example.com/id/1"}, {"ClientIDList", Value::list({"app"})}}));
  }

  // All with one issuer.
  void add_cluster(std::string_view name, const crypto::SigningKey& key) {
    ASSERT_TRUE(world_.store().run([&](store::Transaction& tx) -> Result<void> {
      eks::ClusterRecord record;
      record.cluster.name = name;
      record.issuer = "https://oidc.example.com/id/1";
      record.keys.document = crypto::KeySet::to_jwks({key.public_key()});
      record.keys.keys = TRY(crypto::KeySet::from_jwks(record.keys.document));
      tx.put(eks::kClusters, {world_.deployment().account, world_.deployment().region, name}, std::move(record));
      return {};
    }));
  }

  void run(std::string_view operation, const Value& input) {
    auto result = world_.run(operation, input, *world_.root());
    ASSERT_TRUE(result) << operation << ": " << result.error().message;
  }

  // A role for the provider's tokens, for these actions and under this condition.
  void make_role(std::string_view actions, std::string_view condition) {
    auto policy =
        Value::map({{"Version", "2012-10-17"},
                    {"Statement", Value::map({{"Effect", "Allow"},
                                              {"Principal", Value::map({{"Federated",
                                                                         "arn:aws:iam::111122223333:oidc-provider/"
                                                                         "oidc.example.com/id/1"}})},
                                              {"Action", codec::parse_json(actions).value()},
                                              {"Condition", codec::parse_json(condition).value()}})}});
    run("CreateRole", Value::map({{"RoleName", "app"}, {"AssumeRolePolicyDocument", codec::write_json(policy)}}));
  }

  // Assumes the role with a token that has these claims besides.
  Result<Value> assume(std::string_view claims, const crypto::SigningKey& key) {
    auto all = Value::map(
        {{"iss", "https://oidc.example.com/id/1"}, {"sub", "user-1"}, {"iat", 1'700'000'000}, {"exp", 1'700'000'600}});
    auto more = codec::parse_json(claims).value();
    for (auto& [name, value] : *more.as<Value::Map>()) all.add(name, std::move(value));
    if (!all.find("aud")) all.add("aud", "app");
    aws::Caller nobody;
    return world_.run(
        "AssumeRoleWithWebIdentity",
        Value::map({{"RoleArn", kRole}, {"RoleSessionName", "one"}, {"WebIdentityToken", crypto::mint_jwt(all, key)}}),
        nobody);
  }
  Result<Value> assume(std::string_view claims) { return assume(claims, key_); }

  aws::Session session_of(const Value& answer) {
    auto session = open_session(answer.find("Credentials")->text("SessionToken"), world_.deployment().sessions->ring());
    EXPECT_TRUE(session);
    return session ? *std::move(session) : aws::Session();
  }

  std::string outcome(std::string_view claims) { return outcome(claims, key_); }
  std::string outcome(std::string_view claims, const crypto::SigningKey& key) {
    auto answer = assume(claims, key);
    return answer ? "assumed" : answer.error().message;
  }

  iam::World world_{{&service()}};
  const crypto::SigningKey key_ = crypto::SigningKey::generate_ec();
};

constexpr std::string_view kOnly = R"("sts:AssumeRoleWithWebIdentity")";
constexpr std::string_view kAll = R"(["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"])";
constexpr std::string_view kTags =
    R"({"https://aws.amazon.com/tags": {"principal_tags": {"team": ["blue"]}, "transitive_tag_keys": ["team"]}})";

TEST_F(WebIdentity, TheNodeOfAPodsTokenIsTheSessions) {
  make_role(kOnly, "{}");
  auto answer = assume(R"({"kubernetes.io": {"namespace": "default", "node": {"name": "node-1", "uid": "u"}}})");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(session_of(*answer).node, "node-1");
  EXPECT_EQ(world_.audited("node"), "node-1");
  answer = assume("{}");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(session_of(*answer).node, "");
}

TEST_F(WebIdentity, TagsAreTheSessionsAndNeedTagSession) {
  make_role(kAll, R"({"StringEquals": {"aws:RequestTag/team": "blue"},
                      "ForAllValues:StringEquals": {"sts:TransitiveTagKeys": ["team"]}})");
  auto answer = assume(kTags);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(session_of(*answer).tags, (aws::SessionTags{{"team", "blue", true}}));
  EXPECT_TRUE(answer->find("PackedPolicySize"));
  EXPECT_EQ(outcome("{}"), "Not authorized to perform sts:AssumeRoleWithWebIdentity");
}

TEST_F(WebIdentity, WithoutThePermissionsTagsAndSourceIdentityAreRefused) {
  make_role(kOnly, "{}");
  EXPECT_EQ(outcome("{}"), "assumed");
  EXPECT_EQ(outcome(kTags), "Not authorized to perform sts:TagSession");
  EXPECT_EQ(outcome(R"({"https://aws.amazon.com/source_identity": "Admin"})"),
            "Not authorized to perform sts:SetSourceIdentity");
}

TEST_F(WebIdentity, TheSourceIdentityIsTheSessions) {
  make_role(kAll, R"({"StringEquals": {"sts:SourceIdentity": "Admin"}})");
  auto answer = assume(R"({"https://aws.amazon.com/source_identity": "Admin"})");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->text("SourceIdentity"), "Admin");
  EXPECT_EQ(session_of(*answer).source_identity, "Admin");
  EXPECT_EQ(outcome(R"({"https://aws.amazon.com/source_identity": "Other"})"),
            "Not authorized to perform sts:AssumeRoleWithWebIdentity");
}

TEST_F(WebIdentity, ClaimsAreConditionKeys) {
  make_role(kOnly, R"({"StringEquals": {"oidc.example.com/id/1:email": "a@example.com",
                                        "oidc.example.com/id/1:aud": "app"},
                       "ForAnyValue:StringEquals": {"oidc.example.com/id/1:amr": "mfa",
                                                    "oidc.example.com/id/1:oaud": "other"}})");
  const std::string refused = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
  EXPECT_EQ(outcome(R"({"email": "a@example.com", "amr": ["pwd", "mfa"], "aud": ["x", "other"], "azp": "app"})"),
            "assumed");
  EXPECT_EQ(outcome(R"({"email": "b@example.com", "amr": ["pwd", "mfa"], "aud": ["x", "other"], "azp": "app"})"),
            refused);
  EXPECT_EQ(outcome(R"({"email": "a@example.com", "amr": ["pwd"], "aud": ["x", "other"], "azp": "app"})"), refused);
  EXPECT_EQ(outcome(R"({"email": "a@example.com", "amr": ["pwd", "mfa"], "aud": ["x", "y"], "azp": "app"})"), refused);
  // who the token is for has to be one of the provider's audiences, and not only among `aud`
  EXPECT_EQ(outcome(R"({"aud": ["app", "other"], "azp": "other"})"), "Incorrect token audience");
}

// Clusters may share an issuer, so a trust policy can name the one that it means.
TEST_F(WebIdentity, TheClusterIsTheSource) {
  make_role(kOnly, R"({"ArnLike": {"aws:SourceArn": "arn:aws:eks:*:111122223333:cluster/c"}})");
  EXPECT_EQ(outcome("{}"), "assumed");
  const auto other_key = crypto::SigningKey::generate_ec();
  add_cluster("d", other_key);
  EXPECT_EQ(outcome("{}", other_key), "Not authorized to perform sts:AssumeRoleWithWebIdentity");
}

TEST_F(WebIdentity, TooMuchToPack) {
  make_role(kAll, "{}");
  auto tags = Value::map({});
  for (int i = 0; i < 50; ++i) tags.add("key" + std::to_string(i), std::string(256, 'v'));
  const auto claims = Value::map({{"https://aws.amazon.com/tags", Value::map({{"principal_tags", std::move(tags)}})}});
  auto answer = assume(codec::write_json(claims));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "PackedPolicyTooLarge");
}

// The record names who the token proved its holder to be, also when the role is refused, and never the token.
TEST_F(WebIdentity, WhoTheRecordNames) {
  make_role(kOnly, R"({"StringEquals": {"oidc.example.com/id/1:sub": "user-2"}})");
  auto all = Value::map({{"iss", "https://oidc.example.com/id/1"},
                         {"sub", "user-1"},
                         {"aud", "app"},
                         {"iat", 1'700'000'000},
                         {"exp", 1'700'000'600}});
  auto identity = [&](std::string_view token) {
    auto tx = world_.store().begin();
    policy::Context context;
    aws::Caller nobody;
    aws::Audit audit;
    aws::Call call{tx, world_.deployment(), nobody, context, world_.clock().now(), "test", audit};
    for (const auto& operation : service().operations) {
      if (operation.name != "AssumeRoleWithWebIdentity") continue;
      EXPECT_TRUE(operation.is_public);
      auto input = Value::map({{"RoleArn", kRole}, {"RoleSessionName", "one"}, {"WebIdentityToken", token}});
      EXPECT_FALSE(operation.run(call, service(), input, codec::Reading::typed));
    }
    return audit.identity;
  };
  EXPECT_EQ(identity(crypto::mint_jwt(all, key_)),
            R"({"type":"WebIdentityUser","principalId":"arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/1)"
            R"(:app:user-1","userName":"user-1","identityProvider":)"
            R"("arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/1"})");
  EXPECT_EQ(identity(crypto::mint_jwt(all, crypto::SigningKey::generate_ec())), "");
}

}  // namespace
}  // namespace podpass::sts
