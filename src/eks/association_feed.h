// What changed among the pod identity associations of each cluster, as it changes, for those who keep a copy: the
// webhook and the agents. The last kChangesKept changes of a cluster are in memory, numbered; who is further behind, or
// comes from another process (before a restart, or another replica), reads the whole list again.
//
// A place is where a reader stands: opaque text, made by read(). A change is in the feed before its request is
// answered, and who waits is woken at once.
//
// Threads: every function is safe from any thread. One thread of its own ends the waits. Lifetimes: the store and the
// deployment outlive it. Limits: below; a wait over kMaxWaiting ends at once.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "aws/deployment.h"
#include "base/result.h"
#include "store/store.h"

namespace podpass::eks {

class AssociationFeed {
 public:
  static constexpr std::size_t kChangesKept = 8'192;  // of a cluster
  static constexpr std::size_t kClustersKept = 256;   // that changed since the start
  static constexpr std::size_t kPage = 1'000;         // changes in one answer
  static constexpr std::size_t kMaxWaiting = 10'000;
  static constexpr Seconds kMaxWait{30};

  AssociationFeed(store::Store& store, const aws::Deployment& deployment);
  ~AssociationFeed();  // stops
  AssociationFeed(const AssociationFeed&) = delete;
  AssociationFeed& operator=(const AssociationFeed&) = delete;

  struct Change {
    std::string namespace_, service_account, id;
    bool deleted = false;
    std::int64_t number = 0;  // later changes have greater ones; of a process
  };
  struct Page {
    std::vector<Change> changes;
    std::string next;
    bool complete = true;  // false: there is more to read at once
    bool reset = false;    // the list begins anew; what the reader knew does not count any more
  };
  // What is new behind `place`; empty: the whole list. Invalid: no place of ours.
  Result<Page> read(std::string_view cluster, std::string_view place);

  // Calls `done` once, from another thread: when the cluster changes behind `place`, after `most`, or at stop().
  void wait(std::string_view cluster, std::string_view place, Milliseconds most, std::function<void()> done);
  void stop();  // ends all waits, now and later

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Place;
  struct Changed {  // a cluster's changes
    std::deque<Change> changes;
    std::int64_t dropped = 0;  // the number of the newest change that is not kept any more
    std::int64_t last() const { return changes.empty() ? dropped : changes.back().number; }
  };
  struct Waiter {
    std::string cluster;
    std::function<void()> done;
  };

  Place read_place(std::string_view text) const;
  std::string write_place(std::int64_t number, const Change* listed) const;
  Page list(std::string_view cluster, const Place& place);
  void take(store::Store::TableChange& change);
  void add(const std::string& cluster, Change change);
  void forget_everything();
  void work();

  store::Store& store_;
  const aws::Deployment& deployment_;

  std::mutex mutex_;
  std::condition_variable work_;
  std::string epoch_;  // names this numbering
  std::int64_t number_ = 0;
  std::int64_t forgotten_ = 0;  // of clusters that are not kept: their newest change
  std::map<std::string, Changed, std::less<>> clusters_;
  std::multimap<SteadyTime, Waiter> waiting_;  // by when they end
  std::set<std::string> woken_;                // clusters that changed since the thread looked
  bool wake_all_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace podpass::eks
