#include "s3/listing.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "store/memory_backend.h"

namespace podpass::s3 {
namespace {

struct Naive {
  std::vector<std::string> entries;
  bool truncated = false;
};

Naive list_naively(const std::set<std::string>& keys, const ListQuery& query) {
  std::set<std::string> all;
  for (const auto& key : keys) {
    if (!key.starts_with(query.prefix) || key <= query.after) continue;
    const auto end = query.delimiter.empty() ? std::string::npos : key.find(query.delimiter, query.prefix.size());
    auto name = end == std::string::npos ? key : key.substr(0, end + query.delimiter.size());
    if (name != query.after) all.insert(name);
  }
  Naive result;
  for (const auto& name : all) {
    if (result.entries.size() == query.limit) {
      result.truncated = query.limit > 0;
      break;
    }
    result.entries.push_back(name);
  }
  return result;
}

class ListingTest : public testing::Test {
 protected:
  ListingTest() {
    auto opened = store::Store::open(std::make_unique<store::MemoryBackend>());
    EXPECT_TRUE(opened);
    store_ = std::move(*opened);
  }
  void fill(const std::set<std::string>& keys) {
    keys_ = keys;
    auto done = store_->run([&](store::Transaction& tx) -> Result<void> {
      for (const auto& key : keys) tx.put(kObjects, {"bucket", key}, {});
      tx.put(kObjects, {"bucke", "z"}, {});
      tx.put(kObjects, {"bucket2", "a"}, {});
      return {};
    });
    ASSERT_TRUE(done);
  }
  void compare(const ListQuery& query) {
    SCOPED_TRACE("prefix '" + query.prefix + "' delimiter '" + query.delimiter + "' after '" + query.after +
                 "' limit " + std::to_string(query.limit));
    auto tx = store_->begin();
    auto listing = list_objects(tx, "bucket", query);
    std::vector<std::string> names;
    for (const auto& entry : listing.entries) {
      names.push_back(entry.name);
      EXPECT_EQ(
          entry.object != nullptr,
          keys_.contains(entry.name) &&
              (query.delimiter.empty() || entry.name.find(query.delimiter, query.prefix.size()) == std::string::npos));
    }
    auto expected = list_naively(keys_, query);
    EXPECT_EQ(names, expected.entries);
    EXPECT_EQ(listing.truncated, expected.truncated);
  }

  std::unique_ptr<store::Store> store_;
  std::set<std::string> keys_;
};

TEST_F(ListingTest, AgreesWithTheNaiveModel) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  auto below = [&](std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random); };
  const std::string_view alphabet[] = {"a", "b", "/", "/", "0", std::string_view("\0", 1), "\x7f", "\u00e9", "."};
  auto text = [&](std::size_t most) {
    std::string out;
    for (auto length = below(most + 1); length > 0; --length) out += alphabet[below(std::size(alphabet))];
    return out;
  };
  std::set<std::string> keys;
  while (keys.size() < 700) {
    if (auto key = text(6); !key.empty()) keys.insert(key);
  }
  fill(keys);
  for (int i = 0; i < 2'000; ++i) {
    ListQuery query;
    query.prefix = text(2);
    if (below(3) > 0) query.delimiter = below(4) > 0 ? "/" : text(2);
    if (below(2) > 0) query.after = text(4);
    query.limit = below(4) == 0 ? 1'000 : below(12);
    compare(query);
    if (HasFailure()) return;
  }
}

TEST_F(ListingTest, PagesJoinUp) {
  std::set<std::string> keys;
  for (int i = 0; i < 600; ++i) keys.insert("d" + std::to_string(i % 23) + "/" + std::to_string(i));
  for (int i = 0; i < 40; ++i) keys.insert("k" + std::to_string(i));
  fill(keys);
  for (std::size_t limit : {1, 2, 7, 100, 1'000}) {
    for (std::string delimiter : {"", "/"}) {
      auto tx = store_->begin();
      std::vector<std::string> joined;
      ListQuery query{"", delimiter, "", limit};
      while (true) {
        auto page = list_objects(tx, "bucket", query);
        for (const auto& entry : page.entries) joined.push_back(entry.name);
        if (!page.truncated) break;
        query.after = page.entries.back().name;
      }
      EXPECT_EQ(joined, list_naively(keys, {"", delimiter, "", SIZE_MAX}).entries);
    }
  }
}

}  // namespace
}  // namespace podpass::s3
