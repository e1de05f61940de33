// validate, explain and diff, and the reading of lines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "codec/json.h"
#include "policy_cli/diff.h"
#include "policy_cli/explain.h"
#include "policy_cli/lines.h"
#include "policy_cli/validate.h"

namespace podpass::policy_cli {
namespace {

using testing::HasSubstr;
using testing::Not;

class Commands : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "policy_cli_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& name, std::string_view text) {
    const auto path = (directory_ / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  std::filesystem::path directory_;
  std::string out_;
  std::function<void(std::string_view)> print_ = [this](std::string_view text) { out_ += text; };
};

constexpr auto kGood = R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}})";
constexpr auto kOdd = R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Gett","Resource":"*"}})";
constexpr auto kBad = R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*"}})";

TEST_F(Commands, ValidateTellsErrorsFromWarnings) {
  const auto good = file("good.json", kGood), odd = file("odd.json", kOdd), bad = file("bad.json", kBad);
  const auto code = [&](std::vector<std::string> files, bool strict) {
    out_.clear();
    const auto result = validate({.files = std::move(files), .kind = {}, .strict = strict, .form = Form::text}, print_);
    return result ? *result : -1;
  };
  EXPECT_EQ(code({good}, true), 0);
  EXPECT_EQ(out_, "1 document: 0 errors, 0 warnings\n");
  EXPECT_EQ(code({odd}, false), 0);
  EXPECT_THAT(out_, HasSubstr("odd.json:1:64: warning: \"s3:Gett\" is no action of AWS."));
  EXPECT_EQ(code({odd}, true), 1);
  EXPECT_EQ(code({good, bad}, false), 1);
  EXPECT_THAT(out_, HasSubstr("bad.json:1:37: error: Policy statement must contain resources."));
  EXPECT_THAT(out_, HasSubstr("2 documents: 1 error, 0 warnings\n"));
  EXPECT_EQ(code({(directory_ / "none.json").string()}, false), -1);
}

TEST_F(Commands, ValidateGuessesWhatADocumentIsFor) {
  const auto kind_of = [&](std::string_view text) {
    out_.clear();
    EXPECT_TRUE(validate({.files = {file("a.json", text)}, .kind = {}, .strict = false, .form = Form::json}, print_));
    return std::string(codec::parse_json(out_)->text("kind"));
  };
  EXPECT_EQ(kind_of(kOdd), "identity");
  EXPECT_EQ(kind_of(R"({"Statement":{"Effect":"x","Principal":"*","Action":"sts:AssumeRole"}})"), "trust");
  EXPECT_EQ(kind_of(R"({"Statement":[{"Effect":"x","Principal":"*","Action":["s3:*"],"Resource":"*"}]})"), "bucket");
  EXPECT_EQ(kind_of(R"({"Statement":[{"Effect":"x","Principal":"*","Action":"sqs:*","Resource":"*"}]})"), "resource");
  EXPECT_EQ(kind_of(R"({"Statement":[]})"), "identity");
  EXPECT_EQ(kind_of("["), "identity");
}

constexpr auto kRequest = R"({"id":"one","request":{"principal":"arn:aws:iam::111122223333:user/alice",)"
                          R"("action":"s3:GetObject","resource":"arn:aws:s3:::b/k"})";

