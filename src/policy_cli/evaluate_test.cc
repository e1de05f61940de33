#include "policy_cli/evaluate.h"

#include <gtest/gtest.h>

#include <fstream>

#include "codec/json.h"

namespace podpass::policy_cli {
namespace {

codec::Value must_parse(std::string_view json) {
  auto value = codec::parse_json(json);
  EXPECT_TRUE(value.has_value()) << json;
  return value ? *value : codec::Value();
}

// testdata/evaluate.jsonl: {name, line, expect}; every member expected must be in the answer.
TEST(Evaluate, LinesAndTheirAnswers) {
  std::ifstream file("testdata/evaluate.jsonl");
  std::string text;
  std::size_t rows = 0;
  for (; std::getline(file, text); ++rows) {
    const auto row = must_parse(text);
    SCOPED_TRACE(row.text("name"));
    std::string out;
    const bool good = Evaluator().evaluate(row.text("line"), 1, out);
    ASSERT_TRUE(out.ends_with("}\n")) << out;
    const auto answer = must_parse(out);
    const auto& expected = *row.find("expect")->as<codec::Value::Map>();
    EXPECT_EQ(good, row.find("expect")->find("error") == nullptr);
    for (const auto& [name, value] : expected) {
      const auto* member = answer.find(name);
      EXPECT_TRUE(member && *member == value) << name << " of " << out;
    }
  }
  EXPECT_GE(rows, 62U);
}

TEST(Evaluate, OneReaderForManyLines) {
  Evaluator evaluator;
  const auto ask = [&](std::string_view user, std::string_view policies) {
    std::string out;
    EXPECT_TRUE(evaluator.evaluate(
        R"({"request":{"principal":"arn:aws:iam::111122223333:user/)" + std::string(user) +
            R"(","action":"s3:GetObject","resource":"arn:aws:s3:::b/k","context":{"aws:username":")" +
            std::string(user) + R"("}},"policies":)" + std::string(policies) + "}",
        1, out));
    return must_parse(out);
  };
  constexpr auto kOnlyAlice = R"({"identity":[{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*",
      "Resource":"*","Condition":{"StringEquals":{"aws:username":"alice"}}}}]})";
  EXPECT_EQ(ask("alice", kOnlyAlice).text("decision"), "allow");
  EXPECT_EQ(ask("bob", kOnlyAlice).text("decision"), "implicitDeny");
  EXPECT_EQ(ask("alice", "{}").text("decision"), "implicitDeny");
  EXPECT_EQ(ask("alice", kOnlyAlice).text("decision"), "allow");
}

TEST(Evaluate, WhatIsKeptIsBounded) {
  CaseReader reader;
  for (std::size_t i = 0; i < kMaxKept + 10; ++i) {
    const auto json = R"({"identity":[{"Version":"2012-10-17","Statement":{"Sid":"S)" + std::to_string(i) +
                      R"(","Effect":"Allow","Action":"s3:*","Resource":"*"}}]})";
    const auto first = reader.read_policies(json, policy::Kind::bucket);
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ((*first)->layers.identity.size(), 1U);
    const auto again = reader.read_policies(json, policy::Kind::bucket);  // is kept now
    const auto kept = reader.read_policies(json, policy::Kind::bucket);
    ASSERT_TRUE(again.has_value() && kept.has_value());
    EXPECT_NE(*first, *again);
    EXPECT_EQ(*again, *kept);
  }
}

}  // namespace
}  // namespace podpass::policy_cli
