// The cache on an event loop of its own, with a source that answers as each test says, when it says. No time passes but
// the clock's.
#include "agent/credentials_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <numeric>
#include <stdexcept>

#include "codec/base64.h"

namespace podpass::agent {
namespace {

namespace asio = boost::asio;
using std::chrono::hours;
using std::chrono::minutes;

class ScriptedSource final : public CredentialsSource {
 public:
  ScriptedSource(asio::io_context& loop, const Clock& clock) : clock_(clock), held_(loop) {
    held_.expires_at(asio::steady_timer::time_point::max());
  }

  asio::awaitable<ExchangeResult> exchange(std::string token) override {
    ++calls;
    tokens.push_back(std::move(token));
    if (hold) {
      boost::system::error_code ignored;
      co_await held_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (throws) throw std::runtime_error("a bug");
    if (failure) {
      ExchangeResult refused;
      refused.failure = *failure;
      co_return refused;
    }
    ExchangeResult good;
    good.credentials = PodCredentials{
        "ASIA" + std::to_string(calls), Secret("secret"), Secret("token"), "111122223333", "a-1", clock_.now() + life};
    co_return good;
  }
  void release() {
    hold = false;
    held_.cancel();
  }

  int calls = 0;
  std::vector<std::string> tokens;  // asked with
  bool hold = false, throws = false;
  Milliseconds life = hours{6};
  std::optional<ExchangeFailure> failure;

 private:
  const Clock& clock_;
  asio::steady_timer held_;
};

class CredentialsCacheTest : public testing::Test {
 protected:
  // A token valid for `valid` from now.
  std::string token(std::string_view name, Seconds valid = hours{24}, std::string_view account = "app") {
    auto claims =
        R"({"jti":")" + std::string(name) + R"(","exp":)" + std::to_string(to_epoch_seconds(clock_.now() + valid)) +
        R"(,"kubernetes.io":{"namespace":"default","serviceaccount":{"name":")" + std::string(account) + R"("}}})";
    return codec::base64url_encode("{}") + "." + codec::base64url_encode(claims) + ".c2ln";
  }
  void read_into(std::string token, std::shared_ptr<const Answer>& into, std::string client = "10.0.0.1") {
    asio::co_spawn(
        loop_,
        [this, token = std::move(token), client = std::move(client), &into]() -> asio::awaitable<void> {
          into = co_await cache_->get(token, client);
        },
        asio::detached);
  }
  // Time passes, in steps, as the cache's own timer would see it.
  void pass(Milliseconds time, Milliseconds step) {
    for (Milliseconds done{0}; done < time; done += step) {
      clock_.advance(step);
      cache_->run_due();
      run();
    }
  }
  void run() {
    loop_.restart();
    loop_.poll();
  }
  Answer read(const std::string& token) {
    std::shared_ptr<const Answer> answer;
    read_into(token, answer);
    run();
    EXPECT_NE(answer, nullptr);
    return answer ? *answer : Answer{0, "no answer", ""};
  }
  void options(CredentialsCache::Options options) {
    cache_ = std::make_unique<CredentialsCache>(options, source_, clock_);
  }
  void fail(int status, std::string code, bool fatal = false) {
    source_.failure = ExchangeFailure{status, "id", std::move(code), "no", fatal};
  }
  const CacheFigures& figures() const { return cache_->figures(); }

