#include "webhook/associations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "webhook/fake_podpass_test.h"
#include "webhook/loop_test.h"

namespace podpass::webhook {
namespace {

class AssociationsTest : public testing::Test {
 protected:
  AssociationsTest() { log::set_level(log::Level::off); }
  ~AssociationsTest() override { loop_.stop(); }

  void begin() {
    options_.cluster = "my-cluster";
    options_.region = "us-west-2";
    options_.endpoint = server_->endpoint();
    options_.first_pause = std::chrono::milliseconds(1);
    options_.longest_pause = std::chrono::milliseconds(20);
    known_ = std::make_unique<Associations>(loop_.executor(), options_, FakePodpass::credentials(), clock_, metrics_);
    known_->start();
  }
  void begin_complete() {
    begin();
    ASSERT_TRUE(signal_.wait_for([&] { return known_->complete(); }));
  }
  Result<bool> ask(const std::string& name) { return loop_.run(known_->ask("ns", name)); }
  bool has(const std::string& name) { return known_->has("ns", name); }

  SystemClock clock_;
  Metrics metrics_;
  Signal signal_;
  std::unique_ptr<FakePodpass> server_ = std::make_unique<FakePodpass>();
  Associations::Options options_;
  Loop loop_;
  std::unique_ptr<Associations> known_;
};

TEST_F(AssociationsTest, ReadsTheListPageByPage) {
  for (int i = 0; i < 25; ++i) server_->put("ns", fmt::format("sa-{:02}", i));
  server_->remove("ns", "sa-07");
  server_->set_page(4);
  begin_complete();
  EXPECT_EQ(known_->size(), 24U);
  EXPECT_TRUE(has("sa-00") && has("sa-24"));
  EXPECT_FALSE(has("sa-07"));
  EXPECT_FALSE(known_->has("other", "sa-00"));
  EXPECT_THAT(server_->last_authorization(), testing::HasSubstr("/us-west-2/podpass/aws4_request"));
}

TEST_F(AssociationsTest, LearnsOfChangesFromTheLongCall) {
  begin_complete();
  server_->put("ns", "new");
  EXPECT_TRUE(signal_.wait_for([&] { return has("new"); }));
  server_->remove("ns", "new");
  EXPECT_TRUE(signal_.wait_for([&] { return !has("new"); }));
}

TEST_F(AssociationsTest, AsksForWhatItDoesNotKnow) {
  server_->keep_long_calls_asleep();
  begin_complete();
  auto asked = ask("new");
  ASSERT_TRUE(asked) << asked.error().message;
  EXPECT_FALSE(*asked);
  server_->put("ns", "new");
  EXPECT_TRUE(ask("new").value());
  EXPECT_TRUE(has("new"));
  const int calls = server_->short_calls();
  EXPECT_TRUE(ask("new").value());
  EXPECT_EQ(server_->short_calls(), calls) << "what is known needs no call";
}

// The race that this class is about: an association is created, and at once a pod of it is made.
TEST_F(AssociationsTest, NeverMissesWhatWasCreatedBefore) {
  begin_complete();
  for (int i = 0; i < 1'000; ++i) {
    const auto name = fmt::format("sa-{}", i);
    ASSERT_FALSE(ask(name).value());
    server_->put("ns", name);
    ASSERT_TRUE(has(name) || ask(name).value()) << i;
  }
}

// An answer that was taken before the association was created says nothing of it, however late it arrives.
TEST_F(AssociationsTest, AnAnswerUnderWayIsNotForThoseWhoComeLater) {
  server_->keep_long_calls_asleep();
  begin_complete();
  server_->hold_next();
  auto early = loop_.begin(known_->ask("ns", "other"));
  ASSERT_TRUE(signal_.wait_for([&] { return server_->holding(); }));
  server_->put("ns", "new");
  auto late = loop_.begin(known_->ask("ns", "new"));
  server_->release();
  EXPECT_FALSE(early.get().value());
  EXPECT_TRUE(late.get().value());
}

TEST_F(AssociationsTest, OneCallServesAllWhoWait) {
  server_->keep_long_calls_asleep();
  begin_complete();
  const int before = server_->short_calls();
  server_->hold_next();
  auto first = loop_.begin(known_->ask("ns", "first"));
  ASSERT_TRUE(signal_.wait_for([&] { return server_->holding(); }));
  server_->put("ns", "sa-500");
  std::vector<std::future<Result<bool>>> asks;
  for (int i = 0; i < 1'000; ++i) asks.push_back(loop_.begin(known_->ask("ns", fmt::format("sa-{}", i))));
  loop_.run([]() -> boost::asio::awaitable<void> { co_return; }());  // all of them have begun
  server_->release();
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(asks[static_cast<std::size_t>(i)].get().value(), i == 500);
  EXPECT_EQ(server_->short_calls() - before, 2);
}

TEST_F(AssociationsTest, WhatIsKnownStaysWhileTheServerIsAway) {
  server_->put("ns", "old");
  begin_complete();
  server_->set_mode(FakePodpass::Mode::refuses);
  auto asked = ask("new");
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(asked.error().message, testing::HasSubstr("403 AccessDenied: User x is not authorized"));
  EXPECT_TRUE(has("old"));
  server_->set_mode(FakePodpass::Mode::breaks);
  EXPECT_THAT(ask("new").error().message, testing::HasSubstr("not that of this operation"));
  EXPECT_TRUE(has("old"));
  server_->set_mode(FakePodpass::Mode::answers);
  server_->put("ns", "new");
  EXPECT_TRUE(ask("new").value());
  EXPECT_TRUE(has("old"));
}

TEST_F(AssociationsTest, AServerThatDoesNotWaitIsNotAskedInACircle) {
  begin_complete();
  server_->set_mode(FakePodpass::Mode::hastens);
  const int before = server_->long_calls();
  ASSERT_TRUE(signal_.wait_for([&] { return server_->long_calls() > before; }));
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(ask("new").value());
  EXPECT_LT(server_->long_calls() - before, 10);
}

TEST_F(AssociationsTest, AListThatDoesNotGoOnIsAnError) {
  begin_complete();
  server_->set_mode(FakePodpass::Mode::stands_still);
  EXPECT_THAT(ask("new").error().message, testing::HasSubstr("its list does not end"));
}

TEST_F(AssociationsTest, NoServerIsAnErrorAtOnce) {
  server_->put("ns", "old");
  begin_complete();
  server_ = nullptr;
  EXPECT_THAT(ask("new").error().message, testing::HasSubstr("cannot ask the Podpass server at http://127.0.0.1:"));
  EXPECT_TRUE(has("old"));
}

TEST_F(AssociationsTest, PatienceEnds) {
  server_->keep_long_calls_asleep();
  options_.patience = std::chrono::milliseconds(60);
  options_.call = std::chrono::milliseconds(30);
  begin_complete();
  server_->hold_next();
  const auto asked = ask("new");
  EXPECT_FALSE(asked);
  ASSERT_TRUE(signal_.wait_for([&] { return server_->holding(); }));
  server_->release();
  EXPECT_TRUE(signal_.wait_for([&] { return ask("new").has_value(); })) << "and it goes on afterwards";
}

TEST_F(AssociationsTest, ARestartedServerTellsItsListAnew) {
  for (int i = 0; i < 10; ++i) server_->put("ns", fmt::format("sa-{}", i));
  server_->set_page(3);
  begin_complete();
  server_->remove("ns", "sa-3");
  server_->put("ns", "new");
  server_->restart();
  EXPECT_TRUE(ask("new").value());
  EXPECT_TRUE(signal_.wait_for([&] { return !has("sa-3") && has("new") && known_->size() == 10; }));
}

TEST_F(AssociationsTest, MetricsTellOfAsks) {
  server_->put("ns", "sa");
  begin_complete();
  EXPECT_THAT(metrics_.text(), testing::HasSubstr("pod_identity_webhook_used 1\n"));
  EXPECT_THAT(metrics_.text(), testing::ContainsRegex("podpass_webhook_asks.outcome=\"answered\". [1-9]"));
}

}  // namespace
}  // namespace podpass::webhook
