// evaluate() and looking up actions must not allocate: this program's operator new counts.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include "policy/actions.h"
#include "policy/pattern.h"
#include "policy/policy.h"

namespace {
std::atomic<std::size_t> allocations = 0;
}  // namespace

// GCC takes the pair below for a mismatch when it inlines one of them.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace podpass::policy {
namespace {

constexpr std::string_view kEverything = R"({"Version":"2012-10-17","Statement":[
  {"Effect":"Deny","Action":"s3:*Acl","Resource":"arn:aws:s3:::*/${aws:PrincipalTag/team}/*secret*"},
  {"Effect":"Deny","NotAction":["iam:*","s3:*"],"NotResource":"arn:aws:sqs:*:*:x*y*z"},
  {"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/team}/*","Condition":{
     "StringEquals":{"aws:PrincipalTag/team":["red","blue"]},
     "StringLike":{"aws:userid":"*:${aws:PrincipalTag/team}*"},
     "StringEqualsIgnoreCase":{"aws:PrincipalType":"assumedrole"},
     "StringNotEquals":{"a:none":"x"},
     "NumericLessThan":{"a:n":10.5},
     "DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"},
     "Bool":{"aws:SecureTransport":"true"},
     "BinaryEquals":{"a:bin":"QmluYXJ5"},
     "IpAddress":{"aws:SourceIp":["10.0.0.0/8","2001:db8::/32"]},
     "ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"},
     "Null":{"a:none":"true"},
     "ForAllValues:StringLike":{"aws:TagKeys":["a*","b*"]},
     "ForAnyValue:StringEquals":{"aws:TagKeys":"b1"},
     "StringEqualsIfExists":{"a:none":"x"}}}]})";

TEST(Evaluate, DoesNotAllocate) {
  const auto policy = Policy::parse(kEverything, Kind::identity);
  const auto bucket = Policy::parse(R"({"Statement":[
      {"Effect":"Deny","NotPrincipal":{"AWS":["111122223333","arn:aws:iam::111122223333:role/app","arn:aws:sts::111122223333:assumed-role/app/one"]},
       "Action":"s3:*","Resource":"*"},
      {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/app"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]})",
                                    Kind::bucket, {{"arn:aws:iam::111122223333:role/app", "AROAAPP"}});
  ASSERT_TRUE(policy.has_value()) << policy.error().cause;
  ASSERT_TRUE(bucket.has_value()) << bucket.error().cause;
  Context context;
  const std::array<std::string_view, 2> tags = {"a1", "b1"};
  context.add_tag("aws:PrincipalTag/", "team", "blue");
  context.add("aws:userid", "AROAAPP:blue-1");
  context.add("aws:PrincipalType", "AssumedRole");
  context.add("a:n", "10");
  context.add("aws:CurrentTime", "2024-01-01T00:00:00Z");
  context.add("aws:SecureTransport", "true");
  context.add("a:bin", "QmluYXJ5");
  context.add("aws:SourceIp", "10.1.2.3");
  context.add("aws:PrincipalArn", "arn:aws:iam::111122223333:role/app");
  context.add_list("aws:TagKeys", tags);
  const Principal principal{.type = PrincipalType::role_session,
                            .account = "111122223333",
                            .arn = "arn:aws:sts::111122223333:assumed-role/app/one",
                            .role_arn = "arn:aws:iam::111122223333:role/app",
                            .unique_id = "AROAAPP"};
  const NamedPolicy named{policy->get(), {}};
  Layers layers;
  layers.identity = {&named, 1};
  layers.resource = bucket->get();
  layers.has_session = true;
  layers.session = {&named, 1};
  Layers bounded = layers;  // whom NotPrincipal never leaves out
  bounded.has_boundary = true;
  bounded.boundary = named;
  Layers own = bounded;
  own.resource = nullptr;
  const Request read{principal, "s3:GetObject", "arn:aws:s3:::b/blue/k", "111122223333", context};
  const Request cross{principal, "s3:GetObject", "arn:aws:s3:::b/blue/k", "999988887777", context};
  const Request acl{principal, "s3:GetObjectAcl", "arn:aws:s3:::b/blue/a-secret-b", {}, context};
  const Request other{principal, "eks:ListClusters", "*", {}, context};

  const auto before = allocations.load();
  const auto read_decision = evaluate(read, layers);
  const auto cross_decision = evaluate(cross, layers);
  const auto acl_decision = evaluate(acl, layers);
  const auto other_decision = evaluate(other, layers);
  const auto bounded_decision = evaluate(read, bounded);
  const auto own_decision = evaluate(read, own);
  EXPECT_EQ(allocations.load(), before);

  EXPECT_TRUE(read_decision.allowed());
  EXPECT_EQ(read_decision.layer, Layer::resource);
  EXPECT_TRUE(cross_decision.allowed());
  EXPECT_EQ(acl_decision.outcome, Outcome::explicit_deny);
  EXPECT_EQ(other_decision.outcome, Outcome::explicit_deny);
  EXPECT_EQ(bounded_decision.layer, Layer::resource);
  EXPECT_EQ(bounded_decision.outcome, Outcome::explicit_deny);
  EXPECT_TRUE(own_decision.allowed());
}

// What is searched between stars, however long it is.
TEST(Pattern, MatchingDoesNotAllocate) {
  const std::string text = "arn:aws:s3:::" + std::string(20'000, 'a') + "b";
  const std::string value(5'000, 'a');
  PatternPool pool;
  const std::array patterns = {
      pool.add_resource("arn:aws:s3:::*" + std::string(10'000, 'a') + "?b*", Variables::yes),
      pool.add_resource("arn:aws:s3:::*" + std::string(10'000, '?') + "c*", Variables::yes),
      pool.add_resource("arn:aws:s3:::*a${aws:username}a*b", Variables::yes),
      pool.add_resource("arn:aws:s3:::*a${aws:username}?c*", Variables::yes),
      pool.add_arn("arn:aws:s3:*:*:*${aws:username}?b", Variables::yes),
  };
  Context context;
  context.add("aws:username", value);
  const auto before = allocations.load();
  std::size_t matches = 0;
  for (const auto& pattern : patterns) matches += pool.matches(pattern, text, context) ? 1 : 0;
  EXPECT_EQ(allocations.load(), before);
  EXPECT_EQ(matches, 3U);
}

TEST(Actions, LookUpsDoNotAllocate) {
  const auto before = allocations.load();
  bool found = action_id("eks-auth:assumeroleforpodidentity").has_value();
  found = found && !action_id("s3:nothing") && find_service("eks-auth") && find_condition_key("aws:PrincipalTag/team");
  const auto run = find_action("EC2:RunInstances");
  for (const auto& resource : run->resources) {
    found = found && !resource.type.arn.empty();
    for (const auto& key : resource.condition_keys) found = found && !key.name.empty();
  }
  EXPECT_EQ(allocations.load(), before);
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace podpass::policy
