// What transactions promise, on the memory backend.
#include "store/store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <thread>

#include "store/faulty_backend.h"
#include "store/memory_backend.h"
#include "store/test_records.h"

namespace podpass::store {
namespace {

class StoreTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open() {
    auto store = Store::open(std::make_unique<FaultyBackend>(std::make_unique<MemoryBackend>(disk_), plan_));
    EXPECT_TRUE(store) << store.error().message;
    return std::move(*store);
  }

  Result<void> commit(Transaction tx) {
    std::optional<Result<void>> result;
    std::mutex mutex;
    std::condition_variable done;
    store_->commit(std::move(tx), [&](Result<void> outcome) {
      std::lock_guard lock(mutex);
      result = std::move(outcome);
      done.notify_one();
    });
    std::unique_lock lock(mutex);
    done.wait(lock, [&] { return result.has_value(); });
    return *result;
  }

  ErrorKind kind_of(const Result<void>& result) {
    EXPECT_FALSE(result);
    return result ? ErrorKind::internal : result.error().kind;
  }

  void put(const KeyParts& key, std::int64_t age) { ASSERT_TRUE(put_pet(*store_, key, age)); }

  std::optional<std::int64_t> age(const KeyParts& key) {
    auto tx = store_->begin();
    return age_of(tx, key);
  }

