// Groups of commits, the bounds of the queue, and several stores on the same data.
#include "store/writer.h"

#include <gtest/gtest.h>

#include <future>

#include "store/faulty_backend.h"
#include "store/memory_backend.h"
#include "store/test_records.h"

namespace podpass::store {
namespace {

class WriterTest : public testing::Test {
 protected:
  WriterTest() {
    auto store = Store::open(std::make_unique<FaultyBackend>(std::make_unique<MemoryBackend>(disk_), plan_));
    EXPECT_TRUE(store);
    store_ = std::move(*store);
  }

  std::future<Result<void>> commit(Transaction tx) {
    std::promise<Result<void>> promise;
    auto future = promise.get_future();
    store_->commit(std::move(tx), [promise = std::move(promise)](Result<void> result) mutable {
      promise.set_value(std::move(result));
    });
    return future;
  }

  std::future<Result<void>> put(const KeyParts& key, std::int64_t age) {
    auto tx = store_->begin();
    tx.put(kPets, key, {"pet", age});
    return commit(std::move(tx));
  }

  // The writer waits in the backend with one commit; what comes now is committed together.
  std::future<Result<void>> hold() {
    plan_->hold();
    auto first = put({"first"}, 0);
    plan_->wait_until_held();
    return first;
  }

  std::optional<std::int64_t> age(const KeyParts& key) {
    auto tx = store_->begin();
    return age_of(tx, key);
  }

  std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>();
  std::shared_ptr<FaultPlan> plan_ = std::make_shared<FaultPlan>();
  std::unique_ptr<Store> store_;
};

TEST_F(WriterTest, WhatWaitsIsCommittedTogether) {
  auto first = hold();
  std::vector<std::future<Result<void>>> others;
  for (int i = 0; i < 100; ++i) others.push_back(put({"k", std::to_string(i)}, i));
  EXPECT_EQ(age({"first"}), std::nullopt);  // not durable, not visible
  plan_->release();
  EXPECT_TRUE(first.get());
  for (auto& other : others) EXPECT_TRUE(other.get());
  EXPECT_EQ(store_->figures().syncs, 2u);
  EXPECT_EQ(store_->figures().commits, 101u);
}

TEST_F(WriterTest, TransactionsOfAGroupSeeEachOther) {
  auto first = hold();
  std::vector<std::future<Result<void>>> creations;
  for (int i = 0; i < 3; ++i) {
    auto tx = store_->begin();
    EXPECT_EQ(age_of(tx, {"same"}), std::nullopt);
    tx.put(kPets, {"same"}, {"x", i});
    creations.push_back(commit(std::move(tx)));
  }
  plan_->release();
  EXPECT_TRUE(creations[0].get());
  EXPECT_EQ(creations[1].get().error().kind, ErrorKind::conflict);
  EXPECT_EQ(creations[2].get().error().kind, ErrorKind::conflict);
  EXPECT_EQ(age({"same"}), 0);
  EXPECT_EQ(store_->figures().conflicts, 2u);
}

TEST_F(WriterTest, BlindWritesToOneKeyKeepTheirOrder) {
  auto first = hold();
  std::vector<std::future<Result<void>>> writes;
  for (int i = 0; i < 5; ++i) writes.push_back(put({"same"}, i));
  auto erase = store_->begin();
  erase.erase(kPets, {"same"});
  writes.push_back(commit(std::move(erase)));
  writes.push_back(put({"same"}, 9));
  plan_->release();
  for (auto& write : writes) EXPECT_TRUE(write.get());
  EXPECT_EQ(age({"same"}), 9);
}

TEST_F(WriterTest, AGroupFailsAsAWhole) {
  auto first = hold();
  plan_->fail(Fault::before, 1, 1);
  auto a = put({"a"}, 1), b = put({"b"}, 1);
  plan_->release();
  EXPECT_TRUE(first.get());
  EXPECT_EQ(a.get().error().kind, ErrorKind::unavailable);
  EXPECT_EQ(b.get().error().kind, ErrorKind::unavailable);
  EXPECT_EQ(age({"a"}), std::nullopt);
  EXPECT_TRUE(put({"b"}, 2).get());
  EXPECT_EQ(age({"b"}), 2);
}

TEST_F(WriterTest, AFullQueueTurnsAway) {
  auto first = hold();
  std::vector<std::future<Result<void>>> others;
  for (std::size_t i = 1; i < kMaxQueued; ++i) others.push_back(put({"k"}, 1));
  EXPECT_EQ(put({"k"}, 1).get().error().kind, ErrorKind::unavailable);
  plan_->release();
  for (auto& other : others) ASSERT_TRUE(other.get());
  EXPECT_TRUE(put({"k"}, 1).get());
}

TEST_F(WriterTest, ClosingWaitsForCommits) {
  auto first = hold();
  auto second = put({"a"}, 1);
  plan_->release();
  store_.reset();
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(second.get());
  EXPECT_EQ(disk_->records(), 2u);
}

TEST_F(WriterTest, ErasingNothingNeedsNoSync) {
  auto tx = store_->begin();
  tx.erase(kPets, {"absent"});
  EXPECT_TRUE(commit(std::move(tx)).get());
  EXPECT_EQ(store_->figures().syncs, 0u);
}

TEST_F(WriterTest, ReplicasSeeEachOther) {
  auto other = *Store::open(std::make_unique<MemoryBackend>(disk_));
  ASSERT_TRUE(put({"a"}, 1).get());
  // The other one may not have seen it yet; its conflict is resolved by a rerun on what it was told.
  for (int i = 0; i < 100; ++i) {
    auto add_one = [](Transaction& tx) -> Result<void> {
      tx.put(kPets, {"a"}, {"x", age_of(tx, {"a"}).value_or(0) + 1});
      return {};
    };
    ASSERT_TRUE(other->run(add_one));
    ASSERT_TRUE(store_->run(add_one));
  }
  EXPECT_EQ(age({"a"}), 201);
  ASSERT_TRUE(other->run([](Transaction& tx) -> Result<void> {
    tx.erase(kPets, {"a"});
    return {};
  }));
  EXPECT_TRUE(store_->run([](Transaction& tx) -> Result<void> {
    tx.put(kPets, {"b"}, {"x", age_of(tx, {"a"}).value_or(0)});  // conflicts if the erasure has not been seen
    return {};
  }));
}

TEST_F(WriterTest, AStoreThatIsOutOfStepLoadsAgain) {
  ASSERT_TRUE(put({"a"}, 1).get());
  plan_->hold();
  auto held = put({"b"}, 1);
  plan_->wait_until_held();
  plan_->fail(Fault::after);
  plan_->release();
  EXPECT_FALSE(held.get());
  EXPECT_EQ(age({"b"}), std::nullopt);
  EXPECT_TRUE(put({"c"}, 1).get());
  EXPECT_EQ(age({"b"}), 1);
}

}  // namespace
}  // namespace podpass::store
