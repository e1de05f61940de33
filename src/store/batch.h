// A batch: transactions that go to the backend together, and the snapshot that results. Inside the store only.
//
// Each transaction is checked against the base snapshot with the earlier ones of the batch applied. Changes have no
// revision until the backend gave one, so a transaction that overwrites a record of the same batch has to wait for the
// next. Threads: the writer's. Limits: kMaxCommits, kMaxBytes (both may be passed by one transaction).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "store/backend.h"
#include "store/snapshot.h"
#include "store/transaction_state.h"

namespace podpass::store {

class Batch {
 public:
  static constexpr std::size_t kMaxCommits = 512;
  static constexpr std::size_t kMaxBytes = 8 * 1024 * 1024;

  // Uses `edit` and `edit + 1`.
  Batch(std::shared_ptr<const Snapshot> base, Edit edit);

  enum class Outcome {
    joined,    // its commit is commits().back(); its values have been moved out
    unneeded,  // it changes nothing
    conflict,
    later,  // untouched; to be added to a later batch
  };
  Outcome add(TransactionState& state);

  bool full() const { return commits_.size() >= kMaxCommits || bytes_ >= kMaxBytes; }
  std::span<const Commit> commits() const { return commits_; }

  // The base with those commits applied that the backend took.
  std::shared_ptr<Snapshot> settle(std::span<const Result<Committed>> results);
  // The full keys that they change.
  std::vector<std::string> keys_of(std::span<const Result<Committed>> results) const;

 private:
  struct Change {
    std::string full;
    RecordPtr record;  // null: erased
  };

  std::shared_ptr<const Snapshot> base_;
  std::shared_ptr<Snapshot> working_;
  Edit edit_;
  std::size_t bytes_ = 0;
  std::vector<Commit> commits_;
  std::vector<std::vector<Change>> changes_;  // by commit, then by write
};

}  // namespace podpass::store