  asio::io_context loop_;
  ManualClock clock_;
  ScriptedSource source_{loop_, clock_};
  std::unique_ptr<CredentialsCache> cache_ =
      std::make_unique<CredentialsCache>(CredentialsCache::Options(), source_, clock_);
};

bool has_key(const Answer& answer, std::string_view id) {
  return answer.status == 200 && answer.body.contains("\"" + std::string(id) + "\"");
}

TEST_F(CredentialsCacheTest, AThousandReadersMakeOneExchange) {
  source_.hold = true;
  const auto pod = token("pod");
  std::vector<std::shared_ptr<const Answer>> answers(1'000);
  for (auto& answer : answers) read_into(pod, answer);
  run();
  for (const auto& answer : answers) EXPECT_EQ(answer, nullptr);
  source_.release();
  run();
  EXPECT_EQ(source_.calls, 1);
  for (const auto& answer : answers) {
    ASSERT_NE(answer, nullptr);
    EXPECT_TRUE(has_key(*answer, "ASIA1"));
  }
  EXPECT_EQ(figures().misses, 1u);
  EXPECT_EQ(figures().shared_flights, 999u);
  EXPECT_TRUE(has_key(read(pod), "ASIA1"));
  EXPECT_EQ(figures().hits, 1u);
}

TEST_F(CredentialsCacheTest, ReadersShareARefusalToo) {
  source_.hold = true;
  fail(404, "ResourceNotFoundException", true);
  const auto pod = token("pod");
  std::vector<std::shared_ptr<const Answer>> answers(50);
  for (auto& answer : answers) read_into(pod, answer);
  run();
  source_.release();
  run();
  EXPECT_EQ(source_.calls, 1);
  for (const auto& answer : answers) {
    ASSERT_NE(answer, nullptr);
    EXPECT_EQ(answer->status, 404);
  }
}

TEST_F(CredentialsCacheTest, AReaderThatThrowsLeavesNobodyWaiting) {
  source_.hold = source_.throws = true;
  const auto pod = token("pod");
  std::vector<std::shared_ptr<const Answer>> answers(3);
  for (auto& answer : answers) read_into(pod, answer);
  run();
  source_.release();
  run();
  for (const auto& answer : answers) {
    ASSERT_NE(answer, nullptr);
    EXPECT_EQ(answer->status, 500);
    EXPECT_EQ(answer->code, "InternalFailure");
    EXPECT_FALSE(answer->body.contains("a bug"));
  }
}

TEST_F(CredentialsCacheTest, TokensAreApart) {
  EXPECT_TRUE(has_key(read(token("a")), "ASIA1"));
  EXPECT_TRUE(has_key(read(token("b")), "ASIA2"));
  EXPECT_TRUE(has_key(read(token("a")), "ASIA1"));
  EXPECT_EQ(cache_->size(), 2u);
}

TEST_F(CredentialsCacheTest, RenewedWhenReadAfterRetention) {
  const auto pod = token("pod");
  read(pod);
  clock_.advance(hours{3} - Milliseconds{1});
  EXPECT_TRUE(has_key(read(pod), "ASIA1"));
  clock_.advance(Milliseconds{1});
  EXPECT_EQ(source_.calls, 1) << "nothing is renewed that nobody reads";
  EXPECT_TRUE(has_key(read(pod), "ASIA2"));
  EXPECT_EQ(figures().renewals, 1u);
}

TEST_F(CredentialsCacheTest, RenewedWhenReadWithLittleLifeLeft) {
  source_.life = minutes{59};  // a target role's
  const auto pod = token("pod");
  read(pod);
  clock_.advance(minutes{39} - Milliseconds{1});
  EXPECT_TRUE(has_key(read(pod), "ASIA1"));
  clock_.advance(Milliseconds{1});
  EXPECT_TRUE(has_key(read(pod), "ASIA2"));
}

TEST_F(CredentialsCacheTest, AShortLifeIsRenewedAtItsHalf) {
  source_.life = minutes{15};
  const auto pod = token("pod");
  read(pod);
  clock_.advance(minutes{7});
  EXPECT_TRUE(has_key(read(pod), "ASIA1"));
  clock_.advance(minutes{1});
  EXPECT_TRUE(has_key(read(pod), "ASIA2"));
}

TEST_F(CredentialsCacheTest, ServesWhileEksAuthIsAwayUntilExpiry) {
  const auto pod = token("pod");
  read(pod);
  fail(0, "ServiceUnavailable");
  for (auto at : {hours{3}, hours{4}, hours{5}}) {
    clock_.set(from_epoch_seconds(1'700'000'000) + at);
    EXPECT_TRUE(has_key(read(pod), "ASIA1"));
  }
  EXPECT_EQ(figures().failed_renewals, 3u);
  clock_.set(from_epoch_seconds(1'700'000'000) + hours{6} - Seconds{15} - Milliseconds{1});
  EXPECT_TRUE(has_key(read(pod), "ASIA1"));
  clock_.advance(Milliseconds{1});
  auto dead = read(pod);
  EXPECT_EQ(dead.status, 500) << "fifteen seconds before they expire, credentials are dead";
  EXPECT_EQ(dead.body, "[id]: (ServiceUnavailable): no, fault: server\n");
  clock_.advance(minutes{1});
  source_.failure.reset();
  EXPECT_EQ(read(pod).status, 200);
}

TEST_F(CredentialsCacheTest, AFatalAnswerDropsWhatIsCached) {
  const auto pod = token("pod");
  read(pod);
  fail(400, "AccessDeniedException", true);
  clock_.advance(hours{3});
  auto refused = read(pod);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.code, "AccessDeniedException");
  EXPECT_EQ(read(pod).status, 400);
}

TEST_F(CredentialsCacheTest, ARefusalIsRememberedLongerEachTimeUpToTheCap) {
  fail(404, "ResourceNotFoundException", true);
  const auto pod = token("pod");
  int calls = 0;
  for (int pause : {500, 1'000, 2'000, 4'000, 5'000, 5'000}) {
    EXPECT_EQ(read(pod).status, 404);
    EXPECT_EQ(source_.calls, ++calls);
    clock_.advance(Milliseconds{pause - 1});
    EXPECT_EQ(read(pod).status, 404);
    EXPECT_EQ(source_.calls, calls) << pause;
    clock_.advance(Milliseconds{1});
  }
  EXPECT_EQ(figures().negative_hits, 6u);
  source_.failure.reset();
  EXPECT_EQ(read(pod).status, 200);
  // Success begins the count anew.
  fail(404, "ResourceNotFoundException", true);
  clock_.advance(hours{3});
  EXPECT_EQ(read(pod).status, 404);
  clock_.advance(Milliseconds{500});
  source_.failure.reset();
  EXPECT_EQ(read(pod).status, 200);
}

TEST_F(CredentialsCacheTest, DeadCredentialsAreAnError) {
  source_.life = Seconds{15};
  auto answer = read(token("pod"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.code, "ExpiredCredentials");
  EXPECT_FALSE(answer.body.contains("secret"));
}

TEST_F(CredentialsCacheTest, TheLeastRecentlyReadGoesFirst) {
  CredentialsCache::Options few;
  few.max_entries = 3;
  options(few);
  const auto a = token("a"), b = token("b"), c = token("c"), d = token("d");
  read(a), read(b), read(c);
  read(a);
  read(d);
  EXPECT_EQ(cache_->size(), 3u);
  EXPECT_EQ(figures().evicted, 1u);
  EXPECT_NE(cache_->find(a), nullptr);
  EXPECT_EQ(cache_->find(b), nullptr);
  EXPECT_NE(cache_->find(c), nullptr);
  EXPECT_NE(cache_->find(d), nullptr);
  for (int i = 0; i < 100; ++i) read(token("many" + std::to_string(i)));
  EXPECT_EQ(cache_->size(), 3u);
  EXPECT_EQ(figures().entries, 3u);
}

TEST_F(CredentialsCacheTest, ARunningExchangeKeepsItsEntry) {
  CredentialsCache::Options one;
  one.max_entries = 1;
  options(one);
  source_.hold = true;
  std::shared_ptr<const Answer> first, second;
  read_into(token("a"), first);
  read_into(token("b"), second);
  run();
  EXPECT_EQ(cache_->size(), 2u);
  source_.release();
  run();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->status, 200);
  EXPECT_EQ(second->status, 200);
  read(token("c"));
  EXPECT_EQ(cache_->size(), 1u);
}

TEST_F(CredentialsCacheTest, NoRetentionExchangesEachTime) {
  CredentialsCache::Options none;
  none.retention = Seconds{0};
  options(none);
  const auto pod = token("pod");
  EXPECT_TRUE(has_key(read(pod), "ASIA1"));
  EXPECT_TRUE(has_key(read(pod), "ASIA2"));
}

TEST_F(CredentialsCacheTest, AnExpiredTokenGetsNothing) {
  const auto pod = token("pod", minutes{10});
  EXPECT_EQ(read(pod).status, 200);
  clock_.advance(minutes{10});
  auto expired = read(pod);
  EXPECT_EQ(expired.status, 400);
  EXPECT_EQ(expired.body, "Service account token failed basic claim validations: token is expired\n");
  EXPECT_EQ(source_.calls, 1);
}

TEST_F(CredentialsCacheTest, AnExpiredTokenGetsNothingDuringABackoffEither) {
  CredentialsCache::Options eager;
  eager.retention = Seconds{0};
  options(eager);
  const auto pod = token("pod", minutes{10});
  EXPECT_EQ(read(pod).status, 200);
  fail(503, "ServiceUnavailableException");
  clock_.advance(minutes{10} - Milliseconds{100});
  EXPECT_EQ(read(pod).status, 200);
  clock_.advance(Milliseconds{100});
  EXPECT_EQ(read(pod).status, 400);
}

TEST_F(CredentialsCacheTest, WhatIsNoTokenIsNeitherSentNorKept) {
  for (const std::string& text : {std::string("x"), "Bearer " + token("pod"), token("pod", Seconds{-1})}) {
    EXPECT_EQ(read(text).status, 400);
  }
  EXPECT_EQ(source_.calls, 0);
  EXPECT_EQ(cache_->size(), 0u);
}

TEST_F(CredentialsCacheTest, MadeUpTokensPushNobodyOut) {
  options({.max_entries = 4});
  for (auto name : {"a", "b", "c"}) EXPECT_EQ(read(token(name)).status, 200);
  fail(400, "InvalidTokenException", true);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(read(token("forged" + std::to_string(i))).status, 400);
  EXPECT_EQ(cache_->size(), 4u);
  EXPECT_EQ(figures().evicted, 19u);
  const auto calls = source_.calls;
  for (auto name : {"a", "b", "c"}) EXPECT_EQ(read(token(name)).status, 200);
  EXPECT_EQ(source_.calls, calls) << "from memory";
}

TEST_F(CredentialsCacheTest, WhoLostItsCredentialsGoesBeforeThoseThatHaveSome) {
  options({.max_entries = 2});
  const auto a = token("a"), b = token("b");
  EXPECT_EQ(read(a).status, 200);
  EXPECT_EQ(read(b).status, 200);
  clock_.advance(hours{4});  // both are due for renewal, and b is refused
  fail(404, "ResourceNotFoundException", true);
  EXPECT_EQ(read(b).status, 404);
  source_.failure.reset();
  EXPECT_EQ(read(token("c")).status, 200);
  EXPECT_EQ(cache_->size(), 2u);
  EXPECT_EQ(figures().misses, 3u);
  EXPECT_EQ(read(a).status, 200);
  EXPECT_EQ(figures().misses, 3u) << "a was there, and renewed";
}

TEST_F(CredentialsCacheTest, OfSizeZeroRemembersNothing) {
  options({.max_entries = 0});
  const auto pod = token("pod");
  EXPECT_TRUE(has_key(read(pod), "ASIA1"));
  EXPECT_TRUE(has_key(read(pod), "ASIA2"));
  fail(400, "InvalidTokenException", true);
  EXPECT_EQ(read(pod).status, 400);
  EXPECT_EQ(read(pod).status, 400);
  EXPECT_EQ(source_.calls, 4);
  EXPECT_EQ(cache_->size(), 0u);
}

TEST_F(CredentialsCacheTest, RenewedOnceAheadOfTimeAndThenForgottenIfNobodyReads) {
  const auto pod = token("pod", hours{48});
  read(pod);
  pass(hours{4} + minutes{29}, minutes{1});
  EXPECT_EQ(source_.calls, 1);
  pass(minutes{32}, minutes{1});
  EXPECT_EQ(source_.calls, 2) << "the pod will come back before its credentials expire";
  EXPECT_TRUE(has_key(read(pod), "ASIA2"));
  pass(hours{5}, minutes{1});
  EXPECT_EQ(source_.calls, 3) << "it did";
  pass(hours{24}, minutes{1});
  EXPECT_EQ(source_.calls, 3) << "it is gone";
  EXPECT_EQ(cache_->size(), 0u);
}

TEST_F(CredentialsCacheTest, NotRenewedAheadBeyondTheLifeOfTheToken) {
  read(token("pod", hours{4}));
  pass(hours{10}, minutes{1});
  EXPECT_EQ(source_.calls, 1);
  EXPECT_EQ(cache_->size(), 0u);
}

TEST_F(CredentialsCacheTest, APodThatIsGoneIsNotRenewedAgain) {
  const auto pod = token("pod");
  read(pod);
  fail(400, "InvalidTokenException", true);
  pass(hours{12}, minutes{1});
  EXPECT_EQ(source_.calls, 2);
  EXPECT_EQ(read(pod).status, 400);
}

// 2,000 pods whose SDKs come for new credentials five minutes before theirs expire, as the most patient of them do.
class ManyPods : public CredentialsCacheTest {
 protected:
  struct Pod {
    std::string token, client;
    Time holds_until{};
    std::shared_ptr<const Answer> answer;
    bool asks = false;
  };

  void make_pods(int count) {
    for (int i = 0; i < count; ++i)
      pods_.push_back({token("pod" + std::to_string(i)), "10.1." + std::to_string(i), {}, {}, false});
  }
  // A step of 100 ms; every second the pods that are due ask. Returns how many exchanges there were.
  int step() {
    const int before = source_.calls;
    clock_.advance(Milliseconds{100});
    cache_->run_due();
    if (at_++ % 10 == 0) look_after_pods();
    if (clock_.now() >= first_expiry_ && at_ > 1'000) ++without_;
    run();
    return source_.calls - before;
  }
  void look_after_pods() {
    const auto now = clock_.now();
    first_expiry_ = Time::max();
    for (auto& pod : pods_) {
      if (pod.asks && pod.answer) {
        pod.asks = false;
        if (pod.answer->status == 200) pod.holds_until = expiry_of(*pod.answer);
        pod.answer = nullptr;
      }
      if (pod.holds_until - now < minutes{5} && !pod.asks) {
        pod.asks = true;
        read_into(pod.token, pod.answer, pod.client);
      }
      first_expiry_ = std::min(first_expiry_, pod.holds_until);
    }
  }
  static Time expiry_of(const Answer& answer) {
    const auto at = answer.body.find("\"Expiration\":\"");
    return parse_iso8601(answer.body.substr(at + 14, 20)).value();
  }
  // Exchanges in the busiest second of a time.
  int busiest(Milliseconds time) {
    int most = 0;
    std::deque<int> second;
    for (Milliseconds done{0}; done < time; done += Milliseconds{100}) {
      second.push_back(step());
      if (second.size() > 10) second.pop_front();
      most = std::max(most, std::accumulate(second.begin(), second.end(), 0));
    }
    return most;
  }

  std::vector<Pod> pods_;
  long at_ = 0;
  Time first_expiry_ = Time::max();
  int without_ = 0;  // steps in which a pod had no valid credentials, after the start
};

TEST_F(ManyPods, KeepValidCredentialsWhileEksAuthIsAwayForTenMinutesAndRenewalsThenAreSpread) {
  options({.max_entries = 2'000, .calls_per_second = 50});
  source_.life = minutes{59};
  make_pods(2'000);
  EXPECT_LE(busiest(minutes{2}), 100) << "a full bucket and a second's worth";
  EXPECT_EQ(source_.calls, 2'000);
  EXPECT_LE(busiest(minutes{32}), 30);
  // Away while renewals ahead of time are due, and then while the pods come for new credentials and theirs expire.
  for (int outage = 0; outage < 2; ++outage) {
    fail(0, "ServiceUnavailable");
    const auto before = source_.calls;
    busiest(minutes{10});
    EXPECT_LE(source_.calls - before, 10 * 60 * 2) << "one tries now and then, not all";
    EXPECT_EQ(without_, 0);
    source_.failure.reset();
    EXPECT_LE(busiest(minutes{9}), 30) << "half of 50, and a little for the edges";
  }
  EXPECT_LE(busiest(minutes{80}), 30);
  EXPECT_EQ(without_, 0);
  EXPECT_GT(source_.calls, 5'000) << "they all were renewed";
}

TEST_F(CredentialsCacheTest, AReaderGetsWhatThereIsIfTheRenewalTakesLong) {
  options({.patience = Milliseconds{0}});
  const auto pod = token("pod");
  read(pod);
  clock_.advance(hours{3});
  source_.hold = true;
  EXPECT_TRUE(has_key(read(pod), "ASIA1"));
  EXPECT_TRUE(has_key(read(pod), "ASIA1"));
  EXPECT_EQ(source_.calls, 2);
  source_.release();
  run();
  EXPECT_TRUE(has_key(read(pod), "ASIA2"));
}

TEST_F(CredentialsCacheTest, AChangedAssociationIsAskedForAtTheNextRead) {
  const auto app = token("a", hours{24}, "app"), other = token("b", hours{24}, "other");
  read(app), read(other);
  cache_->association_changed("default", "app");
  cache_->association_changed("elsewhere", "other");
  EXPECT_EQ(source_.calls, 2) << "not before it is read";
  EXPECT_TRUE(has_key(read(app), "ASIA3"));
  EXPECT_TRUE(has_key(read(other), "ASIA2"));
  fail(404, "ResourceNotFoundException", true);
  cache_->association_changed("default", "app");
  EXPECT_EQ(read(app).status, 404);
  source_.failure.reset();
  EXPECT_EQ(read(app).status, 404) << "remembered for a moment";
  cache_->association_changed("default", "app");
  EXPECT_EQ(read(app).status, 200) << "but not beyond the news";
  fail(0, "ServiceUnavailable");
  cache_->association_changed("default", "app");
  EXPECT_EQ(read(app).status, 500) << "what was taken away is not given for want of an answer";
  EXPECT_EQ(figures().dropped, 3u);
}

TEST_F(CredentialsCacheTest, AChangeDuringAnExchangeIsNotLost) {
  source_.hold = true;
  const auto pod = token("pod");
  std::shared_ptr<const Answer> answer;
  read_into(pod, answer);
  run();
  cache_->association_changed("default", "app");
  source_.release();
  run();
  EXPECT_EQ(source_.calls, 2);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(has_key(*answer, "ASIA2"));
}

TEST_F(CredentialsCacheTest, DistrustedAnswersAreAskedForOnceMoreAndKeptIfThereIsNoAnswer) {
  const auto pod = token("pod");
  read(pod);
  clock_.advance(Seconds{1});
  cache_->distrust();
  clock_.advance(Milliseconds{1});
  fail(0, "ServiceUnavailable");
  EXPECT_TRUE(has_key(read(pod), "ASIA1"));
  source_.failure.reset();
  clock_.advance(Seconds{5});
  EXPECT_TRUE(has_key(read(pod), "ASIA3"));
  EXPECT_TRUE(has_key(read(pod), "ASIA3"));
  EXPECT_EQ(source_.calls, 3);
}

// A node that starts with its clock ahead and sets it right: nothing may wait until it is as late again.
TEST_F(CredentialsCacheTest, AClockThatIsSetBackMakesNobodyWait) {
  const auto refused = token("refused"), kept = token("kept");
  EXPECT_EQ(read(kept).status, 200);
  cache_->distrust();
  EXPECT_TRUE(has_key(read(kept), "ASIA2"));
  fail(404, "ResourceNotFoundException", true);
  EXPECT_EQ(read(refused).status, 404);
  source_.failure.reset();
  clock_.advance(-hours{1});
  EXPECT_EQ(read(refused).status, 200) << "the refusal was remembered for a moment";
  EXPECT_TRUE(has_key(read(kept), "ASIA2")) << "it was asked for after the distrust, whatever the clock says";
  EXPECT_EQ(source_.calls, 4);
  cache_->recheck_after(Seconds{5});
  EXPECT_TRUE(has_key(read(kept), "ASIA5")) << "of the future, as it seems: it may be old";
  EXPECT_TRUE(has_key(read(kept), "ASIA5"));
}

TEST_F(CredentialsCacheTest, AClockThatIsSetBackHoldsNoRenewals) {
  const auto pod = token("pod");
  EXPECT_EQ(read(pod).status, 200);
  clock_.advance(hours{3});
  fail(0, "ServiceUnavailable");
  EXPECT_TRUE(has_key(read(pod), "ASIA1"));
  source_.failure.reset();
  clock_.advance(-minutes{30});
  cache_->distrust();
  EXPECT_TRUE(has_key(read(pod), "ASIA3"));
}

TEST_F(CredentialsCacheTest, WithoutNewsAnswersAreAskedForAgainAfterAShortTime) {
  cache_->recheck_after(Seconds{5});
  const auto pod = token("pod");
  read(pod);
  clock_.advance(Seconds{5} - Milliseconds{1});
  EXPECT_TRUE(has_key(read(pod), "ASIA1"));
  clock_.advance(Milliseconds{1});
  EXPECT_TRUE(has_key(read(pod), "ASIA2"));
  clock_.advance(Seconds{5});
  fail(404, "ResourceNotFoundException", true);
  EXPECT_EQ(read(pod).status, 404) << "deleted meanwhile";
  source_.failure.reset();
  clock_.advance(Seconds{5});
  EXPECT_TRUE(has_key(read(pod), "ASIA4"));
  cache_->recheck_after(Milliseconds{0});
  clock_.advance(hours{1});
  EXPECT_TRUE(has_key(read(pod), "ASIA4"));
}

TEST_F(CredentialsCacheTest, WhoAsksForALotWaitsForItAloneAndIsRefusedInTheEnd) {
  options({.max_entries = 500, .calls_per_second = 1});
  std::vector<std::shared_ptr<const Answer>> greedy(80);
  for (std::size_t i = 0; i < greedy.size(); ++i) read_into(token("g" + std::to_string(i)), greedy[i], "10.0.0.1");
  std::shared_ptr<const Answer> modest;
  read_into(token("m"), modest, "10.0.0.2");
  run();
  EXPECT_EQ(std::ranges::count_if(greedy, [](auto& each) { return each && each->status == 200; }), 1);
  EXPECT_EQ(std::ranges::count_if(greedy, [](auto& each) { return each && each->status == 429; }), 15);
  EXPECT_EQ(modest, nullptr);
  pass(Milliseconds{2'500}, Milliseconds{100});
  ASSERT_NE(modest, nullptr) << "behind one of the others, not behind all";
  EXPECT_EQ(modest->status, 200);
  pass(Seconds{70}, Milliseconds{100});
  EXPECT_EQ(std::ranges::count_if(greedy, [](auto& each) { return each && each->status == 200; }), 65);
  EXPECT_EQ(figures().throttled, 15u);
}

TEST_F(CredentialsCacheTest, TheCallsThatRunAtATimeAreBounded) {
  options({.max_entries = 1'000});
  source_.hold = true;
  std::vector<std::shared_ptr<const Answer>> answers(400);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    read_into(token("t" + std::to_string(i)), answers[i], "10.0.0." + std::to_string(i));
  }
  run();
  EXPECT_EQ(source_.calls, static_cast<int>(CredentialsCache::kMaxFlights));
  EXPECT_EQ(figures().running, CredentialsCache::kMaxFlights);
  EXPECT_EQ(figures().waiting, 400 - CredentialsCache::kMaxFlights);
  source_.release();
  run();
  EXPECT_EQ(source_.calls, 400);
  for (const auto& answer : answers) ASSERT_TRUE(answer && answer->status == 200);
}

TEST_F(CredentialsCacheTest, OutcomesAreToldWithTheTokensClaims) {
  std::vector<std::string> told;
  cache_ = std::make_unique<CredentialsCache>(CredentialsCache::Options(), source_, clock_,
                                              [&](const TokenClaims& claims, const ExchangeResult& result) {
                                                told.push_back(claims.namespace_ + "/" + claims.service_account + " " +
                                                               (result.credentials ? "yes" : result.failure.code));
                                              });
  read(token("a"));
  fail(404, "ResourceNotFoundException", true);
  read(token("b", hours{1}, "other"));
  EXPECT_EQ(told, (std::vector<std::string>{"default/app yes", "default/other ResourceNotFoundException"}));
}

TEST_F(CredentialsCacheTest, TellsWhenTheOldestWereGot) {
  read(token("a"));
  const auto first = to_epoch_seconds(clock_.now());
  pass(minutes{1}, Seconds{10});
  read(token("b"));
  pass(minutes{1}, Seconds{10});
  EXPECT_EQ(figures().oldest_seconds, first);
}

}  // namespace
}  // namespace podpass::agent
