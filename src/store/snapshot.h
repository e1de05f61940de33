// A snapshot: all records at one moment, one tree a table. And Published: where the newest one is handed out.
//
// Threads: a Snapshot in a shared_ptr<const Snapshot> is immutable and safe from any thread. put and erase: the writer
// thread, on its own copy, before it is published. Published is safe from any thread. Lifetimes: a snapshot keeps its
// records, and the names they are packed with, alive.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "store/key.h"
#include "store/names.h"
#include "store/tree.h"

namespace podpass::store {

class Snapshot {
 public:
  explicit Snapshot(std::shared_ptr<Names> names) : names_(std::move(names)) {}

  const Tree& table(std::string_view name) const;  // an empty one if there is none; lives as long as the snapshot
  const Record* find(std::string_view full) const { return table(table_of(full)).find(tail_of(full)); }
  std::size_t count(std::string_view table_name, const Extent& extent) const;

  void put(Edit edit, std::string_view table, RecordPtr record);
  void erase(Edit edit, std::string_view full);

  std::size_t records() const;
  std::size_t bytes() const { return bytes_; }  // of tails and packed values
  Names& names() const { return *names_; }
  std::uint64_t number() const { return number_; }  // no other published snapshot of the process has it

 private:
  struct Table {
    std::shared_ptr<const std::string> name;
    Tree tree;
  };

  std::shared_ptr<Names> names_;
  friend class Published;

  std::vector<Table> tables_;  // by name
  std::size_t bytes_ = 0;
  std::uint64_t number_ = 0;  // from publication on
};

// The newest snapshot. get() takes no lock unless a newer one has come since this thread's last get(): each thread
// remembers one, by its number, which no other snapshot of the process ever has. So an idle thread may keep one old
// snapshot alive.
class Published {
 public:
  explicit Published(std::shared_ptr<Snapshot> first) { set(std::move(first)); }
  std::shared_ptr<const Snapshot> get() const;
  void set(std::shared_ptr<Snapshot> next);  // which nobody changes any more
  std::uint64_t number() const { return number_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint64_t> number_{0};
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> current_;
};

}  // namespace podpass::store
