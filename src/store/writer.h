// The writer: the queue of transactions to commit and the one thread that commits them, in order, as many at a time as
// are waiting. Inside the store only.
//
// Threads: submit and published are safe from any thread; everything else happens on the writer's own thread. Done
// callbacks run there. Limits: kMaxQueued transactions wait (store.h). Errors: if the backend says that it can't know
// what became of a commit, or disagrees with the snapshot and no other process is to blame, everything is loaded again
// before the next commit.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/backend.h"
#include "store/batch.h"
#include "store/snapshot.h"
#include "store/store.h"
#include "store/transaction_state.h"

namespace podpass::store {

class Writer {
 public:
  static Result<std::unique_ptr<Writer>> start(std::unique_ptr<Backend> backend);
  ~Writer();  // commits what waits, then stops
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  std::shared_ptr<const Snapshot> newest() const { return published_.get(); }
  std::uint64_t version() const { return published_.number(); }
  void submit(std::unique_ptr<TransactionState> state, Store::Done done);
  Store::Figures figures() const;

  // From one published snapshot to the next, as far as one table is concerned.
  struct Step {
    std::shared_ptr<const Snapshot> before, after;
    std::vector<std::string> keys;  // full
    bool everything = false;
  };
  using Observer = std::function<void(Step step)>;
  void observe(std::string table, Observer observer);  // see Store::observe

 private:
  struct Job {
    std::unique_ptr<TransactionState> state;
    Store::Done done;
  };
  struct Ending {
    Store::Done done;
    Result<void> result;
  };
  struct Change {  // by another process
    std::string key;
    std::optional<std::string> value;
    Revision revision;
  };

  Writer(std::unique_ptr<Backend> backend, std::shared_ptr<Names> names, std::shared_ptr<Snapshot> first);
  void work();
  bool wait_for_work();
  void commit_some();
  void fill(Batch& batch, std::vector<Store::Done>& joined, std::vector<Ending>& endings);
  void settle(Batch& batch, std::vector<Store::Done> joined, std::vector<Ending>& endings);
  std::size_t take_in_changes();
  Result<void> catch_up();
  void publish(std::shared_ptr<Snapshot> next, std::vector<std::string> keys, bool everything = false);
  void finish(std::vector<Ending> endings);

  std::unique_ptr<Backend> backend_;
  std::shared_ptr<Names> names_;
  Published published_;
  std::atomic<std::uint64_t> commits_{0}, syncs_{0}, conflicts_{0};

  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<Job> queue_;
  std::vector<Change> changes_;
  std::size_t waiting_ = 0;  // submitted and not finished
  bool stopping_ = false;

  std::mutex observing_;  // held while the observer runs
  std::string observed_;  // the table
  Observer observer_;

  // The writer thread's own.
  Edit edit_ = 2;         // the next number; 1 was the first load's
  std::deque<Job> jobs_;  // taken from the queue
  bool out_of_step_ = false;
  std::thread thread_;
};

}  // namespace podpass::store
