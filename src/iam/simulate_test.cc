// The limits of simulations; what they say is in testdata/simulate_*.txt.
#include "iam/simulate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "iam/simulation.h"
#include "iam/simulation_context.h"
#include "iam/world_test.h"

namespace podpass::iam {
namespace {

using codec::Value;

std::string policy_of(std::size_t statements) {
  std::string text = R"({"Version":"2012-10-17","Statement":[)";
  for (std::size_t i = 0; i < statements; ++i) {
    text += R"({"Effect":"Allow","Action":"*","Resource":"*"})";
    text += i + 1 == statements ? "]}" : ",";
  }
  return text;
}

Value list_of(std::size_t count, const std::string& prefix) {
  Value::List items;
  for (std::size_t i = 0; i < count; ++i) items.emplace_back(prefix + std::to_string(i));
  return items;
}

Value input_of(std::size_t statements, std::size_t actions, std::size_t resources) {
  return Value::map({{"PolicyInputList", Value::list({policy_of(statements)})},
                     {"ActionNames", list_of(actions, "made:Up")},
                     {"ResourceArns", list_of(resources, "arn:aws:made:::")}});
}

TEST(Simulate, APageEndsWhereTheWorkIsEnough) {
  World world;
  const auto root = world.root();
  auto input = input_of(100, 90, 100);
  std::multiset<std::string> names;
  std::size_t pages = 0;
  for (bool more = true; more; ++pages) {
    const auto answer = world.rehearse("SimulateCustomPolicy", input, *root);
    ASSERT_TRUE(answer) << answer.error().message;
    const auto& results = *answer->find("EvaluationResults")->as<Value::List>();
    ASSERT_FALSE(results.empty());
    EXPECT_LE(results.size(), kMaxWork / 100 / 100);
    for (const auto& result : results) {
      names.emplace(result.text("EvalActionName"));
      EXPECT_EQ(result.find("ResourceSpecificResults")->as<Value::List>()->size(), 100U);
    }
    more = *answer->find("IsTruncated")->as<bool>();
    if (more) input.set("Marker", answer->text("Marker"));
  }
  EXPECT_GT(pages, 5U);
  EXPECT_EQ(names.size(), 90U);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 90U);
}

TEST(Simulate, OneActionMustFit) {
  World world;
  const auto root = world.root();
  EXPECT_TRUE(world.rehearse("SimulateCustomPolicy", input_of(20, 1, kMaxMatches / 20), *root));
  const auto refused = world.rehearse("SimulateCustomPolicy", input_of(21, 1, kMaxMatches / 20), *root);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "InvalidInput");
  EXPECT_THAT(refused.error().message, testing::StartsWith("The simulation is too large: 1000 resources, policies of "
                                                           "21 statements, and "));
}

TEST(Simulate, LongPoliciesCountAsMany) {
  World world;
  auto input = input_of(1, 1, 200);
  auto text = policy_of(1);
  text.insert(1, std::string(100'000, ' '));
  input.set("PolicyInputList", Value::list({text}));
  const auto refused = world.rehearse("SimulateCustomPolicy", input, *world.root());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "InvalidInput");
}

TEST(Simulate, LongValuesCountToo) {
  World world;
  auto input = input_of(50, 1, 50);
  const auto with_value = [&](std::size_t size) {
    input.set("ContextEntries",
              Value::list({Value::map({{"ContextKeyName", "aws:username"},
                                       {"ContextKeyType", "string"},
                                       {"ContextKeyValues", Value::list({std::string(size, 'a')})}})}));
    return world.rehearse("SimulateCustomPolicy", input, *world.root());
  };
  EXPECT_TRUE(with_value(1'000));
  const auto refused = with_value(1'000'000);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "InvalidInput");
}

TEST(Simulate, MissingKeysCountToo) {
  World world;
  std::string text =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Null":{)";
  for (int i = 0; i < 100; ++i) text += (i ? ",\"key:" : "\"key:") + std::to_string(i) + "\":\"true\"";
  auto input = input_of(1, 1, 100);
  input.set("PolicyInputList", Value::list({text + "}}}}"}));
  EXPECT_TRUE(world.rehearse("SimulateCustomPolicy", input, *world.root()));
  input.set("ResourceArns", list_of(200, "arn:aws:made:::"));
  const auto refused = world.rehearse("SimulateCustomPolicy", input, *world.root());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "InvalidInput");
}

TEST(Simulate, DocumentsHaveAnEnd) {
  World world;
  for (const auto* member : {"PolicyInputList", "PermissionsBoundaryPolicyInputList", "ResourcePolicy"}) {
    for (const std::size_t size : {131'072U, 131'073U}) {
      auto input = input_of(1, 1, 0);
      auto text = policy_of(1);
      text.insert(1, std::string(size - text.size(), ' '));
      input.set(member, std::string_view(member) == "ResourcePolicy" ? Value(text) : Value::list({text}));
      const auto result = world.rehearse("SimulateCustomPolicy", input, *world.root());
      const bool too_long = !result && result.error().code == "ValidationError";
      EXPECT_EQ(too_long, size > 131'072U) << member;
    }
  }
}

TEST(Simulate, ContextHasAnEnd) {
  World world;
  for (const std::size_t count : {kMaxContextEntries, kMaxContextEntries + 1}) {
    auto input = input_of(1, 1, 0);
    Value entries(Value::List{});
    for (std::size_t i = 0; i < count; ++i) {
      entries.push(Value::map({{"ContextKeyName", "made:" + std::to_string(i)},
                               {"ContextKeyType", "string"},
                               {"ContextKeyValues", Value::list({"x"})}}));
    }
    input.set("ContextEntries", std::move(entries));
    const auto result = world.rehearse("SimulateCustomPolicy", input, *world.root());
    EXPECT_EQ(result.has_value(), count == kMaxContextEntries);
    if (result) {
      EXPECT_EQ((*result->find("EvaluationResults")->as<Value::List>())[0].text("EvalDecision"), "allowed");
    }
  }
}

}  // namespace
}  // namespace podpass::iam
