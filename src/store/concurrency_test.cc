// Many threads on one store: nothing is lost, no limit is passed, no half transaction is seen.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "store/memory_backend.h"
#include "store/sqlite_backend.h"
#include "store/test_directory.h"
#include "store/test_records.h"

namespace podpass::store {
namespace {

constexpr int kThreads = 8;

void in_threads(const std::function<void(int)>& body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(body, i);
  for (auto& thread : threads) thread.join();
}

std::unique_ptr<Store> memory_store() {
  return *Store::open(std::make_unique<MemoryBackend>());
}

// As run(), but a contender that loses too often just begins again.
Result<void> insist(Store& store, const std::function<Result<void>(Transaction&)>& body) {
  for (;;) {
    auto result = store.run(body);
    if (result || result.error().kind != ErrorKind::unavailable) return result;
  }
}

TEST(Concurrency, LimitsHold) {
  constexpr std::size_t kLimit = 100;
  auto store = memory_store();
  std::atomic<int> created = 0;
  in_threads([&](int thread) {
    for (int i = 0; i < 40; ++i) {
      auto name = std::to_string(thread) + "-" + std::to_string(i);
      auto result = insist(*store, [&](Transaction& tx) -> Result<void> {
        if (!tx.has_room(kPets, {"c"}, kLimit)) return Error{ErrorKind::limit, {}, 0, "full", {}, {}};
        tx.put(kPets, {"c", name}, {"x", 1});
        return {};
      });
      if (result) ++created;
    }
  });
  EXPECT_EQ(created, static_cast<int>(kLimit));
  EXPECT_EQ(store->begin().count(kPets, {"c"}), kLimit);
}

TEST(Concurrency, IncrementsAreNotLost) {
  auto store = memory_store();
  in_threads([&](int) {
    for (int i = 0; i < 50; ++i) {
      EXPECT_TRUE(insist(*store, [](Transaction& tx) -> Result<void> {
        tx.put(kPets, {"n"}, {"x", age_of(tx, {"n"}).value_or(0) + 1});
        return {};
      }));
    }
  });
  auto tx = store->begin();
  EXPECT_EQ(age_of(tx, {"n"}), kThreads * 50);
}

TEST(Concurrency, SumsStayWhole) {
  TestDirectory directory;
  auto store = *Store::open(*open_sqlite_backend(directory.path() / "data"));
  constexpr int kAccounts = 10;
  auto name = [](int i) { return std::to_string(i); };
  ASSERT_TRUE(store->run([&](Transaction& tx) -> Result<void> {
    for (int i = 0; i < kAccounts; ++i) tx.put(kFreshPets, {name(i)}, {"x", 100});
    return {};
  }));
  std::atomic<int> writing = kThreads / 2;
  in_threads([&](int thread) {
    if (thread % 2 == 0) {
      for (int i = 0; i < 60; ++i) {
        auto from = name((thread + i) % kAccounts), to = name((thread * 3 + i * 7 + 1) % kAccounts);
        if (from == to) continue;
        EXPECT_TRUE(insist(*store, [&](Transaction& tx) -> Result<void> {
          tx.put(kFreshPets, {from}, {"x", tx.find(kFreshPets, {from})->age - 1});
          tx.put(kFreshPets, {to}, {"x", tx.find(kFreshPets, {to})->age + 1});
          return {};
        }));
      }
      --writing;
      return;
    }
    do {
      auto tx = store->begin();
      std::int64_t sum = 0;
      for (const auto& row : tx.scan(kFreshPets, {}, 100)) sum += row.record->age;
      ASSERT_EQ(sum, kAccounts * 100);
    } while (writing > 0);
  });
}

TEST(Concurrency, KeptObjectsArePublishedOnce) {
  auto store = memory_store();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(put_pet(*store, {std::to_string(i)}, i));
  std::array<std::array<const Pet*, 50>, kThreads> seen{};
  in_threads([&](int thread) {
    auto tx = store->begin();
    for (std::size_t i = 0; i < 50; ++i)
      seen[static_cast<std::size_t>(thread)][i] = tx.find(kPets, {std::to_string(i)});
  });
  for (const auto& each : seen) EXPECT_EQ(each, seen[0]);
}

TEST(Concurrency, StoresComeAndGo) {
  in_threads([](int) {
    for (int i = 0; i < 5; ++i) {
      auto one = memory_store(), two = memory_store();
      ASSERT_TRUE(put_pet(*one, {"a"}, 1));
      ASSERT_TRUE(put_pet(*two, {"a"}, 2));
      auto in_one = one->begin(), in_two = two->begin();
      one.reset();  // the transaction has all it needs
      EXPECT_EQ(age_of(in_one, {"a"}), 1);
      EXPECT_EQ(age_of(in_two, {"a"}), 2);
    }
  });
}

}  // namespace
}  // namespace podpass::store
