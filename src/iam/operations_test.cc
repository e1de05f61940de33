#include "iam/operations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <set>

#include "codec/json.h"
#include "iam/lookup.h"
#include "iam/oidc_providers.h"
#include "iam/world_test.h"

namespace podpass::iam {
namespace {

using codec::Value;

constexpr std::string_view kTrust =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}})";
constexpr std::string_view kAllow =
    R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}})";

// Something good for every member that an operation demands.
Value sample(std::string_view operation, std::string_view member, const std::string& key_id) {
  if (member == "RoleName" || member == "UserName") return operation.starts_with("Create") ? "fresh" : "target";
  if (member == "PolicyName")
    return operation.ends_with("UserPolicy") || operation.ends_with("RolePolicy") ? "in" : "fresh";
  if (member == "PolicyArn" || member == "PermissionsBoundary") return "arn:aws:iam::111122223333:policy/target";
  if (member == "AssumeRolePolicyDocument") return kTrust;
  if (member == "PolicyDocument") return operation == "UpdateAssumeRolePolicy" ? kTrust : kAllow;
  if (member == "Tags") return Value::list({Value::map({{"Key", "a"}, {"Value", "b"}})});
  if (member == "TagKeys") return Value::list({"a"});
  if (member == "VersionId") return "v1";
  if (member == "AccessKeyId") return key_id;
  if (member == "Status") return "Inactive";
  if (member == "Description") return "text";
  if (member == "PolicySourceArn") return "arn:aws:iam::111122223333:user/target";
  if (member == "PolicyInputList") return Value::list({kAllow});
  if (member == "ActionNames") return Value::list({"s3:GetObject"});
  if (member == "Url") return "https://fresh.example.com";
  if (member == "OpenIDConnectProviderArn") return "arn:aws:iam::111122223333:oidc-provider/target.example.com";
  if (member == "ClientID") return "app";
  if (member == "ThumbprintList") return Value::list({std::string(40, 'a')});
  return {};
}

Value minimal_input(const aws::Operation& operation, const std::string& key_id) {
  Value input(Value::Map{});
  auto shape = operation.describe();
  for (const auto& [member, described] : *shape.find("input")->find("members")->as<Value::Map>()) {
    const bool wanted = *described.find("required")->as<bool>() || member == "Tags" || member == "TagKeys" ||
                        member == "PolicyInputList" || member == "ActionNames" || member == "ThumbprintList";
    if (!wanted) continue;
    auto value = sample(operation.name, member, key_id);
    EXPECT_FALSE(value.is_null()) << operation.name << " " << member;
    input.add(member, std::move(value));
  }
  return input;
}

// A role, a user, a policy and a provider named "target", and a user "nobody" without any permission.
std::string furnish(World& world) {
  auto root = world.root();
  auto run = [&](std::string_view operation, const Value& input) {
    auto result = world.run(operation, input, *root);
    EXPECT_TRUE(result) << operation << ": " << result.error().message;
    return result ? *result : Value();
  };
  run("CreateRole", Value::map({{"RoleName", "target"}, {"AssumeRolePolicyDocument", kTrust}}));
  run("CreateUser", Value::map({{"UserName", "target"}}));
  run("CreateUser", Value::map({{"UserName", "nobody"}}));
  run("CreatePolicy", Value::map({{"PolicyName", "target"}, {"PolicyDocument", kAllow}}));
  run("CreateOpenIDConnectProvider", Value::map({{"Url", "https://target.example.com"}}));
  auto key = run("CreateAccessKey", Value::map({{"UserName", "target"}}));
  return std::string(key.find("AccessKey")->text("AccessKeyId"));
}

TEST(Operations, AreNamedOnce) {
  std::set<std::string_view> names;
  for (const auto& operation : service().operations) {
    EXPECT_TRUE(names.insert(operation.name).second) << operation.name;
    const bool reads = operation.name.starts_with("Get") || operation.name.starts_with("List") ||
                       operation.name.starts_with("Simulate");
    EXPECT_EQ(operation.access == aws::Access::read, reads) << operation.name;
  }
}

