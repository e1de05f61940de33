#include "store/key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace podpass::store {
namespace {

using namespace std::string_view_literals;

std::vector<std::string> owned(const KeyParts& parts) {
  return {parts.begin(), parts.end()};
}

TEST(Key, DiskFormIsReadable) {
  struct Case {
    KeyParts parts;
    std::string_view disk;
  };
  const Case cases[] = {
      {{}, "/podpass/v1/roles"},
      {{""}, "/podpass/v1/roles/"},
      {{"111122223333", "my-role"}, "/podpass/v1/roles/111122223333/my-role"},
      {{"a/b", "50%", "x y"}, "/podpass/v1/roles/a%2Fb/50%25/x%20y"},
      {{"", "\0\1\x7f"sv, "\xc3\xa9"}, "/podpass/v1/roles//%00%01%7F/%C3%A9"},
  };
  for (const auto& [parts, disk] : cases) {
    auto full = full_key("roles", parts);
    EXPECT_EQ(to_disk_key(full), disk);
    EXPECT_EQ(disk_key_size(full), disk.size());
    EXPECT_EQ(from_disk_key(disk), full);
    EXPECT_EQ(table_of(full), "roles");
    EXPECT_EQ(parts_of(tail_of(full)), owned(parts));
  }
}

TEST(Key, OthersSpellingsAreRefused) {
  for (auto disk :
       {"", "/podpass/v1", "/podpass/v1/", "/podpass/v2/roles/a", "/podpass/v1/Roles/a", "/podpass/v1/roles/%2f",
        "/podpass/v1/roles/%4", "/podpass/v1/roles/%41", "/podpass/v1/roles/a b", "/podpass/v1/ro%20les"}) {
    EXPECT_EQ(from_disk_key(disk), std::nullopt) << disk;
  }
}

TEST(Key, OrderIsThatOfPartsAndPrefixesAreWholeParts) {
  std::mt19937 random(7);
  std::vector<std::vector<std::string>> keys;
  for (int i = 0; i < 400; ++i) {
    std::vector<std::string> parts(random() % 4);
    for (auto& part : parts) {
      for (auto size = random() % 4; size > 0; --size) part += "\0\1\2/%a\xff"[random() % 7];
    }
    keys.push_back(parts);
  }
  for (const auto& a : keys) {
    auto full_a = full_key("t", {a.begin(), a.end()});
    EXPECT_EQ(from_disk_key(to_disk_key(full_a)), full_a);
    auto below = extent_below(tail_of(full_a));
    for (const auto& b : keys) {
      auto full_b = full_key("t", {b.begin(), b.end()});
      EXPECT_EQ(full_a < full_b, a < b);
      bool prefix = a.size() <= b.size() && std::equal(a.begin(), a.end(), b.begin());
      EXPECT_EQ(below.contains(tail_of(full_b)), prefix);
    }
  }
}

}  // namespace
}  // namespace podpass::store
