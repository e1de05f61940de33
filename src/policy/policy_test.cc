#include "policy/policy.h"

#include <gtest/gtest.h>

#include <map>

#include "policy/table_for_test.h"

namespace podpass::policy {
namespace {

Kind kind_named(const std::string& name) {
  static const std::map<std::string, Kind> kKinds = {{"identity", Kind::identity},
                                                     {"managed", Kind::managed},
                                                     {"trust", Kind::trust},
                                                     {"session", Kind::session},
                                                     {"bucket", Kind::bucket},
                                                     {"resource", Kind::resource},
                                                     {"endpoint", Kind::endpoint},
                                                     {"service_control", Kind::service_control},
                                                     {"resource_control", Kind::resource_control}};
  return kKinds.at(name);
}

TEST(Policy, Validation) {
  for (const auto& row : read_table("validation.txt", 3, 150)) {
    SCOPED_TRACE("validation.txt:" + std::to_string(row.line) + " " + row[1]);
    const auto kind = kind_named(row[0]);
    const auto policy = Policy::parse(row[1] == "\"\"" ? "" : row[1], kind);
    EXPECT_EQ(policy.has_value() ? "ok" : policy.error().message, row[2]) << (policy ? "" : policy.error().cause);
    if (policy) continue;
    EXPECT_EQ(policy.error().kind, ErrorKind::invalid);
    EXPECT_EQ(policy.error().status, 400);
    EXPECT_EQ(policy.error().code, kind == Kind::bucket ? "MalformedPolicy" : "MalformedPolicyDocument");
  }
}

TEST(Policy, TellsAboutStatements) {
  const std::string json =
      "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Sid\": \"First\",\n"
      "  \"Effect\": \"Allow\", \"Action\": \"s3:GetObject\", \"Resource\": \"arn:aws:s3:::\u00e4\"}, "
      "{\"Effect\":\"Deny\",\n"
      "\"Action\":\"*\",\"NotResource\":[\"arn:aws:s3:::b\",\"arn:aws:s3:::c\"]}]}";
  const auto policy = Policy::parse(json, Kind::managed);
  ASSERT_TRUE(policy.has_value()) << policy.error().cause;
  EXPECT_EQ((*policy)->text(), json);
  EXPECT_EQ((*policy)->kind(), Kind::managed);
  const auto statements = (*policy)->statements();
  ASSERT_EQ(statements.size(), 2U);
  EXPECT_EQ(statements[0].sid, "First");
  EXPECT_EQ(statements[0].effect, Effect::allow);
  EXPECT_EQ((*policy)->place(statements[0].begin).line, 1U);
  EXPECT_EQ((*policy)->place(statements[0].begin).column, 41U);
  EXPECT_EQ((*policy)->place(statements[0].end).line, 2U);
  EXPECT_EQ((*policy)->place(statements[0].end).column, 77U);
  EXPECT_EQ(statements[1].sid, "");
  EXPECT_EQ(statements[1].effect, Effect::deny);
  EXPECT_EQ((*policy)->place(statements[1].begin).line, 2U);
  EXPECT_EQ((*policy)->place(statements[1].begin).column, 79U);
  EXPECT_EQ((*policy)->place(statements[1].end).line, 3U);
  EXPECT_EQ((*policy)->place(statements[1].end).column, 64U);
  EXPECT_EQ((*policy)->resources(),
            (std::vector<std::string_view>{"arn:aws:s3:::\u00e4", "arn:aws:s3:::b", "arn:aws:s3:::c"}));
}

TEST(Policy, TellsAboutPrincipals) {
  const auto policy = Policy::parse(
      R"({"Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:role/a","*"],"Service":"ec2.amazonaws.com"},
          "Action":"sts:AssumeRole"},{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}]})",
      Kind::trust);
  ASSERT_TRUE(policy.has_value()) << policy.error().cause;
  const auto principals = (*policy)->principals();
  ASSERT_EQ(principals.size(), 4U);
  EXPECT_EQ(principals[0].type, "AWS");
  EXPECT_EQ(principals[0].value, "arn:aws:iam::111122223333:role/a");
  EXPECT_EQ(principals[2].type, "Service");
  EXPECT_EQ(principals[2].value, "ec2.amazonaws.com");
  EXPECT_EQ(principals[3].value, "*");
  EXPECT_EQ(principals[3].statement, 1);
}

TEST(Policy, TellsAboutConditionKeys) {
  const auto policy = Policy::parse(
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:username}/${aws:UserId, 'x'}",
          "Condition":{"StringEquals":{"aws:PrincipalTag/a":"${aws:PrincipalTag/b}"},"StringLike":{"AWS:PrincipalTag/A":"*"}}}})",
      Kind::identity);
  ASSERT_TRUE(policy.has_value()) << policy.error().cause;
  EXPECT_EQ((*policy)->condition_keys(),
            (std::vector<std::string_view>{"aws:PrincipalTag/a", "aws:username", "aws:UserId", "aws:PrincipalTag/b"}));
}

TEST(Policy, SizeCountsNoWhiteSpaceOutsideStrings) {
  EXPECT_EQ(size_without_whitespace(""), 0U);
  EXPECT_EQ(size_without_whitespace(" { \n\t\"a b\" : 1 }\r\n"), 9U);
  EXPECT_EQ(size_without_whitespace(R"({"a\" b" : "c\\" , "d":1})"), 21U);
  EXPECT_EQ(size_without_whitespace("\"\u00e4\""), 3U);
  EXPECT_EQ(size_without_whitespace("\"unfinished \\"), 13U);
}

TEST(Policy, CauseNamesThePlace) {
  const auto policy = Policy::parse("{\"Statement\":\n {\"Effect\":\"Allow\",\"Foo\":1}}", Kind::identity);
  ASSERT_FALSE(policy.has_value());
  EXPECT_EQ(policy.error().cause, "line 2 column 26, Foo: an unknown element");
}

}  // namespace
}  // namespace podpass::policy
