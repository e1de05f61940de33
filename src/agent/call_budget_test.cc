#include "agent/call_budget.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace podpass::agent {
namespace {

TEST(CallBudget, GivesItsRateAndABurstOfAsMany) {
  ManualClock clock;
  CallBudget budget(10);
  int taken = 0;
  while (budget.take_first(clock.now())) ++taken;
  EXPECT_EQ(taken, 10);
  for (int second = 0; second < 5; ++second) {
    taken = 0;
    for (int tick = 0; tick < 50; ++tick) {
      clock.advance(Milliseconds{20});
      while (budget.take_first(clock.now())) ++taken;
    }
    EXPECT_NEAR(taken, 10, 1);
  }
  clock.advance(std::chrono::hours{1});
  taken = 0;
  while (budget.take_first(clock.now())) ++taken;
  EXPECT_EQ(taken, 10) << "what was not used is not saved up";
}

TEST(CallBudget, RenewalsTakeHalfOfItAndEvenly) {
  ManualClock clock;
  CallBudget budget(100);
  int renewals = 0, most = 0;
  for (int tick = 0; tick < 500; ++tick) {
    int now = 0;
    while (budget.take_renewal(clock.now())) ++now;
    most = std::max(most, now);
    renewals += now;
    clock.advance(Milliseconds{20});
  }
  EXPECT_NEAR(renewals, 500, 6);  // ten seconds
  EXPECT_LE(most, 5);
  EXPECT_TRUE(budget.take_first(clock.now())) << "there is room for who waits";
}

TEST(CallBudget, FirstExchangesMayTakeAllOfIt) {
  ManualClock clock;
  CallBudget budget(4);
  while (budget.take_first(clock.now())) {
  }
  EXPECT_FALSE(budget.take_renewal(clock.now()));
  clock.advance(Milliseconds{250});
  EXPECT_TRUE(budget.take_renewal(clock.now()));
  EXPECT_FALSE(budget.take_first(clock.now())) << "both come out of one";
}

TEST(CallBudget, WithoutALimitAndWithAClockThatGoesBack) {
  ManualClock clock;
  CallBudget none(0);
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(none.take_first(clock.now()) && none.take_renewal(clock.now()));
  CallBudget one(1);
  EXPECT_TRUE(one.take_first(clock.now()));
  clock.advance(-std::chrono::hours{1});
  EXPECT_FALSE(one.take_first(clock.now()));
  clock.advance(Seconds{1});
  EXPECT_TRUE(one.take_first(clock.now()));
}

TEST(FairQueue, ClientsTakeTurns) {
  FairQueue<std::string> queue;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(queue.push("greedy", "g" + std::to_string(i)));
  EXPECT_TRUE(queue.push("a", "a0"));
  EXPECT_TRUE(queue.push("b", "b0"));
  EXPECT_TRUE(queue.push("a", "a1"));
  std::string order;
  while (!queue.empty()) order += queue.pop() + " ";
  EXPECT_EQ(order, "g0 a0 b0 g1 a1 g2 g3 g4 ");
}

TEST(FairQueue, IsBoundedForEachClientAndInAll) {
  FairQueue<int> queue;
  for (std::size_t i = 0; i < FairQueue<int>::kMaxOfClient; ++i) EXPECT_TRUE(queue.push("greedy", 1));
  EXPECT_FALSE(queue.push("greedy", 1));
  EXPECT_TRUE(queue.push("other", 1));
  for (int client = 0; queue.size() < FairQueue<int>::kMax; ++client) {
    EXPECT_TRUE(queue.push("c" + std::to_string(client), 1));
  }
  EXPECT_FALSE(queue.push("late", 1));
  queue.pop();
  EXPECT_TRUE(queue.push("late", 1));
}

}  // namespace
}  // namespace podpass::agent
