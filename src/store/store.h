// The store: typed records over a backend, read from an immutable in-memory snapshot, written by transactions.
//
//   const Role* role = tx.find(kRoles, {account, name});       // a pointer into the snapshot; no lock, no copy
//   tx.put(kRoles, {account, name}, changed);                  // collected; durable after commit
//
// A transaction remembers what it read. It commits only if that still stands; otherwise the whole handler runs again on a newer
// snapshot (Store::commit answers ErrorKind::conflict; the caller reruns, at most kMaxReruns times, then unavailable).
//
// Threads: Store is safe from any thread. A Transaction belongs to one thread at a time. Snapshots are immutable.
// Lifetimes: pointers that find() and scan() give live as long as the transaction.
// Limits: a key is at most kMaxKeyBytes, a record kMaxRecordBytes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/fields.h"
#include "store/backend.h"

namespace podpass::store {

inline constexpr int kMaxReruns = 16;
inline constexpr std::size_t kMaxKeyBytes = 1'500;
inline constexpr std::size_t kMaxRecordBytes = 1024 * 1024;

// The parts of a key behind its table's name. Any bytes; order of keys is the order of parts, part by part, bytewise.
using KeyParts = std::vector<std::string_view>;

// How decoded records are held. kept: decoded once a version, shared by all readers (roles, policies: few, hot).
// fresh: decoded anew by each transaction that reads it, so that a million of them cost only their bytes (associations).
enum class Decoded { kept, fresh };

// A table: its name in the key (`/podpass/v1/<name>/...`) and the shape of its records. Declared as an inline constexpr constant by the
// folder that owns it. `format` is written with each record; raise it when old records need a change to be read.
template <codec::Shape T>
struct Table {
  std::string_view name;
  Decoded decoded = Decoded::kept;
  int format = 1;
};

template <class T>
struct Row {
  std::vector<std::string> key;  // the parts behind the table's name
  const T* record;
};

class Store;

class Transaction {
 public:
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) noexcept;
  ~Transaction();

  // The record, as this transaction sees it (its own writes included); null if there is none.
  template <codec::Shape T>
  const T* find(const Table<T>& table, const KeyParts& key);
  template <codec::Shape T>
  void put(const Table<T>& table, const KeyParts& key, T record);
  template <codec::Shape T>
  void erase(const Table<T>& table, const KeyParts& key);

  // Records whose key begins with the whole parts of `prefix`, in key order, behind `after` (empty: from the first), at most `limit`.
  template <codec::Shape T>
  std::vector<Row<T>> scan(const Table<T>& table, const KeyParts& prefix, std::size_t limit, const KeyParts& after = {});
  // How many there are. Costs a walk down the tree, not one over the records. The commit fails if the number changed.
  template <codec::Shape T>
  std::size_t count(const Table<T>& table, const KeyParts& prefix);
  // True if fewer than `limit` exist, this transaction's own counted. The commit fails only if there is no more room by then, so that
  // many may create below one prefix at once.
  template <codec::Shape T>
  bool has_room(const Table<T>& table, const KeyParts& prefix, std::size_t limit);

  bool has_writes() const;
};

class Store {
 public:
  // Loads everything, then serves. The error says what is wrong with the data and what to do.
  static Result<std::unique_ptr<Store>> open(std::unique_ptr<Backend> backend);
  ~Store();  // waits for running commits

  Transaction begin();

  // Durable and visible to every later begin() before `done` is called with success. Conflict: what was read has changed. `done` runs on the
  // store's writer thread: hand over, don't work there. A transaction without writes is done at once, in the caller.
  using Done = std::move_only_function<void(Result<void>)>;
  void commit(Transaction transaction, Done done);

  // begin, `body`, commit, again on conflict; blocks. For start-up and tools; a server uses commit().
  Result<void> run(const std::function<Result<void>(Transaction&)>& body);

  struct Figures {
    std::size_t records, key_and_value_bytes;
    std::uint64_t commits, syncs, conflicts;
  };
  Figures figures() const;
};

}  // namespace podpass::store
