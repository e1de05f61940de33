// The audit trail over the wire: ListActivity and DescribeAssociationActivity.
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "base/log.h"
#include "codec/uri.h"
#include "eks/service_account_tokens.h"
#include "gateway/served_test.h"

namespace podpass::gateway {
namespace {

using codec::Value;

class ActivityTest : public testing::Test {
 protected:
  ActivityTest() { log::set_level(log::Level::off); }
  ~ActivityTest() override { log::set_level(log::Level::info); }

  Value list(const std::string& query, int status = 200) {
    served_.audit_text();  // what was asked before is in
    auto response = served_.json("podpass", "GET", "/activity" + query);
    EXPECT_EQ(response.status, status) << response.body;
    return codec::parse_json(response.body).value_or(Value());
  }
  static std::string names(const Value& answer) {
    std::string out;
    for (const auto& record : *answer.find("records")->as<Value::List>())
      out += std::string(record.text("eventName")) + " ";
    return out;
  }
  static std::string after(const Value& answer) { return "?after=" + std::string(answer.text("newest")); }

  Served served_;
};

TEST_F(ActivityTest, TellsWhatHappened) {
  served_.make_cluster("c");
  served_.json("eks", "GET", "/clusters");
  served_.json("eks", "GET", "/clusters/c");
  served_.json("eks", "GET", "/clusters/none");
  EXPECT_EQ(names(list("")), "DescribeCluster DescribeCluster ListClusters ");
  EXPECT_EQ(names(list("?clusterName=c&outcome=success&text=&pod=")), "DescribeCluster ");
  EXPECT_EQ(names(list("?eventName=DescribeCluster&outcome=failed")), "DescribeCluster ");
  EXPECT_EQ(names(list("?outcome=denied")), "");
}

TEST_F(ActivityTest, BadQuestionsAreRefused) {
  for (const auto* query : {"?outcome=allowed", "?maxResults=501", "?maxResults=0", "?waitSeconds=21",
                            "?waitSeconds=-1", "?after=x", "?before=x", "?maxResults=x"}) {
    const auto answer = list(query, 400);
    EXPECT_FALSE(answer.text("message").empty()) << query;
  }
  EXPECT_EQ(names(list("?outcome=failed")),
            "ListActivity ListActivity ListActivity ListActivity ListActivity "
            "ListActivity ListActivity ListActivity ");
}

TEST_F(ActivityTest, SomebodyMayNotLook) {
  const auto user = served_.make_user("u");
  const auto no = codec::percent_encode(
      R"({"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"podpass:ListActivity","Resource":"*"}})");
  served_.query("iam", "Action=PutUserPolicy&UserName=u&PolicyName=no&PolicyDocument=" + no);
  auto refused = served_.send({"podpass", "GET", "/activity"}, user);
  EXPECT_EQ(refused.status, 403);
  EXPECT_TRUE(refused.body.contains("is not authorized to perform: podpass:ListActivity")) << refused.body;
  EXPECT_EQ(names(list("?outcome=denied")), "ListActivity ");
}

// Who follows the trail does not fill it, and does not wake themselves.
TEST_F(ActivityTest, AFollowerIsRecordedOnce) {
  auto answer = list("");
  answer = list(after(answer));
  EXPECT_EQ(names(answer), "ListActivity ");
  for (int i = 0; i < 3; ++i) answer = list(after(answer));
  EXPECT_EQ(names(answer), "");
  list("?after=x", 400);  // a refusal is told
  answer = list(after(answer));
  EXPECT_EQ(names(answer), "ListActivity ");
  EXPECT_EQ(served_.audit().size(), 2U);
  served_.clock.advance(own_api::Activity::kReaderKept);
  answer = list(after(answer));
  EXPECT_EQ(names(answer), "");
  EXPECT_EQ(served_.audit().size(), 3U);
}

TEST_F(ActivityTest, AWaiterIsToldWhatComes) {
  auto answer = list("");
  answer = list(after(answer));
  Value told;
  std::thread waiter([&] {
    auto response = served_.json("podpass", "GET", "/activity" + after(answer) + "&waitSeconds=20");
    told = codec::parse_json(response.body).value_or(Value());
  });
  served_.json("eks", "GET", "/clusters");  // before or behind the waiter's request: it is told either way
  waiter.join();
  EXPECT_EQ(names(told), "ListClusters ");
  EXPECT_EQ(served_.audit().size(), 2U);  // the first look, and what was looked at
}

TEST_F(ActivityTest, WhoseKeyIsGoneMeanwhileIsToldNothing) {
  const auto user = served_.make_user("dave");
  auto answer = list("");
  answer = list(after(answer));
  http::ClientResponse told;
  std::thread waiter(
      [&] { told = served_.send({"podpass", "GET", "/activity" + after(answer) + "&waitSeconds=20"}, user); });
  while (served_.activity.waiting() == 0) std::this_thread::yield();
  served_.query("iam", "Action=DeleteAccessKey&UserName=dave&AccessKeyId=" + user.access_key_id);
  waiter.join();
  EXPECT_EQ(told.status, 403);
  EXPECT_TRUE(told.body.contains("UnrecognizedClientException")) << told.body;
}

TEST_F(ActivityTest, WaitsEndWhenTheServerStops) {
  auto answer = list("");
  answer = list(after(answer));
  std::thread waiter([&] {
    auto response = served_.json("podpass", "GET", "/activity" + after(answer) + "&waitSeconds=20");
    EXPECT_EQ(names(codec::parse_json(response.body).value()), "");
  });
  served_.activity.stop();
  waiter.join();
}

