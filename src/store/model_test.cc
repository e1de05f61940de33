// Random transactions, two open at a time, against std::map; with restarts, failing commits, and every backend kind. A
// failing run prints its seed.
#include <gtest/gtest.h>

#include <future>
#include <map>
#include <random>

#include "store/faulty_backend.h"
#include "store/memory_backend.h"
#include "store/sqlite_backend.h"
#include "store/test_directory.h"
#include "store/test_records.h"

namespace podpass::store {
namespace {

using Key = std::vector<std::string>;
using Model = std::map<Key, std::int64_t>;

KeyParts parts(const Key& key) {
  return {key.begin(), key.end()};
}

class StoreModel : public testing::TestWithParam<unsigned> {
 protected:
  struct Open {
    Transaction tx;
    Model sees;
    std::map<Key, std::optional<std::int64_t>> wrote = {};
  };

  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }

  Key key() {
    static const char* const kParts[] = {"", "a", "b", "a/b", "\x01", "long name of a part"};
    Key key;
    for (int size = 1 + below(3); size > 0; --size) key.emplace_back(kParts[below(6)]);
    return key;
  }

  void open() {
    store_.reset();
    std::unique_ptr<Backend> real;
    if (GetParam() % 4 == 0) {
      real = *open_sqlite_backend(directory_.path() / "data");
    } else {
      real = std::make_unique<MemoryBackend>(disk_);
    }
    store_ = *Store::open(std::make_unique<FaultyBackend>(std::move(real), plan_));
  }

  Model below_prefix(const Model& model, const Key& prefix) {
    Model out;
    for (const auto& [key, age] : model) {
      if (key.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), key.begin())) out.emplace(key, age);
    }
    return out;
  }

  void read_something(Open& open) {
    auto prefix = below(3) ? Key() : key();
    auto expected = below_prefix(open.sees, prefix);
    switch (below(4)) {
      case 0: {
        auto at = key();
        auto found = open.sees.find(at);
        ASSERT_EQ(age_of(open.tx, parts(at)), found == open.sees.end() ? std::nullopt : std::optional(found->second));
        return;
      }
      case 1:
        ASSERT_EQ(open.tx.count(kPets, parts(prefix)), expected.size());
        return;
      case 2: {
        auto limit = static_cast<std::size_t>(below(8));
        ASSERT_EQ(open.tx.has_room(kPets, parts(prefix), limit), expected.size() < limit);
        return;
      }
      default: {
        auto after = below(2) ? Key() : key();
        auto limit = static_cast<std::size_t>(1 + below(6));
        auto from = after.empty() ? expected.begin() : expected.upper_bound(after);
        for (const auto& row : open.tx.scan(kPets, parts(prefix), limit, parts(after))) {
          ASSERT_NE(from, expected.end());
          ASSERT_EQ(row.key, from->first);
          ASSERT_EQ(row.record->age, from->second);
          ++from;
          --limit;
        }
        ASSERT_TRUE(limit == 0 || from == expected.end());
      }
    }
  }

  void write_something(Open& open) {
    auto at = key();
    if (below(3)) {
      open.tx.put(kPets, parts(at), {"x", ++ages_});
      open.sees[at] = ages_;
      open.wrote[at] = ages_;
    } else {
      open.tx.erase(kPets, parts(at));
      open.sees.erase(at);
      open.wrote[at] = std::nullopt;
    }
  }

  void use(Open& open) {
    for (int steps = 1 + below(5); steps > 0; --steps) {
      if (below(2)) {
        ASSERT_NO_FATAL_FAILURE(read_something(open));
      } else {
        write_something(open);
      }
    }
  }

  Result<void> commit(Open& open) {
    std::promise<Result<void>> promise;
    auto future = promise.get_future();
    store_->commit(std::move(open.tx), [promise = std::move(promise)](Result<void> result) mutable {
      promise.set_value(std::move(result));
    });
    return future.get();
  }

  void expect_all(const Model& model) {
    auto tx = store_->begin();
    Model seen;
    for (const auto& row : tx.scan(kPets, {}, 100'000)) seen[row.key] = row.record->age;
    ASSERT_EQ(seen, model);
  }

  std::mt19937 random_{GetParam()};
  TestDirectory directory_;
  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  std::shared_ptr<FaultPlan> plan_ = std::make_shared<FaultPlan>();
  std::unique_ptr<Store> store_;
  std::int64_t ages_ = 0;
};

TEST_P(StoreModel, BehavesAsAMap) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  open();
  Model model;
  for (int round = 0; round < 250; ++round) {
    Open first{store_->begin(), model};
    ASSERT_NO_FATAL_FAILURE(use(first));
    bool fails = below(10) == 0;
    if (fails) plan_->fail(Fault::before);
    auto result = commit(first);
    plan_->fail(Fault::before, 0);
    if (result) model = first.sees;
    ASSERT_TRUE(result || fails) << result.error().message;
    ASSERT_NO_FATAL_FAILURE(expect_all(model));
    if (below(20) == 0) open();
  }
}

// Of two transactions on one snapshot, the second either conflicts, or its writes go on top of the first one's.
TEST_P(StoreModel, TwoAtATime) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  open();
  Model model;
  int conflicts = 0;
  for (int round = 0; round < 250; ++round) {
    Open first{store_->begin(), model};
    ASSERT_NO_FATAL_FAILURE(use(first));
    Open second{store_->begin(), model};
    ASSERT_NO_FATAL_FAILURE(use(second));
    ASSERT_TRUE(commit(first));
    model = first.sees;
    auto result = commit(second);
    if (!result) {
      ASSERT_EQ(result.error().kind, ErrorKind::conflict);
      ++conflicts;
    } else {
      for (const auto& [key, age] : second.wrote) {
        model.erase(key);
        if (age) model[key] = *age;
      }
    }
    ASSERT_NO_FATAL_FAILURE(expect_all(model));
  }
  EXPECT_GT(conflicts, 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, StoreModel, testing::Range(1u, 9u));

}  // namespace
}  // namespace podpass::store
