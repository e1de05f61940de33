// The feed of associations: lists, changes, waits, and what happens when a reader is too far behind.
#include "eks/association_feed.h"

#include <gtest/gtest.h>

#include <future>
#include <map>

#include "base/random.h"
#include "eks/records.h"
#include "store/memory_backend.h"

namespace podpass::eks {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class FeedTest : public testing::Test {
 protected:
  std::unique_ptr<store::Store> open() {
    return store::Store::open(std::make_unique<store::MemoryBackend>(disk_)).value();
  }

  void put(const std::string& cluster, const std::string& account, const std::string& id, int many = 1) {
    ASSERT_TRUE(store_->run([&](store::Transaction& tx) -> Result<void> {
      for (int i = 0; i < many; ++i) {
        AssociationRecord record;
        record.id = id;
        const auto name = many == 1 ? account : account + std::to_string(i);
        tx.put(kAssociations, {deployment_.account, deployment_.region, cluster, "ns", name}, record);
      }
      return {};
    }));
  }

  void erase(const std::string& cluster, const std::string& account) {
    ASSERT_TRUE(store_->run([&](store::Transaction& tx) -> Result<void> {
      tx.erase(kAssociations, {deployment_.account, deployment_.region, cluster, "ns", account});
      return {};
    }));
  }

  // "+sa:id -sa:id", and a leading "reset " or a trailing "more".
  static std::string told(const AssociationFeed::Page& page) {
    std::string out = page.reset ? "reset " : "";
    for (const auto& change : page.changes) {
      out += (change.deleted ? "-" : "+") + change.service_account + ":" + change.id + " ";
    }
    return out + (page.complete ? "" : "more");
  }

  std::string read(std::string& place, const std::string& cluster = "c") {
    auto page = feed_->read(cluster, place);
    EXPECT_TRUE(page);
    place = page->next;
    return told(*page);
  }

  std::future<void> wait(const std::string& place, milliseconds most = seconds{30}, const std::string& cluster = "c") {
    auto ended = std::make_shared<std::promise<void>>();
    auto future = ended->get_future();
    feed_->wait(cluster, place, most, [ended] { ended->set_value(); });
    return future;
  }

  static bool is_over(std::future<void>& wait, milliseconds within = seconds{20}) {
    return wait.wait_for(within) == std::future_status::ready;
  }

