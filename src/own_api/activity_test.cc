#include "own_api/activity.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "codec/json.h"

namespace podpass::own_api {
namespace {

using codec::Value;

struct Line {
  std::string name = "ListClusters", time = "2023-11-14T22:13:20Z", parameters = "null", facts = "",
              identity = R"({"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/u"})", source = "eks",
              outcome = "success";
};

std::string written(const Line& line) {
  return fmt::format(
      R"({{"eventVersion":"1.11","userIdentity":{},"eventTime":"{}","eventSource":"{}.amazonaws.com","eventName":"{}",)"
      R"("userAgent":"x","requestParameters":{},"responseElements":null,"requestID":"r"{},"outcome":"{}"}})"
      "\n",
      line.identity, line.time, line.source, line.name, line.parameters,
      line.facts.empty() ? "" : fmt::format(R"(,"additionalEventData":{{{}}})", line.facts), line.outcome);
}

Line exchange(std::string time = "2023-11-14T22:13:20Z", std::string outcome = "success") {
  return {.name = "AssumeRoleForPodIdentity",
          .time = std::move(time),
          .parameters = R"({"clusterName":"c","token":"HIDDEN_DUE_TO_SECURITY_REASONS"})",
          .facts = R"("namespace":"ns","podName":"app-1","roleArn":"arn:aws:iam::1:role/r","associationId":"a-1")",
          .source = "eks-auth",
          .outcome = std::move(outcome)};
}

Line association_of_somebody_else() {
  auto line = exchange();
  line.facts = R"("associationId":"a-11")";
  return line;
}

class ActivityTest : public testing::Test {
 protected:
  void add(const Line& line) { activity_.add(written(line)); }
  void add_named(int count) {
    for (int i = 0; i < count; ++i) add({.name = "E" + std::to_string(++named_)});
  }

  static std::string names(const Activity::Page& page) {
    std::string out;
    for (const auto& record : page.records) out += std::string(record.text("eventName")) + " ";
    return out + (page.more ? "more" : "");
  }
  Activity::Page read(Activity::Query query = {}) {
    auto page = activity_.read(query);
    EXPECT_TRUE(page) << page.error().message;
    return page ? *std::move(page) : Activity::Page();
  }

