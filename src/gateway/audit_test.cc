#include "gateway/audit.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "codec/json.h"
#include "store/test_directory.h"

namespace podpass::gateway {
namespace {

using codec::Value;

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

class AuditLine : public testing::Test {
 protected:
  AuditLine() {
    request_.peer = "127.0.0.1";
    request_.headers.push_back({"User-Agent", "aws-cli/2"});
  }
  AuditEvent event() {
    AuditEvent event{&caller_,        request_,    "request-1",    "eks",
                     "CreateCluster", "us-west-2", "111122223333", from_epoch_seconds(1'700'000'000),
                     false,           nullptr,     nullptr,        nullptr};
    return event;
  }
  // The line as a tree; one line, well-formed.
  static Value parsed(const AuditEvent& event) {
    auto line = audit_line(event);
    EXPECT_TRUE(line.ends_with('\n'));
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    auto value = codec::parse_json(line);
    EXPECT_TRUE(value) << line;
    return value ? *value : Value();
  }
  aws::Caller caller_;
  http::Request request_;
};

TEST_F(AuditLine, AUsersSuccess) {
  caller_.type = policy::PrincipalType::user;
  caller_.arn = "arn:aws:iam::111122223333:user/u";
  caller_.user_id = "AIDA1";
  caller_.account = "111122223333";
  caller_.access_key_id = "AKIA1";
  caller_.user_name = "u";
  auto parameters = Value::map({{"Action", "x"}, {"Version", "1"}, {"name", "c"}});
  auto of = event();
  of.parameters = &parameters;
  EXPECT_EQ(
      audit_line(of),
      R"({"eventVersion":"1.11","userIdentity":{"type":"IAMUser","principalId":"AIDA1",)"
      R"("arn":"arn:aws:iam::111122223333:user/u","accountId":"111122223333","accessKeyId":"AKIA1","userName":"u"},)"
      R"("eventTime":"2023-11-14T22:13:20Z","eventSource":"eks.amazonaws.com","eventName":"CreateCluster",)"
      R"("awsRegion":"us-west-2","sourceIPAddress":"127.0.0.1","userAgent":"aws-cli/2",)"
      R"("requestParameters":{"name":"c"},"responseElements":null,"requestID":"request-1","readOnly":false,)"
      R"("eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","outcome":"success"})"
      "\n");
}

TEST_F(AuditLine, TheOutcomeTellsADenialFromAFailure) {
  const auto outcome = [&](std::string code) {
    const Error error{ErrorKind::invalid, std::move(code), 400, "m", {}, {}};
    auto of = event();
    of.error = &error;
    return std::string(parsed(of).text("outcome"));
  };
  for (const auto* code : {"AccessDenied", "InvalidTokenException", "SignatureDoesNotMatch", "SignInFailed"}) {
    EXPECT_EQ(outcome(code), "denied") << code;
  }
  for (const auto* code : {"", "ResourceNotFoundException", "InvalidParameterException", "InternalServerError"}) {
    EXPECT_EQ(outcome(code), "failed") << code;
  }
}

TEST_F(AuditLine, ARefusalWithoutACaller) {
  const Error error{ErrorKind::denied, "AccessDeniedException", 403, "not \"you\"", "the cause", {}};
  aws::Audit facts;
  facts.add("pod", "app1");
  facts.add("reason", "the trust policy");
  auto of = event();
  of.caller = nullptr;
  of.error = &error;
  of.facts = &facts;
  auto value = parsed(of);
  EXPECT_EQ(value.find("userIdentity")->text("type"), "Unknown");
  EXPECT_EQ(value.text("errorCode"), "AccessDeniedException");
  EXPECT_EQ(value.text("errorMessage"), "not \"you\"");
  EXPECT_EQ(value.text("outcome"), "denied");
  EXPECT_EQ(value.find("additionalEventData")->text("pod"), "app1");
  EXPECT_EQ(value.find("additionalEventData")->text("reason"), "the trust policy");
  EXPECT_TRUE(value.find("requestParameters")->is_null());
  EXPECT_EQ(value.find("cause"), nullptr);
}

// Of the facts each part may be missing; what is read of an exchange stands last.
TEST_F(AuditLine, WhatJoinsThings) {
  for (const bool decided : {false, true}) {
    for (const bool told : {false, true}) {
      for (const bool associated : {false, true}) {
        aws::Audit facts;
        if (decided) facts.decisions = R"({"decision":"deny"},{"decision":"allow"})";
        if (told) facts.add("pod", "app1");
        if (associated) facts.association_id = "a-1";
        auto of = event();
        of.facts = &facts;
        const auto value = parsed(of);
        const auto* found = value.find("additionalEventData");
        ASSERT_EQ(found != nullptr, decided || told || associated);
        EXPECT_EQ(value.text("outcome"), "success");
        if (!found) continue;
        EXPECT_EQ(found->find("decisions") ? found->find("decisions")->as<Value::List>()->size() : 0,
                  decided ? 2U : 0U);
        EXPECT_EQ(found->text("pod"), told ? "app1" : "");
        EXPECT_EQ(found->text("associationId"), associated ? "a-1" : "");
        EXPECT_EQ(audit_line(of).ends_with("\"associationId\":\"a-1\"},\"outcome\":\"success\"}\n"), associated);
      }
    }
  }
}

TEST_F(AuditLine, WhoARequestProvedToComeFrom) {
  aws::Audit facts;
  facts.identity = R"({"type":"WebIdentityUser"})";
  auto of = event();
  of.facts = &facts;
  EXPECT_EQ(parsed(of).find("userIdentity")->text("type"), "WebIdentityUser");
  EXPECT_EQ(parsed(of).find("additionalEventData"), nullptr);
  facts.clear();
  EXPECT_EQ(parsed(of).find("userIdentity")->text("accountId"), "ANONYMOUS_PRINCIPAL");
}

TEST_F(AuditLine, ARolesSession) {
  caller_.type = policy::PrincipalType::role_session;
  caller_.role_arn = "arn:aws:iam::111122223333:role/r";
  caller_.unique_id = "AROA1";
  aws::Session session;
  session.role_name = "r";
  session.issued = from_epoch_seconds(1'700'000'000);
  session.secret = Secret("do-not-print");
  caller_.session = session;
  auto line = audit_line(event());
  EXPECT_FALSE(line.contains("do-not-print"));
  auto value = parsed(event());
  const auto* context = value.find("userIdentity")->find("sessionContext");
  ASSERT_NE(context, nullptr);
  EXPECT_EQ(context->find("attributes")->text("creationDate"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(context->find("sessionIssuer")->text("arn"), "arn:aws:iam::111122223333:role/r");
  EXPECT_EQ(context->find("sessionIssuer")->text("userName"), "r");
}

TEST_F(AuditLine, SecretsAreHidden) {
  for (auto name : {"token", "Token", "SecretAccessKey", "TokenCode", "Password", "NewPassword", "WebIdentityToken",
                    "SAMLAssertion", "X-Amz-Signature", "X-Amz-Security-Token", "x-amz-credential"}) {
    auto parameters = Value::map({{"clusterName", "c"}, {name, "do-not-print"}});
    auto of = event();
    of.parameters = &parameters;
    EXPECT_FALSE(audit_line(of).contains("do-not-print")) << name;
    EXPECT_EQ(parsed(of).find("requestParameters")->text(name), "HIDDEN_DUE_TO_SECURITY_REASONS");
    EXPECT_EQ(parsed(of).find("requestParameters")->text("clusterName"), "c");
  }
}

TEST_F(AuditLine, LongParametersAreLeftOut) {
  auto parameters = Value::map({{"a", "b"}, {"policy", std::string(5'000, 'x')}});
  auto of = event();
  of.parameters = &parameters;
  EXPECT_LT(audit_line(of).size(), 1'500u);
  EXPECT_EQ(parsed(of).find("requestParameters")->text("omitted"), "too long");
}

TEST_F(AuditLine, ForeignBytesStayJson) {
  request_.headers[0].value = "x\"\\\x01\x7f\xff\xc3;\xed\xa0\x80 y";
  auto parameters = Value::map({{"na\"me\n", Value::list({"\xc3\xa4", 1, true, Value()})}});
  auto of = event();
  of.parameters = &parameters;
  aws::Audit facts;
  facts.add("key", "\xff");
  of.facts = &facts;
  EXPECT_EQ(parsed(of).text("userAgent"), "x\"\\\x01\x7f??;??? y");
  const std::string long_one(30'000, 'a');
  request_.headers[0].value = long_one;
  EXPECT_EQ(parsed(of).text("userAgent").size(), 1'024u);
}

TEST(AuditTrail, WritesLinesInTheOrderOfAThread) {
  store::TestDirectory directory;
  {
    auto trail = AuditTrail::open(directory.path());
    ASSERT_TRUE(trail) << trail.error().message;
    (*trail)->append("one\n");
    (*trail)->append("two\n");
    (*trail)->flush();
    EXPECT_EQ(contents(directory.path() / "audit.jsonl"), "one\ntwo\n");
    (*trail)->append("three\n");
  }
  EXPECT_EQ(contents(directory.path() / "audit.jsonl"), "one\ntwo\nthree\n") << "closing writes out what is there";
  auto again = AuditTrail::open(directory.path());
  ASSERT_TRUE(again);
  (*again)->append("four\n");
  (*again)->flush();
  EXPECT_EQ(contents(directory.path() / "audit.jsonl"), "one\ntwo\nthree\nfour\n");
  struct stat status{};
  ASSERT_EQ(::stat((directory.path() / "audit.jsonl").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(AuditTrail, ManyThreadsLoseAndTearNothing) {
  store::TestDirectory directory;
  auto trail = AuditTrail::open(directory.path()).value();
  constexpr int kThreads = 4, kLines = 500;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (int line = 0; line < kLines; ++line) {
          trail->append(std::to_string(thread) + " " + std::to_string(line) + "\n");
          if (line % 100 == 0) trail->flush();
        }
      });
    }
  }
  trail->flush();
  std::istringstream lines(contents(directory.path() / "audit.jsonl"));
  int next[kThreads] = {}, thread = 0, line = 0;
  while (lines >> thread >> line) EXPECT_EQ(next[thread]++, line);
  for (int seen : next) EXPECT_EQ(seen, kLines);
  EXPECT_EQ(trail->dropped(), 0u);
}

TEST(AuditTrail, RotatesAFullFileAndKeepsOne) {
  store::TestDirectory directory;
  const auto file = directory.path() / "audit.jsonl", older = directory.path() / "audit.1.jsonl";
  std::ofstream(older) << "oldest\n";
  std::ofstream(file) << "old\n";
  std::filesystem::resize_file(file, kMaxFileBytes - 3);  // a hole: takes no room
  auto trail = AuditTrail::open(directory.path()).value();
  trail->append("x\n");
  trail->flush();
  EXPECT_EQ(std::filesystem::file_size(file), kMaxFileBytes - 1);
  trail->append("new\n");
  trail->flush();
  EXPECT_EQ(contents(file), "new\n");
  EXPECT_EQ(std::filesystem::file_size(older), kMaxFileBytes - 1);
  trail->append("newer\n");
  trail->flush();
  EXPECT_EQ(contents(file), "new\nnewer\n");
}

TEST(AuditTrail, MoreThanABufferHoldsIsDroppedAndCounted) {
  store::TestDirectory directory;
  auto trail = AuditTrail::open(directory.path()).value();
  trail->append(std::string(kMaxBufferedBytes + 1, 'x'));
  EXPECT_EQ(trail->dropped(), 1u);
  trail->append("y\n");
  trail->flush();
  EXPECT_EQ(contents(directory.path() / "audit.jsonl"), "y\n");
}

TEST(AuditTrail, ADirectoryThatIsNotThere) {
  auto trail = AuditTrail::open("/nowhere/at/all");
  ASSERT_FALSE(trail);
  EXPECT_TRUE(trail.error().message.contains("/nowhere/at/all/audit.jsonl: No such file")) << trail.error().message;
}

}  // namespace
}  // namespace podpass::gateway