  std::string scanned(Transaction& tx, const KeyParts& prefix, std::size_t limit = 100, const KeyParts& after = {}) {
    std::string out;
    for (const auto& row : tx.scan(kPets, prefix, limit, after)) {
      for (const auto& part : row.key) out += part + (&part == &row.key.back() ? "=" : "/");
      out += std::to_string(row.record->age) + " ";
    }
    return out;
  }

  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  std::shared_ptr<FaultPlan> plan_ = std::make_shared<FaultPlan>();
  std::unique_ptr<Store> store_ = open();
};

TEST_F(StoreTest, EveryKindOfMemberComesBackBeforeAndAfterARestart) {
  Everything all{"t\xc3\xa9xt",
                 true,
                 -7,
                 std::numeric_limits<std::int64_t>::max(),
                 0.1,
                 Time{Milliseconds{1700000000123}},
                 "here",
                 {"a", "b"},
                 {{"k", "v"}},
                 {"Rex", 3}};
  ASSERT_TRUE(store_->run([&](Transaction& tx) -> Result<void> {
    tx.put(kEverything, {"a"}, all);
    return {};
  }));
  for (int i = 0; i < 2; ++i) {
    auto tx = store_->begin();
    const auto* read = tx.find(kEverything, {"a"});
    ASSERT_TRUE(read);
    EXPECT_EQ(codec::to_value(*read), codec::to_value(all));
    EXPECT_EQ(tx.failure(), nullptr);
    store_.reset();
    store_ = open();
  }
}

TEST_F(StoreTest, ReadsItsOwnWrites) {
  put({"a"}, 1);
  auto tx = store_->begin();
  const auto* before = tx.find(kPets, {"a"});
  tx.put(kPets, {"a"}, {"x", 2});
  const auto* mine = tx.find(kPets, {"a"});
  tx.put(kPets, {"a"}, {"x", 3});
  EXPECT_EQ(before->age, 1);  // both stay good as long as the transaction
  EXPECT_EQ(mine->age, 2);
  EXPECT_EQ(age_of(tx, {"a"}), 3);
  tx.erase(kPets, {"a"});
  EXPECT_EQ(age_of(tx, {"a"}), std::nullopt);
  EXPECT_EQ(mine->age, 2);
  EXPECT_EQ(age({"a"}), 1);  // nobody else sees it
  EXPECT_TRUE(commit(std::move(tx)));
  EXPECT_EQ(age({"a"}), std::nullopt);
  EXPECT_EQ(disk_->records(), 0u);
}

TEST_F(StoreTest, ASnapshotStaysAsItWas) {
  put({"a"}, 1);
  auto tx = store_->begin();
  put({"a"}, 2);
  put({"b"}, 2);
  EXPECT_EQ(age_of(tx, {"a"}), 1);
  EXPECT_EQ(age_of(tx, {"b"}), std::nullopt);
  EXPECT_EQ(scanned(tx, {}), "a=1 ");
  EXPECT_EQ(tx.count(kPets, {}), 1u);
  EXPECT_TRUE(commit(std::move(tx)));  // it only read
  EXPECT_EQ(age({"a"}), 2);
}

TEST_F(StoreTest, WhatWasReadMustStillStand) {
  struct Case {
    const char* name;
    void (*read)(Transaction&);
    bool conflicts;
  };
  // Another transaction then sets s/a to 2, creates s/n, and erases s/z.
  const Case cases[] = {
      {"nothing", [](Transaction&) {}, false},
      {"changed", [](Transaction& tx) { tx.find(kPets, {"s", "a"}); }, true},
      {"created", [](Transaction& tx) { tx.find(kPets, {"s", "n"}); }, true},
      {"erased", [](Transaction& tx) { tx.find(kPets, {"s", "z"}); }, true},
      {"unchanged", [](Transaction& tx) { tx.find(kPets, {"s", "b"}); }, false},
      {"absent", [](Transaction& tx) { tx.find(kPets, {"s", "x"}); }, false},
      {"other table", [](Transaction& tx) { tx.find(kFreshPets, {"s", "a"}); }, false},
      {"scan", [](Transaction& tx) { tx.scan(kPets, {"s"}, 100); }, true},
      {"scan up to a limit", [](Transaction& tx) { tx.scan(kPets, {"s"}, 1, {"s", "a"}); }, false},
      {"scan over the limit", [](Transaction& tx) { tx.scan(kPets, {"s"}, 2, {"s", "b"}); }, true},
      {"scan elsewhere", [](Transaction& tx) { tx.scan(kPets, {"t"}, 100); }, false},
      {"count that stays equal", [](Transaction& tx) { tx.count(kPets, {"s"}); }, false},
      {"count elsewhere", [](Transaction& tx) { tx.count(kPets, {"s", "n"}); }, true},
      {"room that stays", [](Transaction& tx) { EXPECT_TRUE(tx.has_room(kPets, {"s"}, 10)); }, false},
      {"room that goes", [](Transaction& tx) { EXPECT_TRUE(tx.has_room(kPets, {"s", "n"}, 1)); }, true},
      {"room that comes", [](Transaction& tx) { EXPECT_FALSE(tx.has_room(kPets, {"s", "z"}, 1)); }, true},
  };
  for (const auto& [name, read, conflicts] : cases) {
    SCOPED_TRACE(name);
    disk_ = std::make_shared<MemoryDisk>();
    store_ = open();
    for (auto key : {"a", "b", "c", "z"}) put({"s", key}, 1);
    auto tx = store_->begin();
    read(tx);
    tx.put(kPets, {"mine"}, {"m", 1});
    ASSERT_TRUE(store_->run([](Transaction& other) -> Result<void> {
      other.put(kPets, {"s", "a"}, {"a", 2});
      other.put(kPets, {"s", "n"}, {"n", 2});
      other.erase(kPets, {"s", "z"});
      return {};
    }));
    auto result = commit(std::move(tx));
    EXPECT_EQ(!result, conflicts);
    if (!result) {
      EXPECT_EQ(result.error().kind, ErrorKind::conflict);
    }
    EXPECT_EQ(age({"mine"}).has_value(), !conflicts);
  }
}

TEST_F(StoreTest, ABlindPutReplacesWhateverIsThere) {
  auto tx = store_->begin();
  tx.put(kPets, {"a"}, {"x", 1});
  put({"a"}, 2);
  EXPECT_TRUE(commit(std::move(tx)));
  EXPECT_EQ(age({"a"}), 1);
}

TEST_F(StoreTest, ScansPageByPage) {
  for (auto key : {"b", "a", "ab", "a\x01", "", "a/"}) put({"p", key}, 1);
  put({"p", "a", "deeper"}, 2);
  put({"q"}, 3);
  put({"o", "z"}, 3);
  std::vector<std::string> all;
  std::vector<std::string> after;
  for (;;) {
    auto tx = store_->begin();
    auto rows = tx.scan(kPets, {"p"}, 2, {after.begin(), after.end()});
    for (const auto& row : rows) all.push_back(row.key.at(1) + (row.key.size() > 2 ? "/" + row.key[2] : ""));
    if (rows.size() < 2) break;
    after = rows.back().key;
  }
  EXPECT_EQ(all, (std::vector<std::string>{"", "a", "a/deeper", "a\x01", "a/", "ab", "b"}));
  auto tx = store_->begin();
  EXPECT_TRUE(tx.scan(kPets, {"p"}, 0).empty());
  EXPECT_TRUE(tx.scan(kPets, {"p"}, 5, {"p", "b"}).empty());
  EXPECT_TRUE(tx.scan(kPets, {"p"}, 5, {"q"}).empty());
  EXPECT_EQ(tx.scan(kPets, {"p"}, 5, {"a"}).size(), 5u);
  EXPECT_TRUE(tx.scan(kFreshPets, {}, 5).empty());
  EXPECT_EQ(tx.count(kPets, {"p"}), 7u);
  EXPECT_EQ(tx.count(kPets, {"p", "a"}), 2u);
  EXPECT_EQ(tx.count(kPets, {}), 9u);
  EXPECT_EQ(tx.count(kFreshPets, {}), 0u);
}

TEST_F(StoreTest, ScansAndCountsSeeOwnWrites) {
  for (auto key : {"a", "c", "e"}) put({"p", key}, 1);
  auto tx = store_->begin();
  tx.put(kPets, {"p", "b"}, {"x", 2});
  tx.put(kPets, {"p", "c"}, {"x", 2});
  tx.put(kPets, {"p", "f"}, {"x", 2});
  tx.erase(kPets, {"p", "a"});
  tx.erase(kPets, {"p", "never"});
  tx.put(kPets, {"q"}, {"x", 2});
  tx.put(kFreshPets, {"p", "d"}, {"x", 2});
  EXPECT_EQ(scanned(tx, {"p"}), "p/b=2 p/c=2 p/e=1 p/f=2 ");
  EXPECT_EQ(scanned(tx, {"p"}, 2), "p/b=2 p/c=2 ");
  EXPECT_EQ(scanned(tx, {"p"}, 2, {"p", "c"}), "p/e=1 p/f=2 ");
  EXPECT_EQ(tx.count(kPets, {"p"}), 4u);
  EXPECT_TRUE(tx.has_room(kPets, {"p"}, 5));
  EXPECT_FALSE(tx.has_room(kPets, {"p"}, 4));
  EXPECT_TRUE(commit(std::move(tx)));
  auto later = store_->begin();
  EXPECT_EQ(scanned(later, {}), "p/b=2 p/c=2 p/e=1 p/f=2 q=2 ");
}

TEST_F(StoreTest, KeptRecordsAreDecodedOnceAndFreshOnesOnceAThread) {
  ASSERT_TRUE(store_->run([](Transaction& tx) -> Result<void> {
    tx.put(kPets, {"a"}, {"kept", 1});
    tx.put(kFreshPets, {"a"}, {"fresh", 1});
    return {};
  }));
  auto one = store_->begin(), two = store_->begin();
  EXPECT_EQ(one.find(kPets, {"a"}), two.find(kPets, {"a"}));
  const auto* fresh = one.find(kFreshPets, {"a"});
  EXPECT_EQ(two.find(kFreshPets, {"a"}), fresh);
  std::thread([&] {
    auto elsewhere = store_->begin();
    EXPECT_EQ(elsewhere.find(kPets, {"a"}), one.find(kPets, {"a"}));
    EXPECT_NE(elsewhere.find(kFreshPets, {"a"}), fresh);
  }).join();
}

TEST_F(StoreTest, WhatAThreadRemembersOfFreshRecordsIsTheirVersion) {
  auto put_all = [&](int age) {
    return store_->run([&](Transaction& tx) -> Result<void> {
      for (int i = 0; i < 3'000; ++i)
        tx.put(kFreshPets, {std::to_string(i)}, {"pet", age + i});  // more than it remembers
      return {};
    });
  };
  ASSERT_TRUE(put_all(0));
  auto before = store_->begin();
  std::vector<const Pet*> seen;
  for (int i = 0; i < 3'000; ++i) seen.push_back(before.find(kFreshPets, {std::to_string(i)}));
  ASSERT_TRUE(put_all(10'000));
  auto after = store_->begin();
  for (int i = 0; i < 3'000; ++i) {
    ASSERT_EQ(after.find(kFreshPets, {std::to_string(i)})->age, 10'000 + i);
    ASSERT_EQ(seen[static_cast<std::size_t>(i)]->age, i) << "lives as long as the transaction that read it";
    ASSERT_EQ(before.find(kFreshPets, {std::to_string(i)})->age, i);
  }
}

TEST_F(StoreTest, RunTriesAgainAndGivesUpInTheEnd) {
  put({"a"}, 0);
  int runs = 0;
  auto add_one = [&](Transaction& tx) -> Result<void> {
    auto seen = *age_of(tx, {"a"});
    if (++runs < 4) put({"a"}, 10 * runs);  // somebody is faster, three times
    tx.put(kPets, {"a"}, {"x", seen + 1});
    return {};
  };
  EXPECT_TRUE(store_->run(add_one));
  EXPECT_EQ(runs, 4);
  EXPECT_EQ(age({"a"}), 31);
  runs = 0;
  EXPECT_EQ(kind_of(store_->run([&](Transaction& tx) -> Result<void> {
              age_of(tx, {"a"});
              put({"a"}, ++runs);
              tx.put(kPets, {"a"}, {"x", -1});
              return {};
            })),
            ErrorKind::unavailable);
  EXPECT_EQ(runs, kMaxReruns + 1);
  EXPECT_EQ(kind_of(store_->run([](Transaction&) -> Result<void> { return Error::not_found("no"); })),
            ErrorKind::not_found);
}

TEST_F(StoreTest, LimitsOfKeysAndRecords) {
  auto too_large = [&](const KeyParts& key, std::string name) {
    auto tx = store_->begin();
    tx.put(kPets, key, {std::move(name), 1});
    return !commit(std::move(tx));
  };
  std::string long_name(kMaxKeyBytes - std::string("/podpass/v1/pets/").size(), 'k');
  EXPECT_FALSE(too_large({long_name}, "x"));
  EXPECT_TRUE(too_large({long_name + "k"}, "x"));
  EXPECT_TRUE(too_large({std::string(kMaxKeyBytes / 3 + 1, '/')}, "x"));  // %2F each
  std::string long_record(kMaxRecordBytes - std::string(R"({"v":1,"name":"","age":1})").size(), 'r');
  EXPECT_FALSE(too_large({"a"}, long_record));
  EXPECT_TRUE(too_large({"a"}, long_record + "r"));
  auto tx = store_->begin();
  EXPECT_EQ(tx.find(kPets, {std::string(100'000, 'x')}), nullptr);
}

TEST_F(StoreTest, AWriteIsVisibleWhenItsCallerHears) {
  for (int i = 0; i < 50; ++i) {
    put({"a"}, i);
    ASSERT_EQ(age({"a"}), i);
  }
}

TEST_F(StoreTest, Figures) {
  put({"a"}, 1);
  put({"b"}, 1);
  put({"b"}, 2);
  ASSERT_TRUE(store_->run([](Transaction& tx) -> Result<void> {
    tx.erase(kPets, {"a"});
    return {};
  }));
  auto figures = store_->figures();
  EXPECT_EQ(figures.records, 1u);
  EXPECT_EQ(figures.commits, 4u);
  EXPECT_EQ(figures.syncs, 4u);
  EXPECT_EQ(figures.conflicts, 0u);
  EXPECT_GT(figures.key_and_value_bytes, 0u);
  ASSERT_TRUE(store_->run([](Transaction& tx) -> Result<void> {
    tx.erase(kPets, {"b"});
    return {};
  }));
  EXPECT_EQ(store_->figures().key_and_value_bytes, 0u);
}

// Records of other formats and damaged ones.

inline constexpr Table<Pet> kPetsTwo{"pets", Decoded::kept, 2, [](codec::Value members, int from) {
                                       EXPECT_EQ(from, 1);
                                       members.set("name", "Mr. " + std::string(members.text("name")));
                                       return members;
                                     }};

TEST_F(StoreTest, OldRecordsAreUpgradedAndNewerOnesRefused) {
  put({"a"}, 1);
  {
    auto tx = store_->begin();
    EXPECT_EQ(tx.find(kPetsTwo, {"a"})->name, "Mr. pet");
    tx.put(kPetsTwo, {"b"}, {"two", 2});
    EXPECT_TRUE(commit(std::move(tx)));
  }
  auto tx = store_->begin();
  EXPECT_EQ(tx.find(kPets, {"b"}), nullptr);
  ASSERT_TRUE(tx.failure());
  EXPECT_NE(tx.failure()->cause.find("/podpass/v1/pets/b has format 2, newer than this program's 1"),
            std::string::npos);
  EXPECT_EQ(kind_of(commit(std::move(tx))), ErrorKind::internal);
}

struct Car {
  std::string name;
  std::string plate;
};
BOOST_DESCRIBE_STRUCT(Car, (), (name, plate))
inline constexpr Table<Car> kCars{"fresh_pets"};

TEST_F(StoreTest, ARecordOfAnotherShapeFailsTheTransaction) {
  ASSERT_TRUE(store_->run([](Transaction& tx) -> Result<void> {
    tx.put(kFreshPets, {"a"}, {"x", 1});
    return {};
  }));
  auto tx = store_->begin();
  EXPECT_TRUE(tx.scan(kCars, {}, 10).empty());
  tx.put(kPets, {"b"}, {"x", 1});
  EXPECT_EQ(kind_of(commit(std::move(tx))), ErrorKind::internal);
  EXPECT_EQ(age({"b"}), std::nullopt);
}

// Faults of the backend.

TEST_F(StoreTest, WhatFailedIsNotThere) {
  put({"a"}, 1);
  plan_->fail(Fault::before);
  EXPECT_EQ(kind_of(put_pet(*store_, {"a"}, 2)), ErrorKind::unavailable);
  EXPECT_EQ(age({"a"}), 1);
  EXPECT_TRUE(put_pet(*store_, {"a"}, 3));
  EXPECT_EQ(age({"a"}), 3);
}

TEST_F(StoreTest, WhatIsDurableAfterAllIsFound) {
  put({"a"}, 1);
  plan_->fail(Fault::after);
  EXPECT_EQ(kind_of(put_pet(*store_, {"a"}, 2)), ErrorKind::unavailable);
  std::optional<std::int64_t> seen;
  EXPECT_TRUE(store_->run([&](Transaction& tx) -> Result<void> {
    seen = age_of(tx, {"a"});
    tx.put(kPets, {"b"}, {"x", 1});
    return {};
  }));
  EXPECT_EQ(age({"a"}), 2);  // loaded again
  EXPECT_TRUE(put_pet(*store_, {"a"}, 3));
  EXPECT_EQ(age({"a"}), 3);
}

TEST_F(StoreTest, ServesReadsWhileTheBackendIsAway) {
  put({"a"}, 1);
  plan_->fail(Fault::before);
  EXPECT_FALSE(put_pet(*store_, {"a"}, 2));
  plan_->fail(Fault::load, 2);
  EXPECT_EQ(kind_of(put_pet(*store_, {"a"}, 2)), ErrorKind::unavailable);
  EXPECT_EQ(kind_of(put_pet(*store_, {"a"}, 2)), ErrorKind::unavailable);
  EXPECT_EQ(age({"a"}), 1);
  EXPECT_TRUE(put_pet(*store_, {"a"}, 2));
  EXPECT_EQ(age({"a"}), 2);
}

TEST_F(StoreTest, OpenFailsIfLoadingDoes) {
  store_.reset();
  plan_->fail(Fault::load);
  auto store = Store::open(std::make_unique<FaultyBackend>(std::make_unique<MemoryBackend>(disk_), plan_));
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().kind, ErrorKind::unavailable);
}

// The observer.

class ObserverTest : public StoreTest {
 protected:
  ObserverTest() {
    store_->observe(kPets.name, [this](Store::TableChange& change) {
      if (change.everything) seen_ += "all ";
      for (const auto& key : change.keys) {
        const KeyParts parts(key.begin(), key.end());
        const auto text = [](std::optional<std::int64_t> age) { return age ? std::to_string(*age) : "-"; };
        seen_ += key.back() + ":" + text(age_of(change.before, parts)) + ">" + text(age_of(change.after, parts)) + " ";
      }
    });
  }
  ~ObserverTest() override { store_->observe(kPets.name, nullptr); }
  // The writer thread wrote it before it acknowledged the commit that we have waited for.
  std::string seen() { return std::exchange(seen_, {}); }

 private:
  std::string seen_;
};

TEST_F(ObserverTest, IsToldOfItsTableBeforeTheCommitIsAcknowledged) {
  put({"a"}, 1);
  EXPECT_EQ(seen(), "a:->1 ");
  put({"a"}, 2);
  EXPECT_EQ(seen(), "a:1>2 ");
  ASSERT_TRUE(store_->run([](Transaction& tx) -> Result<void> {
    tx.erase(kPets, {"a"});
    tx.erase(kPets, {"never"});
    tx.put(kPets, {"b"}, {"x", 3});
    tx.put(kFreshPets, {"c"}, {"x", 4});
    return {};
  }));
  EXPECT_EQ(seen(), "a:2>- b:->3 ");
  ASSERT_TRUE(store_->run([](Transaction& tx) -> Result<void> {
    tx.put(kFreshPets, {"c"}, {"x", 5});
    return {};
  }));
  EXPECT_EQ(seen(), "");
}

TEST_F(ObserverTest, IsNotToldOfWhatWasNotStored) {
  plan_->fail(Fault::before);
  EXPECT_FALSE(put_pet(*store_, {"a"}, 1));
  EXPECT_EQ(seen(), "");
}

TEST_F(ObserverTest, IsToldThatAllWasLoadedAgain) {
  plan_->fail(Fault::after);
  EXPECT_FALSE(put_pet(*store_, {"a"}, 1));
  put({"b"}, 2);
  EXPECT_EQ(seen(), "all b:->2 ");
}

TEST_F(ObserverTest, IsToldOfOtherProcesses) {
  auto other = open();
  ASSERT_TRUE(put_pet(*other, {"a"}, 1));
  put({"b"}, 2);  // behind it on our writer thread
  EXPECT_EQ(seen(), "a:->1 b:->2 ");
}

}  // namespace
}  // namespace podpass::store