TEST(Operations, AreAllDeniedWithoutPermissionAndChangeNothing) {
  World world;
  auto key_id = furnish(world);
  auto nobody = world.user("nobody");
  for (const auto& operation : service().operations) {
    bool wrote = true;
    auto result = world.rehearse(operation.name, minimal_input(operation, key_id), *nobody, &wrote);
    ASSERT_FALSE(result) << operation.name;
    EXPECT_EQ(result.error().kind, ErrorKind::denied) << operation.name << ": " << result.error().message;
    EXPECT_EQ(result.error().code, "AccessDenied") << operation.name;
    EXPECT_TRUE(result.error().message.contains("iam:" + std::string(operation.name))) << result.error().message;
    EXPECT_FALSE(wrote) << operation.name;
  }
}

// A missing entity is refused with the same words as one that exists, to someone who may not know.
TEST(Operations, DeniedCallersCannotTellWhatExists) {
  World world;
  furnish(world);
  auto nobody = world.user("nobody");
  auto message = [&](std::string_view name) {
    auto result = world.rehearse("GetRole", Value::map({{"RoleName", name}}), *nobody);
    EXPECT_FALSE(result);
    auto text = result.error().message;
    text.replace(text.find(name), name.size(), "NAME");
    return text;
  };
  EXPECT_EQ(message("target"), message("absent"));
}

TEST(Operations, RootMayDoThemAll) {
  World world;
  auto key_id = furnish(world);
  auto root = world.root();
  std::set<std::string_view> expected_not_found = {"DetachRolePolicy", "DetachUserPolicy", "GetRolePolicy",
                                                   "GetUserPolicy",    "DeleteRolePolicy", "DeleteUserPolicy"};
  std::set<std::string_view> expected_conflict = {"DeletePolicyVersion", "DeleteUser"};
  for (const auto& operation : service().operations) {
    auto input = minimal_input(operation, key_id);
    if (operation.name.ends_with("AccessKey") || operation.name == "CreateAccessKey") input.set("UserName", "target");
    auto result = world.rehearse(operation.name, input, *root);
    if (expected_not_found.contains(operation.name)) {
      ASSERT_FALSE(result) << operation.name;
      EXPECT_EQ(result.error().status, 404);
    } else if (expected_conflict.contains(operation.name)) {
      ASSERT_FALSE(result) << operation.name;
      EXPECT_EQ(result.error().status, 409);
    } else {
      EXPECT_TRUE(result) << operation.name << ": " << result.error().message;
    }
  }
}

TEST(Operations, OidcQuotasHold) {
  World world;
  auto root = world.root();
  auto run = [&](std::string_view operation, const Value& input) -> std::string {
    auto result = world.run(operation, input, *root);
    return result ? "made" : result.error().code + " " + result.error().message;
  };
  auto url = [](std::size_t i) { return "https://" + std::to_string(i) + ".example.com"; };
  auto many = Value::list();
  for (std::size_t i = 0; i < kMaxClientIds; ++i) many.push("client" + std::to_string(i));
  EXPECT_EQ(run("CreateOpenIDConnectProvider", Value::map({{"Url", url(0)}, {"ClientIDList", many}})), "made");
  const std::string arn = "arn:aws:iam::111122223333:oidc-provider/0.example.com";
  const std::string full = "LimitExceeded Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100";
  const auto add = [&](std::string_view id) {
    return run("AddClientIDToOpenIDConnectProvider", Value::map({{"OpenIDConnectProviderArn", arn}, {"ClientID", id}}));
  };
  EXPECT_EQ(add("client7"), "made");  // it is there
  EXPECT_EQ(add("one more"), full);
  many.push("one more");
  EXPECT_EQ(run("CreateOpenIDConnectProvider", Value::map({{"Url", url(1)}, {"ClientIDList", many}})), full);
  for (std::size_t i = 1; i < kMaxOidcProviders; ++i) {
    ASSERT_EQ(run("CreateOpenIDConnectProvider", Value::map({{"Url", url(i)}})), "made");
  }
  EXPECT_EQ(run("CreateOpenIDConnectProvider", Value::map({{"Url", url(kMaxOidcProviders)}})),
            "LimitExceeded Cannot exceed quota for OpenIdConnectProvidersPerAccount: 100");
  auto listed = world.run("ListOpenIDConnectProviders", Value(Value::Map{}), *root);
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->find("OpenIDConnectProviderList")->as<Value::List>()->size(), kMaxOidcProviders);
}

