// What a transaction has read and wants to write, and whether that still stands. Inside the store only.
//
// Threads: one at a time. Lifetimes: the snapshot keeps every record that is named here alive.
#pragma once

#include <boost/container/small_vector.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/snapshot.h"
#include "store/transaction.h"

namespace podpass::store {

struct Pending {
  RecordPtr record;  // null: erase
  std::string json;
  std::unique_ptr<const Kept> decoded;
};

struct TransactionState {
  explicit TransactionState(std::shared_ptr<const Snapshot> from) : snapshot(std::move(from)) {}

  struct FoundRead {
    std::string_view table;
    const Record* record;
  };
  struct ScanRead {
    std::string_view table;
    Extent extent;
  };
  struct CountRead {
    std::string_view table;
    Extent extent;
    std::size_t count;  // in the snapshot
  };
  struct RoomRead {
    std::string_view table;
    Extent extent;
    std::ptrdiff_t own;  // what this transaction had added (or taken away) when it asked
    std::size_t limit;
    bool answer;
  };

  std::shared_ptr<const Snapshot> snapshot;
  boost::container::small_vector<FoundRead, 8> found;
  std::vector<std::string> absent;  // full keys
  std::vector<ScanRead> scans;
  std::vector<CountRead> counts;
  std::vector<RoomRead> rooms;
  std::map<std::string, Pending, std::less<>> writes;  // by full key
  std::vector<std::shared_ptr<const Kept>> held;       // decoded objects that no record keeps
  std::optional<Error> failure;
  std::string scratch;  // the full key at hand

  // The record of the snapshot; the commit will fail if another one, or none, is there by then.
  const Record* read(std::string_view table, std::string_view full);
  const Kept* decoded(const detail::RecordType& type, const Record& record);
  // The same for a record that is likely to be asked for again: the thread remembers some of those of fresh tables.
  const Kept* decoded_of_late(const detail::RecordType& type, const Record& record);
  const Kept* hold(std::shared_ptr<const Kept> kept);
  std::ptrdiff_t own_in(std::string_view table, const Extent& extent);
  void fail(Error error);
};

// True if everything that the transaction read would read the same in `now`.
bool still_stands(const TransactionState& state, const Snapshot& now);

}  // namespace podpass::store
