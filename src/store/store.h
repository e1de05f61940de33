// The store: typed records over a backend, read from an immutable in-memory snapshot, written by transactions.
//
//   const Role* role = tx.find(kRoles, {account, name});       // a pointer into the snapshot; no lock, no copy
//   tx.put(kRoles, {account, name}, changed);                  // collected; durable after commit
//
// A transaction remembers what it read. It commits only if that still stands; otherwise the whole handler runs again on
// a newer snapshot (Store::commit answers ErrorKind::conflict; the caller reruns, at most kMaxReruns times, then
// unavailable).
//
// Threads: Store is safe from any thread. A Transaction belongs to one thread at a time. Snapshots are immutable.
// Lifetimes: pointers that find() and scan() give live as long as the transaction.
// Limits: kMaxQueued commits wait, then commit() answers unavailable; see also transaction.h.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/backend.h"
#include "store/transaction.h"

namespace podpass::store {

inline constexpr int kMaxReruns = 16;
inline constexpr std::size_t kMaxQueued = 8192;

class Writer;

class Store {
 public:
  // Loads everything, then serves. The error says what is wrong with the data and what to do.
  static Result<std::unique_ptr<Store>> open(std::unique_ptr<Backend> backend);
  ~Store();  // waits for running commits; no thread may begin or commit any more
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  Transaction begin() const;
  // Another number after every commit that changed something: what was derived from a transaction begun later than
  // this was read holds while it stays.
  std::uint64_t version() const;

  // Durable and visible to every later begin() before `done` is called with success. Conflict: what was read has
  // changed. Unavailable: it may or may not happen. `done` runs on the store's writer thread: hand over, don't work
  // there. A transaction without writes, and one that has failed, is done at once, in the caller.
  using Done = std::move_only_function<void(Result<void>)>;
  void commit(Transaction transaction, Done done);

  // Told of what changes in one table, whoever changes it: on the writer thread, when it is visible to every later
  // begin() and before its commit is acknowledged. It must be quick. One observer a store; null ends it, and when that
  // returns it is not called any more.
  struct TableChange {
    Transaction& before;  // for reading
    Transaction& after;
    std::vector<std::vector<std::string>> keys;  // their parts behind the table's name
    bool everything = false;                     // the store was loaded again: `keys` does not say what changed
  };
  using Observer = std::function<void(TableChange& change)>;
  void observe(std::string_view table, Observer observer);

  // begin, `body`, commit, again on conflict; blocks. For start-up and tools; a server uses commit().
  Result<void> run(const std::function<Result<void>(Transaction&)>& body);

  struct Figures {
    std::size_t records, key_and_value_bytes;
    std::uint64_t commits, syncs, conflicts;
  };
  Figures figures() const;

 private:
  explicit Store(std::unique_ptr<Writer> writer);
  std::unique_ptr<Writer> writer_;
};

}  // namespace podpass::store