TEST(Operations, AccountQuotasHold) {
  World world;
  world.deployment().quotas.roles = world.deployment().quotas.users = world.deployment().quotas.policies = 2;
  auto root = world.root();
  auto create = [&](std::string_view operation, std::string_view member, std::string_view name) -> std::string {
    auto input =
        Value::map({{std::string(member), name}, {"AssumeRolePolicyDocument", kTrust}, {"PolicyDocument", kAllow}});
    auto result = world.run(operation, input, *root);
    return result ? "made"
                  : std::to_string(result.error().status) + " " + result.error().code + " " + result.error().message;
  };
  for (auto [operation, member, refusal] : {std::tuple("CreateRole", "RoleName", "RolesPerAccount"),
                                            std::tuple("CreateUser", "UserName", "UsersPerAccount"),
                                            std::tuple("CreatePolicy", "PolicyName", "PoliciesPerAccount")}) {
    EXPECT_EQ(create(operation, member, "a"), "made");
    EXPECT_EQ(create(operation, member, "b"), "made");
    EXPECT_EQ(create(operation, member, "c"),
              "409 LimitExceeded Cannot exceed quota for " + std::string(refusal) + ": 2");
  }
}

std::string document_of_size(std::size_t characters, std::size_t spaces) {
  std::string head =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::)";
  std::string tail = R"("}})";
  return head + std::string(characters - head.size() - tail.size(), 'x') + "\"" + std::string(spaces, ' ') + "}}";
}