  SeededRandom random_{1};
  aws::Deployment deployment_ = [this] {
    aws::Deployment made;
    made.random = &random_;
    return made;
  }();
  std::shared_ptr<store::MemoryDisk> disk_ = std::make_shared<store::MemoryDisk>();
  std::unique_ptr<store::Store> store_ = open();
  std::unique_ptr<AssociationFeed> feed_ = std::make_unique<AssociationFeed>(*store_, deployment_);
};

TEST_F(FeedTest, TellsTheListAndThenWhatChanges) {
  put("c", "a", "1");
  put("other", "x", "9");
  std::string place;
  EXPECT_EQ(read(place), "reset +a:1 ");
  EXPECT_EQ(read(place), "");
  put("c", "b", "2");
  put("c", "a", "3");
  put("other", "y", "8");
  EXPECT_EQ(read(place), "+b:2 +a:3 ");
  erase("c", "a");
  erase("c", "never");
  EXPECT_EQ(read(place), "-a:3 ");
  EXPECT_EQ(read(place), "");
}

TEST_F(FeedTest, NumbersRise) {
  std::string place;
  read(place);
  put("c", "a", "1");
  put("c", "b", "2");
  auto page = feed_->read("c", place);
  ASSERT_EQ(page->changes.size(), 2U);
  EXPECT_LT(page->changes[0].number, page->changes[1].number);
}

TEST_F(FeedTest, ALongListComesInPagesAndMissesNothingThatChangesMeanwhile) {
  put("c", "a", "1", 2'500);
  std::map<std::string, std::string> copy;
  std::string place;
  bool complete = false;
  int pages = 0;
  for (bool first = true; !complete; first = false) {
    auto page = feed_->read("c", place);
    ASSERT_TRUE(page);
    EXPECT_EQ(page->reset, first);
    for (auto& change : page->changes) copy[change.service_account] = change.id;
    place = page->next;
    complete = page->complete;
    if (++pages == 1) {
      erase("c", "a0");  // behind the place
      put("c", "a1", "2");
      put("c", "b", "2");  // before it
    }
    ASSERT_LT(pages, 10);
  }
  EXPECT_EQ(pages, 3);
  auto page = feed_->read("c", place);
  for (auto& change : page->changes) {
    if (change.deleted)
      copy.erase(change.service_account);
    else
      copy[change.service_account] = change.id;
  }
  EXPECT_EQ(copy.size(), 2'500U);
  EXPECT_FALSE(copy.contains("a0"));
  EXPECT_EQ(copy["a1"], "2");
  EXPECT_EQ(copy["b"], "2");
  place = page->next;
  EXPECT_EQ(read(place), "");
}

TEST_F(FeedTest, ManyChangesComeInPages) {
  std::string place;
  read(place);
  put("c", "a", "1", 1'500);
  auto page = feed_->read("c", place);
  EXPECT_EQ(page->changes.size(), AssociationFeed::kPage);
  EXPECT_FALSE(page->complete);
  page = feed_->read("c", page->next);
  EXPECT_EQ(page->changes.size(), 500U);
  EXPECT_TRUE(page->complete);
}

TEST_F(FeedTest, WhoIsTooFarBehindReadsTheListAgain) {
  std::string place, listing;
  read(place);
  put("c", "a", "1", 1'200);
  EXPECT_NE(read(listing).find("more"), std::string::npos);
  for (int i = 0; i < 4; ++i) put("c", "b", std::to_string(i), 3'000);
  auto page = feed_->read("c", place);
  EXPECT_TRUE(page->reset);
  EXPECT_EQ(page->changes.size(), AssociationFeed::kPage);
  page = feed_->read("c", listing);  // so does who was reading the list
  EXPECT_TRUE(page->reset);
}

TEST_F(FeedTest, ARestartResets) {
  put("c", "a", "1");
  std::string place;
  read(place);
  feed_.reset();
  feed_ = std::make_unique<AssociationFeed>(*store_, deployment_);
  EXPECT_EQ(read(place), "reset +a:1 ");
  EXPECT_EQ(read(place), "");
}

TEST_F(FeedTest, ManyClustersAreForgottenOldestFirst) {
  std::string place, fresh;
  read(place);
  put("c", "a", "1");
  for (std::size_t i = 0; i < AssociationFeed::kClustersKept; ++i) put("c" + std::to_string(i), "a", "1");
  EXPECT_EQ(read(place), "reset +a:1 ");
  EXPECT_EQ(read(fresh, "c255"), "reset +a:1 ");
  put("c255", "b", "2");
  EXPECT_EQ(read(fresh, "c255"), "+b:2 ");
}

TEST_F(FeedTest, OtherProcessesAreHeard) {
  std::string place;
  read(place);
  auto waiting = wait(place);
  auto other = open();
  ASSERT_TRUE(other->run([&](store::Transaction& tx) -> Result<void> {
    AssociationRecord record;
    record.id = "7";
    tx.put(kAssociations, {deployment_.account, deployment_.region, "c", "ns", "a"}, record);
    return {};
  }));
  EXPECT_TRUE(is_over(waiting));
  EXPECT_EQ(read(place), "+a:7 ");
}

TEST_F(FeedTest, WhatIsNoPlaceIsRefused) {
  for (std::string bad : {"x", "====", "YS9iL2M", "YQ", "YS8tMQ", "YS94"}) {  // a/b/c, a, a/-1, a/x
    auto page = feed_->read("c", bad);
    ASSERT_FALSE(page) << bad;
    EXPECT_EQ(page.error().kind, ErrorKind::invalid);
  }
  EXPECT_FALSE(feed_->read("c", std::string(5'000, 'A')));
  std::string place = "YS8x";  // a/1: of another process
  EXPECT_EQ(read(place), "reset ");
}

TEST_F(FeedTest, AWaitEndsWithAChangeOfItsCluster) {
  std::string place;
  read(place);
  auto mine = wait(place);
  auto other = wait(place, seconds{30}, "other");
  put("c", "a", "1");
  EXPECT_TRUE(is_over(mine));
  EXPECT_EQ(read(place), "+a:1 ");
  EXPECT_FALSE(is_over(other, milliseconds{0}));
  put("other", "a", "1");
  EXPECT_TRUE(is_over(other));
}

TEST_F(FeedTest, AWaitThatComesLateEndsAtOnce) {
  std::string place;
  read(place);
  put("c", "a", "1");
  auto waiting = wait(place);
  EXPECT_TRUE(is_over(waiting, milliseconds{0}));
}

TEST_F(FeedTest, AWaitEndsInTime) {
  std::string place;
  read(place);
  auto longer = wait(place, milliseconds{100'000});  // 30 s at most; ends with the feed
  auto shorter = wait(place, milliseconds{10});
  EXPECT_TRUE(is_over(shorter));
  EXPECT_FALSE(is_over(longer, milliseconds{0}));
}

TEST_F(FeedTest, StoppingEndsWaits) {
  std::string place;
  read(place);
  auto before = wait(place);
  feed_->stop();
  EXPECT_TRUE(is_over(before));
  auto after = wait(place);
  EXPECT_TRUE(is_over(after, milliseconds{0}));
}

TEST_F(FeedTest, WaitsAreBounded) {
  std::string place;
  read(place);
  std::vector<std::future<void>> waits;
  for (std::size_t i = 0; i < AssociationFeed::kMaxWaiting; ++i) waits.push_back(wait(place));
  auto over = wait(place);
  EXPECT_TRUE(is_over(over, milliseconds{0}));
  EXPECT_FALSE(is_over(waits.back(), milliseconds{0}));
  put("c", "a", "1");
  for (auto& each : waits) EXPECT_TRUE(is_over(each));
}

}  // namespace
}  // namespace podpass::eks