TEST_F(ActivityTest, WithoutATrailThereIsNothing) {
  served_.deployment.activity = nullptr;
  list("", 503);
}

TEST_F(ActivityTest, AnAssociationTellsOfItsExchanges) {
  served_.make_cluster("c");
  const auto trust = codec::percent_encode(
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},)"
      R"("Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringEquals":{"aws:RequestTag/kubernetes-pod-name":"good"}}}})");
  ASSERT_EQ(served_.query("iam", "Action=CreateRole&RoleName=r&AssumeRolePolicyDocument=" + trust).status, 200);
  const auto made = codec::parse_json(
      served_
          .json("eks", "POST", "/clusters/c/pod-identity-associations",
                R"({"namespace":"ns","serviceAccount":"app","roleArn":"arn:aws:iam::111122223333:role/r"})")
          .body);
  const std::string id(made->find("association")->text("associationId"));
  const auto exchange = [&](const std::string& pod) {
    auto token = codec::parse_json(
        served_
            .json("podpass", "POST", "/clusters/c/service-account-tokens",
                  R"({"namespace":"ns","serviceAccount":"app","podName":")" + pod + R"(","podUid":"u"})")
            .body);
    return served_
        .json("eks-auth", "POST", "/clusters/c/assume-role-for-pod-identity",
              codec::write_json(Value::map({{"token", token->text("token")}})))
        .status;
  };
  EXPECT_EQ(exchange("good"), 200);
  EXPECT_EQ(exchange("good"), 200);
  EXPECT_EQ(exchange("bad"), 400);
  const auto path = "/clusters/c/pod-identity-associations/" + id + "/activity";
  served_.audit_text();
  const auto response = served_.json("podpass", "GET", path);
  EXPECT_EQ(response.body,
            R"({"countedSince":1700000000,"lastUsedAt":1700000000,"lastDeniedAt":1700000000,"exchanges":2,"denials":1,)"
            R"("intervals":[{"start":1699999200,"exchanges":2,"denials":1}]})");
  served_.clock.advance(std::chrono::hours{2});
  EXPECT_EQ(
      served_.json("podpass", "GET", path + "?hours=2").body,
      R"({"countedSince":1700000000,"lastUsedAt":1700000000,"lastDeniedAt":1700000000,"exchanges":0,"denials":0,)"
      R"("intervals":[{"start":1700002800,"exchanges":0,"denials":0},{"start":1700006400,"exchanges":0,"denials":0}]})");
  EXPECT_EQ(served_.json("podpass", "GET", path + "?hours=169").status, 400);
  EXPECT_EQ(served_.json("podpass", "GET", path + "?hours=0").status, 400);
  EXPECT_EQ(served_.json("podpass", "GET", "/clusters/c/pod-identity-associations/a-none/activity").status, 404);
  EXPECT_EQ(served_.json("podpass", "GET", "/clusters/d/pod-identity-associations/" + id + "/activity").status, 404);
  EXPECT_EQ(names(list("?associationId=" + id + "&outcome=denied")), "AssumeRoleForPodIdentity ");
  EXPECT_EQ(names(list("?pod=ns/good&clusterName=c")), "AssumeRoleForPodIdentity AssumeRoleForPodIdentity ");
}

TEST(ActivityOfBefore, IsReadBackFromTheFiles) {
  store::TestDirectory directory;
  ManualClock clock;
  SeededRandom random{3};
  const auto line = [](const std::string& name) {
    return R"({"eventTime":"2023-11-14T00:00:00Z","eventName":")" + name + "\"}\n";
  };
  std::ofstream(directory.path() / "audit.1.jsonl") << line("A") << line("B");
  std::ofstream(directory.path() / "audit.jsonl") << line("C") << "torn\n" << line("D") << "{\"eventName\":\"cut";
  own_api::Activity activity(clock, random);
  {
    auto trail = AuditTrail::open(directory.path(), &activity).value();
    trail->append(line("E"));
    trail->flush();
  }
  std::string names;
  const auto page = activity.read({}).value();
  for (const auto& record : page.records) names += record.text("eventName");
  EXPECT_EQ(names, "EDCBA");
  EXPECT_EQ(activity.counts_of("a").since, parse_iso8601("2023-11-14T00:00:00Z"));
}

TEST(ActivityOfBefore, IsTheEndOfALongFile) {
  store::TestDirectory directory;
  ManualClock clock;
  SeededRandom random{3};
  {
    std::ofstream file(directory.path() / "audit.jsonl");
    const std::string filler = "{\"eventName\":\"F\",\"x\":\"" + std::string(1'000'000, 'x') + "\"}\n";
    file << "{\"eventName\":\"First\"}\n";
    for (std::size_t bytes = 0; bytes < kReadBackBytes; bytes += filler.size()) file << filler;
    file << "{\"eventName\":\"Last\"}\n";
  }
  own_api::Activity activity(clock, random);
  auto trail = AuditTrail::open(directory.path(), &activity).value();
  trail->flush();
  const auto count = [&](const std::string& name) {
    return activity.read({.filter = {.event_name = name}}).value().records.size();
  };
  EXPECT_EQ(count("First"), 0U);
  EXPECT_EQ(count("Last"), 1U);
  EXPECT_GE(count("F"), 2U);
}

}  // namespace
}  // namespace podpass::gateway