TEST(Operations, PolicySizeIsCountedWithoutWhiteSpace) {
  World world;
  auto root = world.root();
  auto create = [&](std::string_view name, std::string document) {
    return world.run("CreatePolicy", Value::map({{"PolicyName", name}, {"PolicyDocument", std::move(document)}}),
                     *root);
  };
  EXPECT_TRUE(create("fits", document_of_size(6144, 60'000)));
  auto over = create("over", document_of_size(6145, 0));
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, "LimitExceeded");
  EXPECT_EQ(over.error().message, "Cannot exceed quota for PolicySize: 6144");
}

// White space is not counted by the quotas but stored, so a limit of our own keeps records small enough to be stored.
TEST(Operations, WhiteSpaceCannotFillARecord) {
  World world;
  auto root = world.root();
  auto document = document_of_size(200, 130'000);
  std::ranges::replace(document, ' ', '\n');
  ASSERT_TRUE(world.run("CreatePolicy", Value::map({{"PolicyName", "p"}, {"PolicyDocument", document}}), *root));
  auto more = Value::map({{"PolicyArn", "arn:aws:iam::111122223333:policy/p"}, {"PolicyDocument", document}});
  EXPECT_TRUE(world.run("CreatePolicyVersion", more, *root));
  EXPECT_TRUE(world.run("CreatePolicyVersion", more, *root));
  auto full = world.run("CreatePolicyVersion", more, *root);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, "LimitExceeded");
  ASSERT_TRUE(world.run("CreateRole", Value::map({{"RoleName", "r"}, {"AssumeRolePolicyDocument", kTrust}}), *root));
  for (auto name : {"a", "b", "c"}) {
    auto put = Value::map({{"RoleName", "r"}, {"PolicyName", name}, {"PolicyDocument", document}});
    auto result = world.run("PutRolePolicy", put, *root);
    EXPECT_EQ(result.has_value(), std::string_view(name) != "c") << name;
  }
}

TEST(Operations, TrustPolicySizeIsLimited) {
  World world;
  std::string trust =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalTag/a":")" +
      std::string(2'000, 'x') + R"("}}}})";
  auto result =
      world.run("CreateRole", Value::map({{"RoleName", "r"}, {"AssumeRolePolicyDocument", trust}}), *world.root());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().status, 409);
  EXPECT_EQ(result.error().message, "Cannot exceed quota for ACLSizePerRole: 2048");
}

// Two operations that clash: the one that commits last must run again, and then sees what the other did.
TEST(Operations, ClashesAreNoticed) {
  const std::string_view arn = "arn:aws:iam::111122223333:policy/target";
  struct Clash {
    std::string_view slow;
    Value slow_input;
    std::string_view quick;
    Value quick_input;
  };
  const auto role = Value::map({{"RoleName", "fresh"}, {"AssumeRolePolicyDocument", kTrust}});
  const auto version = Value::map({{"PolicyArn", arn}, {"PolicyDocument", kAllow}});
  const auto attach = Value::map({{"UserName", "target"}, {"PolicyArn", arn}});
  const auto remove = Value::map({{"PolicyArn", arn}});
  const auto key = Value::map({{"UserName", "nobody"}});
  const Clash clashes[] = {{"AttachUserPolicy", attach, "DeletePolicy", remove},
                           {"DeletePolicy", remove, "AttachUserPolicy", attach},
                           {"CreateRole", role, "CreateRole", role},
                           {"CreatePolicyVersion", version, "CreatePolicyVersion", version},
                           {"DeleteUser", key, "CreateAccessKey", key},
                           {"CreateAccessKey", key, "DeleteUser", key}};
  for (const auto& clash : clashes) {
    World world;
    furnish(world);
    auto root = world.root();
    auto slow = world.store().begin();
    ASSERT_TRUE(world.call(slow, clash.slow, clash.slow_input, *root)) << clash.slow;
    ASSERT_TRUE(world.run(clash.quick, clash.quick_input, *root)) << clash.quick;
    std::promise<Result<void>> done;
    world.store().commit(std::move(slow), [&](Result<void> result) { done.set_value(std::move(result)); });
    auto result = done.get_future().get();
    ASSERT_FALSE(result) << clash.slow << " over " << clash.quick;
    EXPECT_EQ(result.error().kind, ErrorKind::conflict);
  }
}

TEST(Operations, RolesOfAwsServicesCannotBeChanged) {
  World world;
  ASSERT_TRUE(world.store().run([&](store::Transaction& tx) -> Result<void> {
    RoleRecord role;
    role.name = "AWSServiceRoleForX";
    role.id = "AROAAAAAAAAAAAAAAAAAA";
    role.path = "/aws-service-role/x.amazonaws.com/";
    tx.put(kRoles,
           {World::kAccount,
            "awsservicerolefor"
            "x"},
           std::move(role));
    return {};
  }));
  auto root = world.root();
  for (const auto& operation : service().operations) {
    auto input = minimal_input(operation, "AKIAAAAAAAAAAAAAAAAA");
    if (operation.access == aws::Access::read || operation.name == "CreateRole" || !input.find("RoleName")) continue;
    input.set("RoleName", "AWSServiceRoleForX");
    auto result = world.rehearse(operation.name, input, *root);
    ASSERT_FALSE(result) << operation.name;
    EXPECT_EQ(result.error().code, "UnmodifiableEntity") << operation.name << ": " << result.error().message;
    EXPECT_EQ(result.error().status, 400);
  }
}

}  // namespace
}  // namespace podpass::iam
