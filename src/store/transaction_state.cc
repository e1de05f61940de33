#include "store/transaction_state.h"

#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "store/pack.h"

namespace podpass::store {
namespace {

// The same records, at the same revisions, in the extent.
bool same_extent(const Tree& was, const Tree& is, const Extent& extent) {
  Tree::Cursor before(was, extent.from), after(is, extent.from);
  for (;; before.next(), after.next()) {
    const auto* a = before.get();
    const auto* b = after.get();
    if (a && extent.end && a->tail() >= *extent.end) a = nullptr;
    if (b && extent.end && b->tail() >= *extent.end) b = nullptr;
    if (!a || !b) return a == b;
    if (a != b && (a->revision() != b->revision() || a->tail() != b->tail())) return false;
  }
}

// Objects decoded of late by one thread. A slot holds its record, so that no other can come to stand at its address;
// the next record that falls on the slot takes its place.
class RememberedObjects {
 public:
  struct Slot {
    RecordPtr record;
    std::shared_ptr<const Kept> object;
  };

  Slot& slot(const Record& record) {
    const auto mixed = reinterpret_cast<std::uintptr_t>(&record) * 0x9e3779b97f4a7c15U;
    return slots_[mixed >> (64 - kBits)];
  }

 private:
  static constexpr int kBits = 10;
  std::vector<Slot> slots_{std::size_t{1} << kBits};
};

bool has_room(std::size_t count, std::ptrdiff_t own, std::size_t limit) {
  return static_cast<std::ptrdiff_t>(count) + own < static_cast<std::ptrdiff_t>(limit);
}

}  // namespace

const Record* TransactionState::read(std::string_view table, std::string_view full) {
  const auto* record = snapshot->table(table).find(full.substr(table.size() + 1));
  if (record) {
    found.push_back({table, record});
  } else {
    absent.emplace_back(full);
  }
  return record;
}

const Kept* TransactionState::hold(std::shared_ptr<const Kept> kept) {
  return held.emplace_back(std::move(kept)).get();
}

void TransactionState::fail(Error error) {
  if (!failure) failure = std::move(error);
}

const Kept* TransactionState::decoded(const detail::RecordType& type, const Record& record) {
  if (const auto* kept = record.kept()) {
    CHECK(kept->type == type.type);  // one table, one shape
    return kept;
  }
  auto key = [&] { return to_disk_key(std::string(type.table) + '\0' + std::string(record.tail())); };
  if (record.format() > type.format) {
    fail(Error::internal("record " + key() + " has format " + std::to_string(record.format()) +
                         ", newer than this program's " + std::to_string(type.format)));
    return nullptr;
  }
  auto members = unpack(record.packed(), snapshot->names());
  if (record.format() < type.format && type.upgrade) members = type.upgrade(std::move(members), record.format());
  auto kept = type.decode(members);
  if (!kept) {
    fail(Error::internal("record " + key() + " cannot be read: " + kept.error().message));
    return nullptr;
  }
  return type.decoded == Decoded::kept ? record.keep(std::move(*kept)) : hold(std::move(*kept));
}

const Kept* TransactionState::decoded_of_late(const detail::RecordType& type, const Record& record) {
  if (type.decoded == Decoded::kept) return decoded(type, record);
  static thread_local RememberedObjects remembered;
  auto& slot = remembered.slot(record);
  if (slot.record.get() != &record) {
    if (!decoded(type, record)) return nullptr;
    slot = {RecordPtr::share(record), held.back()};
    return held.back().get();
  }
  CHECK(slot.object->type == type.type);  // one table, one shape
  return hold(slot.object);
}

std::ptrdiff_t TransactionState::own_in(std::string_view table, const Extent& extent) {
  std::ptrdiff_t own = 0;
  for (const auto& [full, pending] : writes) {
    if (table_of(full) != table || !extent.contains(tail_of(full))) continue;
    bool was = read(table, full) != nullptr;
    own += (pending.record ? 1 : 0) - (was ? 1 : 0);
  }
  return own;
}

bool still_stands(const TransactionState& state, const Snapshot& now) {
  for (const auto& read : state.found) {
    const auto* record = now.table(read.table).find(read.record->tail());
    if (!record || record->revision() != read.record->revision()) return false;
  }
  for (const auto& full : state.absent) {
    if (now.find(full)) return false;
  }
  for (const auto& read : state.counts) {
    if (now.count(read.table, read.extent) != read.count) return false;
  }
  for (const auto& read : state.rooms) {
    if (has_room(now.count(read.table, read.extent), read.own, read.limit) != read.answer) return false;
  }
  return std::ranges::all_of(state.scans, [&](const TransactionState::ScanRead& read) {
    return same_extent(state.snapshot->table(read.table), now.table(read.table), read.extent);
  });
}

}  // namespace podpass::store
