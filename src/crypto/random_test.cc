#include "crypto/random.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

namespace podpass::crypto {
namespace {

TEST(SystemRandom, ThreadsGetDifferentBytes) {
  SystemRandom random;
  std::vector<std::string> made(8);
  std::vector<std::thread> threads;
  for (auto& slot : made) threads.emplace_back([&slot, &random] { slot = random.uuid(); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(std::set<std::string>(made.begin(), made.end()).size(), made.size());
}

TEST(SystemRandom, FillsMoreThanItReadsAhead) {
  SystemRandom random;
  std::vector<unsigned char> bytes(10'000);
  random.fill(bytes);
  EXPECT_GT(std::set<unsigned char>(bytes.begin(), bytes.end()).size(), 250U);
}

}  // namespace
}  // namespace podpass::crypto
