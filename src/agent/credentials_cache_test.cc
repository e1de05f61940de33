// The cache on an event loop of its own, with a source that answers as each test says, when it says. No time passes but
// the clock's.
#include "agent/credentials_cache.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
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

  asio::awaitable<ExchangeResult> exchange(std::string) override {
    ++calls;
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
  std::string token(std::string_view name, Seconds valid = hours{24}) {
    auto claims = R"({"jti":")" + std::string(name) + R"(","exp":)" +
                  std::to_string(to_epoch_seconds(clock_.now() + valid)) + "}";
    return codec::base64url_encode("{}") + "." + codec::base64url_encode(claims) + ".c2ln";
  }
  void read_into(std::string token, std::shared_ptr<const Answer>& into) {
    asio::co_spawn(
        loop_,
        [this, token = std::move(token), &into]() -> asio::awaitable<void> { into = co_await cache_->get(token); },
        asio::detached);
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

TEST_F(CredentialsCacheTest, FiftyReadersMakeOneExchange) {
  source_.hold = true;
  const auto pod = token("pod");
  std::vector<std::shared_ptr<const Answer>> answers(50);
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
  EXPECT_EQ(figures().shared_flights, 49u);
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

}  // namespace
}  // namespace podpass::agent
