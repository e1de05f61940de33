// DigestMemory: finds what was put, forgets the oldest of a set, replaces what stood for a digest.
#include "crypto/digest_memory.h"

#include <gtest/gtest.h>

namespace podpass::crypto {
namespace {

Sha256Digest digest(char set, char own) {
  Sha256Digest made;
  made.bytes[0] = set;
  made.bytes[31] = own;
  return made;
}

TEST(DigestMemory, FindsWhatWasPutAndNothingElse) {
  DigestMemory<int> memory(8);
  EXPECT_EQ(memory.find(digest(0, 0)), nullptr) << "an empty entry has a digest of zeroes";
  memory.put(digest(0, 0), std::make_shared<int>(1));
  memory.put(digest(1, 0), std::make_shared<int>(2));
  ASSERT_NE(memory.find(digest(0, 0)), nullptr);
  EXPECT_EQ(*memory.find(digest(0, 0)), 1);
  EXPECT_EQ(*memory.find(digest(1, 0)), 2);
  EXPECT_EQ(memory.find(digest(0, 1)), nullptr);
}

TEST(DigestMemory, InAFullSetTheOldestGoes) {
  DigestMemory<int> memory(8);
  const int ways = DigestMemory<int>::kWays;
  for (int i = 0; i <= ways; ++i) memory.put(digest(0, static_cast<char>(i)), std::make_shared<int>(i));
  EXPECT_EQ(memory.find(digest(0, 0)), nullptr);
  for (int i = 1; i <= ways; ++i) EXPECT_EQ(*memory.find(digest(0, static_cast<char>(i))), i);
}

TEST(DigestMemory, WhatIsPutAgainTakesItsOwnPlace) {
  DigestMemory<int> memory(4);
  for (char i = 0; i < 4; ++i) memory.put(digest(0, i), std::make_shared<int>(i));
  for (int again = 0; again < 10; ++again) memory.put(digest(0, 2), std::make_shared<int>(again));
  EXPECT_EQ(*memory.find(digest(0, 2)), 9);
  for (const char i : {char{0}, char{1}, char{3}}) EXPECT_NE(memory.find(digest(0, i)), nullptr);
}

}  // namespace
}  // namespace podpass::crypto
