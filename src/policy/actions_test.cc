#include "policy/actions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ranges>
#include <set>
#include <string>

#include "base/strings.h"

namespace podpass::policy {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

std::string to_upper(std::string_view text) {
  std::string upper(text);
  for (auto& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return upper;
}

template <class T>
std::vector<std::string> names(const Made<T>& all) {
  std::vector<std::string> result;
  for (const auto& each : all) result.emplace_back(each.name);
  return result;
}

// "type", or "type!" where it is required.
std::vector<std::string> resources_of(std::string_view name) {
  std::vector<std::string> result;
  const auto found = find_action(name);
  if (!found) return {"unknown action"};
  for (const auto& each : found->resources) result.push_back(std::string(each.type.name) + (each.required ? "!" : ""));
  return result;
}

std::vector<std::string> matching(std::string_view pattern) {
  std::vector<std::string> result;
  for (const auto id : matching_actions(pattern)) result.emplace_back(action(id).name);
  return result;
}

KeyType type_of(std::string_view name) {
  const auto key = find_condition_key(name);
  EXPECT_TRUE(key.has_value()) << name;
  return key.value_or(ConditionKey{}).type;
}

TEST(Actions, AreAllThere) {
  EXPECT_GE(services().size(), 456U);
  EXPECT_GE(action_count(), 22'091U);
  EXPECT_GE(actions_version(), "0.21.202609261");
}

TEST(Actions, AreFoundInAnyCaseUnderIdsOfTheirOwn) {
  ActionId next = 0;
  for (const auto& service : services()) {
    ASSERT_FALSE(service.actions.empty()) << service.prefix;
    for (const auto& each : service.actions) {
      EXPECT_EQ(each.id, next++);  // dense and in order, so unique
      EXPECT_EQ(each.service(), service.prefix);
      EXPECT_EQ(action_id(to_lower(each.name)), each.id) << each.name;
      EXPECT_EQ(find_action(each.name).value_or(Action{}).name, each.name);
      EXPECT_EQ(find_action(to_upper(each.name)).value_or(Action{}).name, each.name);
      EXPECT_EQ(action(each.id).name, each.name);
    }
  }
  EXPECT_EQ(next, action_count());
}

TEST(Actions, AreUnknownWhenAWordIsOff) {
  for (const std::string_view name :
       {"", ":", "s3", "s3:", "s3:GetObject ", " s3:GetObject", "s3:GetObjects", "s3:GetObjec", "S4:GetObject",
        "s3:Get*", "*", "GetObject", "s3:get object", "s3:GetObject:x", "iam:GetObject", "s3;GetObject",
        "s3:\xC7"
        "etObject"}) {
    EXPECT_FALSE(find_action(name)) << name;
    EXPECT_FALSE(action_id(name)) << name;
  }
  for (std::size_t size = 0; size < 200; ++size) EXPECT_FALSE(find_action("s3:" + std::string(size, 'x')));
  EXPECT_FALSE(action_id("s3:GetObject")) << "only lower case has ids";
  EXPECT_TRUE(action_id("s3:getobject"));
  for (const auto& service : services()) {
    for (const auto& each : service.actions) {
      auto lower = to_lower(each.name);
      lower.back() = '!';
      EXPECT_FALSE(action_id(lower)) << lower;
      lower.front() = '@';  // what is 0x20 below a letter's place must not pass for it
      EXPECT_FALSE(action_id(lower)) << lower;
    }
  }
}

TEST(Actions, TellTheirAccessLevel) {
  const auto level = [](std::string_view name) { return find_action(name).value_or(Action{}).level; };
  EXPECT_EQ(level("s3:GetObject"), AccessLevel::read);
  EXPECT_EQ(level("s3:PutObject"), AccessLevel::write);
  EXPECT_EQ(level("s3:ListBucket"), AccessLevel::list);
  EXPECT_EQ(level("s3:PutObjectTagging"), AccessLevel::tagging);
  EXPECT_EQ(level("s3:PutBucketPolicy"), AccessLevel::permissions_management);
  EXPECT_EQ(level("iam:PassRole"), AccessLevel::write);
  EXPECT_EQ(level("eks-auth:AssumeRoleForPodIdentity"), AccessLevel::read);
}

TEST(Actions, TellTheirResources) {
  for (const std::string_view name : {"s3:ListAllMyBuckets", "sts:GetCallerIdentity", "iam:ListRoles",
                                      "eks:ListClusters", "ec2:DescribeInstances", "sts:DecodeAuthorizationMessage"}) {
    ASSERT_TRUE(find_action(name)) << name;
    EXPECT_TRUE(find_action(name)->takes_no_resource()) << name;
  }
  EXPECT_THAT(resources_of("iam:PassRole"), ElementsAre("role!"));
  EXPECT_THAT(resources_of("eks-auth:AssumeRoleForPodIdentity"), ElementsAre("cluster!"));
  EXPECT_THAT(resources_of("sts:AssumeRole"), ElementsAre("role!"));
  EXPECT_THAT(resources_of("s3:GetObject"), ElementsAre("accesspointobject", "object"));
  EXPECT_THAT(resources_of("eks:CreatePodIdentityAssociation"), ElementsAre("cluster!"));
  EXPECT_THAT(resources_of("ec2:RunInstances"), Contains("image!"));
  EXPECT_THAT(resources_of("ec2:RunInstances"), Contains("key-pair"));

  const auto resource = [](std::string_view name, std::string_view type) {
    const auto found = find_action(name);
    for (const auto& each : found->resources) {
      if (each.type.name == type) return each;
    }
    ADD_FAILURE() << name << " has no " << type;
    return ActionResource{};
  };
  EXPECT_EQ(resource("s3:GetObject", "object").type.arn, "arn:${Partition}:s3:::${BucketName}/${ObjectName}");
  EXPECT_EQ(resource("s3:ListBucket", "bucket").type.arn, "arn:${Partition}:s3:::${BucketName}");
  EXPECT_EQ(resource("iam:PassRole", "role").type.arn, "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}");
  const auto cluster = resource("eks-auth:AssumeRoleForPodIdentity", "cluster");
  EXPECT_EQ(cluster.type.arn, "arn:${Partition}:eks:${Region}:${Account}:cluster/${ClusterName}");
  EXPECT_THAT(names(cluster.type.condition_keys), ElementsAre("aws:ResourceTag/${TagKey}"));
  EXPECT_THAT(names(resource("ec2:RunInstances", "image").condition_keys), Contains("ec2:ImageType"));
}

TEST(Actions, TellTheirConditionKeys) {
  EXPECT_THAT(names(find_action("iam:PassRole")->condition_keys),
              ElementsAre("iam:AssociatedResourceArn", "iam:PassedToService"));
  EXPECT_THAT(names(find_action("s3:GetObject")->condition_keys), Contains("s3:ExistingObjectTag/<key>"));
  EXPECT_THAT(names(find_action("sts:AssumeRole")->condition_keys), Contains("sts:ExternalId"));
  EXPECT_THAT(names(find_action("sts:GetCallerIdentity")->condition_keys), IsEmpty());
}

TEST(Actions, BelongToServices) {
  const auto s3 = find_service("S3");
  ASSERT_TRUE(s3);
  EXPECT_EQ(s3->prefix, "s3");
  EXPECT_EQ(s3->name, "Amazon S3");
  EXPECT_TRUE(s3->obeys_resource_controls);
  EXPECT_THAT(names(s3->actions), Contains("s3:GetObject"));
  EXPECT_THAT(names(s3->actions), Not(Contains("s3express:CreateSession")));
  EXPECT_THAT(names(s3->resource_types), Contains("object"));
  EXPECT_THAT(names(s3->condition_keys), Contains("s3:prefix"));
  EXPECT_EQ(find_service("eks-auth")->name, "Amazon EKS Auth");
  EXPECT_FALSE(find_service("eks-auth")->obeys_resource_controls);
  EXPECT_EQ(find_service("a2c")->prefix, "a2c");    // the first
  EXPECT_EQ(find_service("xRay")->prefix, "xray");  // the last
  for (const std::string_view prefix : {"", "s", "s33", "aws", "s3:", "s3:getobject", "zzz", "*"}) {
    EXPECT_FALSE(find_service(prefix)) << prefix;
  }
  for (const auto& service : services()) EXPECT_EQ(find_service(to_upper(service.prefix))->prefix, service.prefix);
}

TEST(ConditionKeys, AreFoundInAnyCaseWithTheirTypes) {
  EXPECT_EQ(find_condition_key("AWS:sourceip")->name, "aws:SourceIp");
  EXPECT_EQ(find_condition_key("aws:userid")->name, "aws:userid");
  EXPECT_EQ(type_of("aws:SourceIp"), KeyType::ip_address);
  EXPECT_EQ(type_of("aws:PrincipalArn"), KeyType::arn);
  EXPECT_EQ(type_of("aws:SecureTransport"), KeyType::boolean);
  EXPECT_EQ(type_of("aws:MultiFactorAuthAge"), KeyType::numeric);
  EXPECT_EQ(type_of("aws:CurrentTime"), KeyType::date);
  EXPECT_EQ(type_of("aws:TagKeys"), KeyType::array_of_string);
  EXPECT_EQ(type_of("iam:PolicyARN"), KeyType::arn);
  EXPECT_EQ(type_of("iam:PassedToService"), KeyType::string);
  EXPECT_EQ(type_of("s3:prefix"), KeyType::string);
  EXPECT_EQ(type_of("s3:max-keys"), KeyType::numeric);
  EXPECT_EQ(type_of("sts:DurationSeconds"), KeyType::numeric);
  EXPECT_EQ(type_of("token.actions.githubusercontent.com:actor"), KeyType::string);
  for (const auto& service : services()) {
    for (const auto& key : service.condition_keys) {
      EXPECT_EQ(find_condition_key(to_upper(key.name)).value_or(ConditionKey{}).name, key.name);
    }
  }
}

// q types this key otherwise than its own service does.
TEST(ConditionKeys, AreAsTheirOwnServiceSays) {
  EXPECT_EQ(type_of("identitystore:UserId"), KeyType::string);
  const auto q = find_service("q");
  const auto key = std::ranges::find(q->condition_keys, "identitystore:UserId", &ConditionKey::name);
  ASSERT_NE(key, q->condition_keys.end());
  EXPECT_EQ((*key).type, KeyType::array_of_string);
}

TEST(ConditionKeys, HaveFreeParts) {
  const auto name = [](std::string_view text) { return find_condition_key(text).value_or(ConditionKey{"none"}).name; };
  EXPECT_EQ(name("aws:principaltag/team"), "aws:PrincipalTag/${TagKey}");
  EXPECT_EQ(name("aws:PrincipalTag/a:b/c"), "aws:PrincipalTag/${TagKey}");
  EXPECT_EQ(name("aws:PrincipalTag/$a"), "aws:PrincipalTag/${TagKey}");
  EXPECT_EQ(name("aws:RequestTag/x"), "aws:RequestTag/${TagKey}");
  EXPECT_EQ(name("aws:ResourceTag/x"), "aws:ResourceTag/${TagKey}");
  EXPECT_EQ(name("iam:ResourceTag/x"), "iam:ResourceTag/${TagKey}");
  EXPECT_EQ(name("s3:ExistingObjectTag/class"), "s3:ExistingObjectTag/<key>");
  EXPECT_EQ(name("kms:EncryptionContext:app"), "kms:EncryptionContext:${EncryptionContextKey}");
  EXPECT_EQ(name("events:metadata/x"), "events:Metadata/${MetadataKey}");
  EXPECT_EQ(name("events:metadata/x/matcher"), "events:Metadata/${MetadataKey}/Matcher");
  EXPECT_EQ(name("token.actions.githubusercontent.com/octo:sub"), "none");
  EXPECT_EQ(name("token.actions.githubusercontent.com/octo:actor_id"),
            "token.actions.githubusercontent.com/${SubPath}:actor_id");
  for (const std::string_view unknown :
       {"", ":", "aws:", "aws:PrincipalTag", "aws:PrincipalTag/", "aws:principaltags/x", "aws:SourceIps",
        "s3:", "PrincipalTag/team", "my:key"}) {
    EXPECT_EQ(name(unknown), "none") << unknown;
  }
}

TEST(MatchingActions, AreThoseOfAPattern) {
  EXPECT_THAT(matching("S3:getobject"), ElementsAre("s3:GetObject"));
  EXPECT_THAT(matching("eks-auth:*"), ElementsAre("eks-auth:AssumeRoleForPodIdentity"));
  EXPECT_THAT(matching("s3:get*Object"), Contains("s3:GetObject"));
  EXPECT_THAT(matching("sts:AssumeRol?"), ElementsAre("sts:AssumeRole"));
  EXPECT_THAT(matching("sts:assumerolewith*"), ElementsAre("sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"));
  EXPECT_THAT(matching("s?:getobject"), ElementsAre("s3:GetObject"));
  EXPECT_THAT(matching("*:AssumeRoleForPod*"), ElementsAre("eks-auth:AssumeRoleForPodIdentity"));
  EXPECT_THAT(matching("s3:Get*"), Not(Contains("s3express:GetBucketPolicy")));
  EXPECT_EQ(matching("s3:*").size(), find_service("s3")->actions.size());
  EXPECT_EQ(matching("*").size(), action_count());
  for (const std::string_view none : {"", "s3", "s3:", "s3:nothing*", "nothing:*", "s3:*:x", ":*"}) {
    EXPECT_THAT(matching(none), IsEmpty()) << none;
  }
  const auto ids = matching_actions("*e*");
  EXPECT_TRUE(std::ranges::is_sorted(ids));
}

}  // namespace
}  // namespace podpass::policy
