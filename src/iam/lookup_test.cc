#include "iam/lookup.h"

#include <gtest/gtest.h>

#include "iam/world_test.h"

namespace podpass::iam {
namespace {

using codec::Value;

constexpr std::string_view kAllowAnything =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}})";
constexpr std::string_view kDeny =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}})";
constexpr std::string_view kPolicyArn = "arn:aws:iam::111122223333:policy/p";

class Lookup : public testing::Test {
 protected:
  Value run(std::string_view operation, const Value& input) {
    auto result = world_.run(operation, input, *world_.root());
    EXPECT_TRUE(result) << operation << ": " << result.error().message;
    return result ? *result : Value();
  }
  // May the user read from S3?
  bool allowed(std::string_view user) {
    auto caller = world_.user(user);
    auto tx = world_.store().begin();
    policy::Context context;
    aws::Audit audit;
    aws::Call call{tx, world_.deployment(), *caller, context, world_.clock().now(), "test", audit};
    return call.authorize("s3:GetObject", aws::Resource("arn:aws:s3:::b/k")).has_value();
  }
  World world_;
};

TEST_F(Lookup, AuthorityIsAttachedInlineAndBoundary) {
  run("CreateUser", Value::map({{"UserName", "u"}}));
  EXPECT_FALSE(allowed("u"));
  run("PutUserPolicy", Value::map({{"UserName", "u"}, {"PolicyName", "in"}, {"PolicyDocument", kAllowAnything}}));
  EXPECT_TRUE(allowed("u"));
  run("DeleteUserPolicy", Value::map({{"UserName", "u"}, {"PolicyName", "in"}}));
  run("CreatePolicy", Value::map({{"PolicyName", "p"}, {"PolicyDocument", kAllowAnything}}));
  run("AttachUserPolicy", Value::map({{"UserName", "u"}, {"PolicyArn", kPolicyArn}}));
  EXPECT_TRUE(allowed("u"));
  // only the default version counts
  run("CreatePolicyVersion", Value::map({{"PolicyArn", kPolicyArn}, {"PolicyDocument", kDeny}}));
  EXPECT_TRUE(allowed("u"));
  run("SetDefaultPolicyVersion", Value::map({{"PolicyArn", kPolicyArn}, {"VersionId", "v2"}}));
  EXPECT_FALSE(allowed("u"));
  run("SetDefaultPolicyVersion", Value::map({{"PolicyArn", kPolicyArn}, {"VersionId", "v1"}}));
  run("CreatePolicy",
      Value::map({{"PolicyName", "narrow"},
                  {"PolicyDocument",
                   R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}})"}}));
  run("PutUserPermissionsBoundary",
      Value::map({{"UserName", "u"}, {"PermissionsBoundary", "arn:aws:iam::111122223333:policy/narrow"}}));
  EXPECT_FALSE(allowed("u"));
}

TEST_F(Lookup, WhatIsGoneGrantsNothingAndABoundaryThatIsGoneDenies) {
  ASSERT_TRUE(world_.store().run([&](store::Transaction& tx) -> Result<void> {
    UserRecord user;
    user.name = "u";
    user.id = "AIDAAAAAAAAAAAAAAAAAA";
    user.path = "/";
    user.attached = {"arn:aws:iam::111122223333:policy/gone"};
    tx.put(kUsers, {World::kAccount, "u"}, user);
    user.name = "v";
    auto compiled = TRY(policy::Policy::parse(kAllowAnything, policy::Kind::identity));
    user.inlined.emplace("in", StoredIdentityPolicy::make(std::string(kAllowAnything), {}, compiled));
    tx.put(kUsers, {World::kAccount, "v"}, user);
    user.name = "w";
    user.boundary = "arn:aws:iam::111122223333:policy/gone";
    tx.put(kUsers, {World::kAccount, "w"}, user);
    return {};
  }));
  EXPECT_FALSE(allowed("u"));
  EXPECT_TRUE(allowed("v"));
  EXPECT_FALSE(allowed("w"));
}

TEST_F(Lookup, RolesByArn) {
  run("CreateRole",
      Value::map(
          {{"RoleName", "Build"},
           {"Path", "/team/"},
           {"AssumeRolePolicyDocument",
            R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}})"}}));
  auto tx = world_.store().begin();
  const auto& deployment = world_.deployment();
  const auto* role = find_role_by_arn(tx, deployment, "arn:aws:iam::111122223333:role/team/Build");
  ASSERT_TRUE(role);
  EXPECT_EQ(role_arn(deployment, World::kAccount, *role), "arn:aws:iam::111122223333:role/team/Build");
  EXPECT_EQ(role, find_role(tx, World::kAccount, "bUILD"));
  for (auto wrong : {"arn:aws:iam::111122223333:role/Build", "arn:aws:iam::111122223333:role/team/build",
                     "arn:aws:iam::444455556666:role/team/Build", "arn:aws-cn:iam::111122223333:role/team/Build",
                     "arn:aws:iam::111122223333:user/team/Build", "arn:aws:iam:us-west-2:111122223333:role/team/Build",
                     "Build", "", "arn:aws:iam::111122223333:role/team/Build/", "arn:aws:iam::111122223333:role"}) {
    EXPECT_FALSE(find_role_by_arn(tx, deployment, wrong)) << wrong;
  }
}

TEST_F(Lookup, AccountOfRoleArn) {
  EXPECT_EQ(account_of_role_arn("arn:aws:iam::444455556666:role/a/b"), "444455556666");
  EXPECT_EQ(account_of_role_arn("arn:aws-us-gov:iam::444455556666:role/b"), "444455556666");
  for (auto wrong :
       {"arn:aws:iam::4444:role/b", "arn:aws:iam::444455556666:role/", "arn:aws:iam::444455556666:role/a b",
        "arn:aws:iam::aws:role/b", "arn:aws:sts::444455556666:role/b", "arn:x:iam::444455556666:role/b",
        "arn:aws:iam::444455556666:rolex/b", "arn:aws:iam::444455556666:role//", ""}) {
    EXPECT_FALSE(account_of_role_arn(wrong)) << wrong;
  }
}

TEST_F(Lookup, AccessKeysAreSealedAndFound) {
  run("CreateUser", Value::map({{"UserName", "Alice"}}));
  auto made = run("CreateAccessKey", Value::map({{"UserName", "alice"}}));
  const auto* key = made.find("AccessKey");
  std::string id(key->text("AccessKeyId")), secret(key->text("SecretAccessKey"));
  EXPECT_EQ(id.size(), 20u);
  EXPECT_TRUE(id.starts_with("AKIA"));
  EXPECT_EQ(secret.size(), 40u);
  auto find = [&] {
    auto tx = world_.store().begin();
    auto found = find_access_key(tx, world_.deployment(), id);
    EXPECT_TRUE(found);
    return found ? std::move(*found) : std::nullopt;
  };
  auto owner = find();
  ASSERT_TRUE(owner);
  EXPECT_EQ(owner->account, World::kAccount);
  EXPECT_EQ(owner->user, "Alice");
  EXPECT_TRUE(owner->secret.equals(secret));
  EXPECT_TRUE(owner->active);
  run("UpdateAccessKey", Value::map({{"UserName", "Alice"}, {"AccessKeyId", id}, {"Status", "Inactive"}}));
  EXPECT_FALSE(find()->active);
  run("UpdateUser", Value::map({{"UserName", "Alice"}, {"NewUserName", "Bob"}}));
  EXPECT_EQ(find()->user, "Bob");
  EXPECT_FALSE(find()->active);

  // not in the store as plain text, and useless under another key ring
  auto tx = world_.store().begin();
  EXPECT_FALSE(tx.find(kAccessKeySecrets, {id})->sealed.contains(secret));
  SeededRandom random(99);
  world_.deployment().at_rest = crypto::KeyRing::generate(random);
  auto refused = find_access_key(tx, world_.deployment(), id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::internal);
  EXPECT_FALSE(refused.error().cause.contains(secret));
  EXPECT_FALSE(*find_access_key(tx, world_.deployment(), "AKIAAAAAAAAAAAAAAAAA"));
}

TEST_F(Lookup, AccessKeyIdsCarryTheAccount) {
  SeededRandom random(1);
  for (auto account : {"111122223333", "000000000001", "999999999999"}) {
    auto id = make_access_key_id(random, "ASIA", account);
    EXPECT_EQ(id.size(), 20u);
    EXPECT_EQ(account_of_access_key_id(id), account);
  }
  EXPECT_NE(make_access_key_id(random, "AKIA", "111122223333"), make_access_key_id(random, "AKIA", "111122223333"));
  EXPECT_FALSE(account_of_access_key_id("AKIAIOSFODNN7EXAMPLE"));  // of the old kind
  EXPECT_FALSE(account_of_access_key_id("AKIA"));
  EXPECT_FALSE(account_of_access_key_id("AKIA1111111111111111"));
}

}  // namespace
}  // namespace podpass::iam