  ManualClock clock_;
  SeededRandom random_{3};
  Activity activity_{clock_, random_};
  int named_ = 0;
};

TEST_F(ActivityTest, NewestFirst) {
  EXPECT_EQ(names(read()), "");
  add_named(3);
  EXPECT_EQ(names(read()), "E3 E2 E1 ");
  activity_.add(written({.name = "A"}) + "\n" + written({.name = "B"}));
  EXPECT_EQ(names(read()), "B A E3 E2 E1 ");
}

TEST_F(ActivityTest, PagesGoBackAndForthWithoutGaps) {
  add_named(7);
  auto page = read({.limit = 3});
  EXPECT_EQ(names(page), "E7 E6 E5 more");
  const auto newest = page.newest;
  page = read({.before = page.oldest, .limit = 3});
  EXPECT_EQ(names(page), "E4 E3 E2 more");
  page = read({.before = page.oldest, .limit = 3});
  EXPECT_EQ(names(page), "E1 ");
  page = read({.before = page.oldest, .limit = 3});
  EXPECT_EQ(names(page), "");

  page = read({.after = newest});
  EXPECT_EQ(names(page), "");
  EXPECT_EQ(page.newest, newest);
  add_named(4);
  page = read({.after = newest, .limit = 3});
  EXPECT_EQ(names(page), "E10 E9 E8 more");
  EXPECT_EQ(names(read({.before = page.oldest, .limit = 1})), "E7 more");
  page = read({.after = page.newest, .limit = 3});
  EXPECT_EQ(names(page), "E11 ");
  EXPECT_EQ(names(read({.after = newest, .before = page.newest})), "E10 E9 E8 ");
}

TEST_F(ActivityTest, APageTellsOfMoreOnlyWhereMoreFits) {
  add({.name = "Wanted"});
  add_named(2);
  add({.name = "Wanted"});
  add_named(1);
  auto page = read({.filter = {.event_name = "Wanted"}, .limit = 1});
  EXPECT_EQ(names(page), "Wanted more");
  page = read({.filter = {.event_name = "Wanted"}, .before = page.oldest, .limit = 1});
  EXPECT_EQ(names(page), "Wanted ");
  EXPECT_EQ(names(read({.before = page.oldest})), "");
}

TEST_F(ActivityTest, CursorsOfOthersAreRefused) {
  add_named(2);
  Activity other(clock_, random_);
  const auto foreign = other.read({})->newest;
  for (const auto& cursor : {std::string(), std::string("x"), std::string(5'000, 'a'), foreign}) {
    for (const bool after : {true, false}) {
      const auto page = after ? activity_.read({.after = cursor}) : activity_.read({.before = cursor});
      ASSERT_FALSE(page) << cursor;
      EXPECT_EQ(page.error().kind, ErrorKind::invalid);
      EXPECT_EQ(page.error().message, after ? "The after is not valid." : "The before is not valid.");
    }
  }
}

TEST_F(ActivityTest, OnlyTheNewestAreKept) {
  add_named(1);
  const auto first = read().newest;
  std::string lines;
  for (std::size_t i = 0; i < Activity::kRecordsKept; ++i) lines += written({.name = "L"});
  activity_.add(lines);
  EXPECT_EQ(names(read({.filter = {.event_name = "E1"}})), "");
  EXPECT_EQ(read({.after = first, .limit = 1}).records.size(), 1U);  // what was between is gone

  // So large that there is room for a part of what came at once only.
  const std::string big(100'000, 'x');
  lines.clear();
  for (int i = 0; i < 200; ++i) lines += written({.name = "B" + std::to_string(i), .parameters = "\"" + big + "\""});
  activity_.add(lines);
  EXPECT_EQ(names(read({.filter = {.event_name = "L"}})), "");
  EXPECT_EQ(names(read({.filter = {.event_name = "B0"}})), "");
  EXPECT_EQ(names(read({.filter = {.event_name = "B199"}})), "B199 ");
  const auto page = read({.limit = 500});
  EXPECT_TRUE(page.more);
  EXPECT_LE(page.records.size(), Activity::kPageBytes / big.size() + 1);
}

TEST_F(ActivityTest, WaitsEndWithTheNextRecordOrAtTheEnd) {
  add_named(1);
  int ended = 0;
  const auto count = [&ended] { ++ended; };
  const auto newest = read().newest;
  activity_.wait(newest, Seconds{20}, count);
  activity_.wait(newest, Seconds{20}, count);
  activity_.turn();
  EXPECT_EQ(ended, 0);
  add_named(1);
  EXPECT_EQ(ended, 2);
  activity_.wait(newest, Seconds{20}, count);  // there is something
  EXPECT_EQ(ended, 3);
  activity_.wait("x", Seconds{20}, count);
  EXPECT_EQ(ended, 4);
  activity_.wait(read().newest, Seconds{0}, count);
  EXPECT_EQ(ended, 4);
  activity_.turn();
  EXPECT_EQ(ended, 5);
  for (std::size_t i = 0; i < Activity::kMaxWaiting; ++i) activity_.wait(read().newest, Seconds{20}, count);
  EXPECT_EQ(ended, 5);
  activity_.wait(read().newest, Seconds{20}, count);
  EXPECT_EQ(ended, 6);
  activity_.stop();
  EXPECT_EQ(ended, 6 + static_cast<int>(Activity::kMaxWaiting));
  activity_.wait(read().newest, Seconds{20}, count);
  EXPECT_EQ(ended, 7 + static_cast<int>(Activity::kMaxWaiting));
}

TEST_F(ActivityTest, AReaderIsRecordedOnceInAWhile) {
  using enum Activity::Reading;
  EXPECT_FALSE(activity_.is_repeated("alice", again, clock_.now()));
  EXPECT_TRUE(activity_.is_repeated("alice", again, clock_.now()));
  EXPECT_FALSE(activity_.is_repeated("bob", again, clock_.now()));
  clock_.advance(Activity::kReaderKept - Milliseconds{1});
  EXPECT_TRUE(activity_.is_repeated("alice", again, clock_.now()));
  clock_.advance(Milliseconds{1});
  EXPECT_FALSE(activity_.is_repeated("alice", again, clock_.now()));
  EXPECT_FALSE(activity_.is_repeated("alice", anew, clock_.now()));
  EXPECT_TRUE(activity_.is_repeated("alice", again, clock_.now()));
  for (std::size_t i = 0; i < Activity::kReadersKept; ++i) activity_.is_repeated(std::to_string(i), anew, clock_.now());
  EXPECT_FALSE(activity_.is_repeated("alice", again, clock_.now()));
}

// What of a record a filter looks at: a record that fits each, and others that don't.
TEST_F(ActivityTest, Filters) {
  const auto fits = [](const ActivityFilter& filter, const Line& line) {
    auto text = written(line);
    text.pop_back();
    return ActivityMatcher(filter).match(text).has_value();
  };
  const auto pod = exchange();
  const Line user{};
  const Line session{
      .name = "GetObject",
      .facts =
          R"("decisions":[{"request":{"context":{"aws:PrincipalTag/kubernetes-namespace":"ns","aws:PrincipalTag/kubernetes-pod-name":"app-1","aws:PrincipalTag/eks-cluster-name":"c"}}}])",
      .identity =
          R"({"arn":"arn:aws:sts::1:assumed-role/r/s","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::1:role/r"}}})",
      .source = "s3",
      .outcome = "denied"};
  const Line described{.name = "DescribeCluster", .parameters = R"({"name":"c"})"};
  const Line association{.name = "DescribePodIdentityAssociation",
                         .parameters = R"({"clusterName":"c","associationId":"a-1"})"};
  const Line role{.name = "GetRole", .parameters = R"({"name":"c","RoleName":"r"})", .source = "iam"};
  struct Case {
    std::string what;
    ActivityFilter filter;
    std::string fits;  // exchange, user, session, described, association, role
  };
  using enum ActivityOutcome;
  const Case cases[] = {
      {"everything", {}, "111111"},
      {"cluster", {.cluster_name = "c"}, "101110"},
      {"association", {.association_id = "a-1"}, "100010"},
      {"role", {.role_arn = "arn:aws:iam::1:role/r"}, "101000"},
      {"pod", {.pod = "app-1"}, "101000"},
      {"pod of a namespace", {.pod = "ns/app-1"}, "101000"},
      {"pod of another", {.pod = "other/app-1"}, "000000"},
      {"part of a pod", {.pod = "app"}, "000000"},
      {"no pod", {.pod = ""}, "000000"},
      {"principal", {.principal_arn = "arn:aws:iam::111122223333:user/u"}, "110111"},
      {"session's role", {.principal_arn = "arn:aws:iam::1:role/r"}, "001000"},
      {"event", {.event_name = "GetRole"}, "000001"},
      {"event in another case", {.event_name = "getrole"}, "000000"},
      {"success", {.outcome = success}, "110111"},
      {"denied", {.outcome = denied}, "001000"},
      {"failed", {.outcome = failed}, "000000"},
      {"text", {.text = "APP-1"}, "101000"},
      {"text with a quote", {.text = "\"c\""}, "000000"},
      {"two", {.cluster_name = "c", .event_name = "DescribeCluster"}, "000100"},
  };
  for (const auto& each : cases) {
    std::string found;
    for (const auto& line : {pod, user, session, described, association, role})
      found += fits(each.filter, line) ? '1' : '0';
    EXPECT_EQ(found, each.fits) << each.what;
  }
  EXPECT_TRUE(fits({.outcome = failed}, {.outcome = "failed"}));
  EXPECT_TRUE(fits({.outcome = failed}, {.outcome = "of another version"}));
  EXPECT_FALSE(fits({.outcome = denied}, {.outcome = "not denied"}));
  EXPECT_TRUE(fits({.text = "a\"b\n"}, {.parameters = R"({"x":"A\"b\n"})"}));
  for (const auto* broken : {"", "x", "{\"a\":", "7", "[]"}) EXPECT_FALSE(ActivityMatcher({}).match(broken)) << broken;
}

TEST(ActivityOutcomes, AreReadByName) {
  EXPECT_EQ(read_activity_outcome("success"), ActivityOutcome::success);
  EXPECT_EQ(read_activity_outcome("denied"), ActivityOutcome::denied);
  EXPECT_EQ(read_activity_outcome("failed"), ActivityOutcome::failed);
  EXPECT_EQ(read_activity_outcome("refused"), std::nullopt);
}

TEST_F(ActivityTest, ExchangesAreCountedByTheHour) {
  add(exchange("2023-11-14T21:59:59Z"));
  add(exchange("2023-11-14T22:00:00Z"));
  add(exchange("2023-11-14T22:30:00Z"));
  add(exchange("2023-11-14T22:20:00Z", "denied"));
  add(exchange("2023-11-14T21:59:00Z", "denied"));  // another thread's
  add(exchange("2023-11-14T22:40:00Z", "failed"));
  add(association_of_somebody_else());
  const auto counts = activity_.counts_of("a-1");
  ASSERT_EQ(counts.hours.size(), 2U);
  EXPECT_EQ(start_of_hour(counts.hours[0].number), *parse_iso8601("2023-11-14T21:00:00Z"));
  EXPECT_EQ(counts.hours[0].exchanges, 1);
  EXPECT_EQ(counts.hours[0].denials, 1);
  EXPECT_EQ(counts.hours[1].exchanges, 2);
  EXPECT_EQ(counts.hours[1].denials, 1);
  EXPECT_EQ(counts.last_used, parse_iso8601("2023-11-14T22:30:00Z"));
  EXPECT_EQ(counts.last_denied, parse_iso8601("2023-11-14T22:20:00Z"));
  EXPECT_EQ(counts.since, parse_iso8601("2023-11-14T21:59:59Z"));  // the first record's
  EXPECT_EQ(activity_.counts_of("a-2").hours.size(), 0U);
}

// What the caller says is no fact.
TEST_F(ActivityTest, ParametersAreNotCounted) {
  auto line = exchange();
  line.facts = R"("reason":"no association")";
  line.parameters =
      R"({"eventName":"AssumeRoleForPodIdentity","associationId":"a-1","x":{"y":1,"responseElements":null,"additionalEventData":{"associationId":"a-1"}}})";
  add(line);
  line.name = "Unknown";
  line.facts = R"("associationId":"a-1")";
  add(line);
  add({.name = "DescribePodIdentityAssociation", .parameters = R"({"associationId":"a-1"})"});
  line.name = "AssumeRoleForPodIdentity";
  line.source = "eks";
  add(line);
  add({.name = R"(\"eventName\":\"AssumeRoleForPodIdentity\",\"associationId\":\"a-1)"});
  EXPECT_FALSE(activity_.counts_of("a-1").last_used);
  EXPECT_FALSE(activity_.counts_of("a-1").last_denied);
}

}  // namespace
}  // namespace podpass::own_api
