#include "console/sessions.h"

#include <gtest/gtest.h>

#include <future>

#include "console/records.h"
#include "store/memory_backend.h"

namespace podpass::console {
namespace {

const Identity kIdentity{"AKIAEXAMPLE", ""};

class SessionsTest : public testing::Test {
 protected:
  template <class F>
  auto run(F body) {
    decltype(body(std::declval<store::Transaction&>())) out;
    EXPECT_TRUE(store_->run([&](store::Transaction& tx) -> Result<void> {
      out = body(tx);
      return {};
    }));
    return out;
  }
  std::string open() {
    return run([&](auto& tx) { return std::string(open_session(tx, random_, kIdentity, now_).value().reveal()); });
  }
  std::optional<Session> find(const std::string& cookie) {
    auto tx = store_->begin();
    return find_session(tx, cookie, now_);
  }
  std::string make() {
    return run([&](auto& tx) { return std::string(make_code(tx, random_, kIdentity, now_).value().reveal()); });
  }
  bool take(const std::string& code) {
    return run([&](auto& tx) { return take_code(tx, code, now_).has_value(); });
  }
  template <class T>
  std::size_t count(const store::Table<T>& table) {
    auto tx = store_->begin();
    return tx.scan(table, {}, 100'000).size();
  }

  SeededRandom random_{1};
  Time now_{Seconds{1'700'000'000}};
  std::unique_ptr<store::Store> store_ = store::Store::open(std::make_unique<store::MemoryBackend>()).value();
};

TEST_F(SessionsTest, ACookieFindsItsSession) {
  const auto cookie = open();
  EXPECT_EQ(cookie.size(), 43U);
  EXPECT_EQ(find(cookie)->identity.access_key_id, "AKIAEXAMPLE");
  EXPECT_NE(open(), cookie);
  EXPECT_FALSE(find(""));
  EXPECT_FALSE(find(cookie.substr(1)));
  EXPECT_FALSE(find(std::string(1'000'000, 'a')));
}

TEST_F(SessionsTest, TheStoreHasNoCookie) {
  const auto cookie = open(), code = make();
  auto tx = store_->begin();
  for (const auto& row : tx.scan(kSessions, {}, 10)) EXPECT_NE(row.key[0], cookie);
  for (const auto& row : tx.scan(kCodes, {}, 10)) EXPECT_NE(row.key[0], code);
}

TEST_F(SessionsTest, AnHourUnusedEndsIt) {
  const auto cookie = open();
  now_ += kIdle - Seconds{1};
  ASSERT_TRUE(find(cookie));
  EXPECT_TRUE(find(cookie)->touch);
  now_ += Seconds{1};
  EXPECT_FALSE(find(cookie));
}

TEST_F(SessionsTest, UseProlongsItButNotForEver) {
  const auto cookie = open();
  const auto start = now_;
  while (find(cookie)) {
    now_ += kIdle - Seconds{1};
    run([&](auto& tx) { return touch_session(tx, cookie, now_), 0; });
  }
  EXPECT_GE(now_, start + kLongest);
  EXPECT_LT(now_, start + kLongest + kIdle);
}

TEST_F(SessionsTest, UseIsNotWrittenDownEachTime) {
  const auto cookie = open();
  EXPECT_FALSE(find(cookie)->touch);
  now_ += kTouchAfter;
  EXPECT_TRUE(find(cookie)->touch);
}

TEST_F(SessionsTest, SigningOutEndsIt) {
  const auto cookie = open();
  run([&](auto& tx) { return end_session(tx, cookie), 0; });
  EXPECT_FALSE(find(cookie));
  run([&](auto& tx) { return touch_session(tx, cookie, now_), 0; });
  EXPECT_FALSE(find(cookie));
}

TEST_F(SessionsTest, EachSessionHasItsOwnCsrfToken) {
  EXPECT_NE(csrf_token("a"), csrf_token("b"));
  EXPECT_EQ(csrf_token("a"), csrf_token("a"));
}

TEST_F(SessionsTest, ACodeIsGoodOnce) {
  const auto code = make();
  EXPECT_FALSE(take(""));
  EXPECT_FALSE(take(code + "a"));
  EXPECT_TRUE(take(code));
  EXPECT_FALSE(take(code));
}

TEST_F(SessionsTest, TwoWhoBringACodeAtOnceDontBothGetIn) {
  const auto code = make();
  auto one = store_->begin(), two = store_->begin();
  EXPECT_TRUE(take_code(one, code, now_));
  EXPECT_TRUE(take_code(two, code, now_));
  std::promise<bool> first, second;
  store_->commit(std::move(one), [&](Result<void> outcome) { first.set_value(outcome.has_value()); });
  store_->commit(std::move(two), [&](Result<void> outcome) { second.set_value(outcome.has_value()); });
  const int committed = first.get_future().get() + second.get_future().get();
  EXPECT_EQ(committed, 1);
}

TEST_F(SessionsTest, ACodeIsGoodForAQuarterOfAnHour) {
  const auto code = make();
  now_ += kCodeLifetime;
  EXPECT_FALSE(take(code));
}

TEST_F(SessionsTest, WhatHasEndedIsRemoved) {
  for (int i = 0; i < 5; ++i) open(), make();
  now_ += kIdle;
  open(), make();
  EXPECT_EQ(count(kSessions), 1U);
  EXPECT_EQ(count(kCodes), 1U);
}

TEST_F(SessionsTest, ThereAreNotAnyNumberOfThem) {
  run([&](auto& tx) {
    for (std::size_t i = 0; i < kMaxSessions; ++i) {
      tx.put(kSessions, {std::to_string(i)}, SessionRecord{"AKIA" + std::to_string(i), "", now_, now_});
    }
    return 0;
  });
  run([&](auto& tx) {
    EXPECT_EQ(open_session(tx, random_, kIdentity, now_).error().kind, ErrorKind::unavailable);
    return 0;
  });
}

TEST_F(SessionsTest, OneKeyHasNotAllOfThem) {
  const auto first = open(), code = make();
  now_ += Seconds{1};
  const auto second = open();
  now_ += Seconds{1};
  run([&](auto& tx) { return touch_session(tx, first, now_), 0; });
  for (std::size_t i = 2; i <= kMaxOfOneKey; ++i) open(), make();
  EXPECT_EQ(count(kSessions), kMaxOfOneKey);
  EXPECT_EQ(count(kCodes), kMaxOfOneKey);
  EXPECT_TRUE(find(first));
  EXPECT_FALSE(find(second));  // the one that was used least lately
  EXPECT_TRUE(take(code));
  run([&](auto& tx) { return open_session(tx, random_, {"AKIAOTHER", ""}, now_).has_value(); });
  EXPECT_EQ(count(kSessions), kMaxOfOneKey + 1);
}

TEST_F(SessionsTest, TheCodeStandsWhereBrowsersTellNobody) {
  EXPECT_EQ(sign_in_url("http://127.0.0.1:4566", Secret("abc")), "http://127.0.0.1:4566/console/#sign-in=abc");
}

}  // namespace
}  // namespace podpass::console