TEST_F(Commands, ExplainSaysWhatIsInTheWay) {
  const auto text = explain(std::string(kRequest) + R"(,"policies":{"identity":[{"Version":"2012-10-17",
      "Statement":{"Sid":"Office","Effect":"Allow","Action":"s3:GetObject","Resource":"*",
      "Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}}]}})",
                            Form::text);
  ASSERT_TRUE(text.has_value()) << text.error().message;
  EXPECT_THAT(*text, HasSubstr("Denied, as nothing allows it: s3:GetObject on arn:aws:s3:::b/k by "
                               "arn:aws:iam::111122223333:user/alice\n"));
  EXPECT_THAT(*text, HasSubstr("identity-based policies    does not allow <- in the way\n"));
  EXPECT_THAT(*text, HasSubstr("Allow, line 2 column 19, Office: does not apply\n"));
  EXPECT_THAT(*text, HasSubstr("line 3: IpAddress aws:SourceIp wants \"10.0.0.0/8\"; the request has no such key\n"));
  EXPECT_THAT(*text, HasSubstr(R"({"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/k"})"));
  const auto json = explain(std::string(kRequest) + "}", Form::json);
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(codec::parse_json(*json)->text("decision"), "implicitDeny");
  EXPECT_FALSE(explain("{}", Form::text).has_value());
}

TEST_F(Commands, ExplainSaysThatADenyIsFinal) {
  const auto text = explain(std::string(kRequest) + R"(,"policies":{"identity":[{"Version":"2012-10-17",
      "Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}]}})",
                            Form::text);
  ASSERT_TRUE(text.has_value());
  EXPECT_THAT(*text, HasSubstr("an explicit deny is final"));
  EXPECT_THAT(*text, Not(HasSubstr("would allow it")));
}

TEST_F(Commands, DiffTellsWhatChanges) {
  const auto older = file("old.json", R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Put*",
                                          "Resource":"*"}})");
  const auto newer = file("new.json", kGood);
  const auto requests = file("requests.jsonl", std::string(kRequest) + "}\n\n" + kRequest +
                                                   R"(,"policies":{"scp":[[]],"identity":[]}})" + "\n");
  const auto run = [&](const std::string& from, const std::string& to, const std::string& layer, Form form) {
    out_.clear();
    const auto result =
        diff({.old_file = from, .new_file = to, .layer = layer, .requests = {requests}, .form = form}, print_);
    return result ? *result : -1;
  };
  EXPECT_EQ(run(older, newer, "identity", Form::text), 1);
  EXPECT_EQ(out_,
            "\"one\": s3:GetObject on arn:aws:s3:::b/k: implicitDeny (identity) -> allow (identity)\n"
            "1 of 2 requests change their outcome\n");
  EXPECT_EQ(run(newer, newer, "identity", Form::text), 0);
  EXPECT_EQ(run(older, newer, "identity", Form::json), 1);
  EXPECT_EQ(codec::parse_json(out_)->text("id"), "one");
  EXPECT_EQ(codec::parse_json(out_)->find("new")->text("decision"), "allow");
  const auto all = file("all.json", std::string(R"({"identity":[)") + kGood + "]}");
  const auto none = file("none.json", "{}");
  EXPECT_EQ(run(none, all, "identity", Form::text), 1);
  EXPECT_THAT(out_, HasSubstr("2 of 2 requests change"));  // the layers of the request are not asked
  EXPECT_EQ(run(older, newer, "scp", Form::text), 0);      // no identity policy allows
  EXPECT_EQ(run(older, (directory_ / "lost.json").string(), "scp", Form::text), -1);
}

TEST_F(Commands, DiffReadsAnAuditTrail) {
  const auto trail = file(
      "audit.jsonl",
      R"({"eventVersion":"1.11","requestID":"r-1","additionalEventData":{"decisions":[{"decision":"implicitDeny","layer":"identity","request":{"principal":"arn:aws:iam::111122223333:user/alice","action":"s3:GetObject","resource":"arn:aws:s3:::b/k","context":{"aws:SecureTransport":"false"}}}]}})"
      "\n"
      R"({"eventVersion":"1.11","requestID":"r-2"})"
      "\nnonsense\n");
  const auto code = diff({.old_file = file("old.json", "{}"),
                          .new_file = file("new.json", std::string(R"({"identity":[)") + kGood + "]}"),
                          .layer = "identity",
                          .requests = {trail},
                          .form = Form::text},
                         print_);
  ASSERT_TRUE(code.has_value());
  EXPECT_EQ(*code, 2);
  EXPECT_THAT(out_,
              HasSubstr("\"r-1\": s3:GetObject on arn:aws:s3:::b/k: implicitDeny (identity) -> allow (identity)"));
  EXPECT_THAT(out_, HasSubstr("line 3: the line is not JSON"));
  EXPECT_THAT(out_, HasSubstr("1 of 1 requests change their outcome; 1 could not be read"));
}

TEST_F(Commands, LinesOfFiles) {
  const auto one = file("one", "a\r\nb\n\nc"), two = file("two", ""), three = file("three", "d\n");
  Lines lines({one, two, three});
  std::vector<std::string> read;
  std::string_view line;
  while (true) {
    const auto more = lines.next(line);
    ASSERT_TRUE(more.has_value());
    if (!*more) break;
    read.push_back(std::to_string(lines.number()) + ":" + std::string(line));
  }
  EXPECT_THAT(read, testing::ElementsAre("1:a", "2:b", "3:", "4:c", "1:d"));
}

TEST_F(Commands, AnOverlongLineIsPassedOver) {
  const auto path = file(
      "long", std::string(kMaxLineBytes + 2 * 1024 * 1024, 'x') + "\nafter\n" + std::string(kMaxLineBytes + 5, 'y'));
  Lines lines({path});
  std::string_view line;
  std::vector<bool> long_ones;
  std::vector<std::string> read;
  for (auto more = lines.next(line); more && *more; more = lines.next(line)) {
    long_ones.push_back(lines.too_long());
    read.emplace_back(line);
  }
  EXPECT_THAT(long_ones, testing::ElementsAre(true, false, true));
  EXPECT_THAT(read, testing::ElementsAre("", "after", ""));
}

}  // namespace
}  // namespace podpass::policy_cli
