#include "store/snapshot.h"

#include <algorithm>

namespace podpass::store {
namespace {

struct Remembered {
  std::uint64_t number = 0;
  // Counted apart from other threads' pointers to the same snapshot, so that threads do not fight over one counter.
  std::shared_ptr<const Snapshot> snapshot;
};

constinit std::atomic<std::uint64_t> last_number{0};

}  // namespace

const Tree& Snapshot::table(std::string_view name) const {
  static const Tree kEmpty;
  auto found =
      std::ranges::lower_bound(tables_, name, {}, [](const Table& table) -> std::string_view { return *table.name; });
  return found != tables_.end() && *found->name == name ? found->tree : kEmpty;
}

std::size_t Snapshot::count(std::string_view table_name, const Extent& extent) const {
  const auto& tree = table(table_name);
  auto end = extent.end ? tree.rank(*extent.end) : tree.size();
  auto from = extent.from.empty() ? 0 : tree.rank(extent.from);
  return end > from ? end - from : 0;
}

void Snapshot::put(Edit edit, std::string_view table_name, RecordPtr record) {
  auto found = std::ranges::lower_bound(tables_, table_name, {},
                                        [](const Table& table) -> std::string_view { return *table.name; });
  if (found == tables_.end() || *found->name != table_name) {
    found = tables_.insert(found, Table{std::make_shared<const std::string>(table_name), {}});
  }
  if (const auto* before = found->tree.find(record->tail())) bytes_ -= before->size();
  bytes_ += record->size();
  found->tree.put(edit, std::move(record));
}

void Snapshot::erase(Edit edit, std::string_view full) {
  auto& tree = const_cast<Tree&>(table(table_of(full)));
  const auto* before = tree.find(tail_of(full));
  if (!before) return;
  bytes_ -= before->size();
  tree.erase(edit, tail_of(full));
}

std::size_t Snapshot::records() const {
  std::size_t total = 0;
  for (const auto& table : tables_) total += table.tree.size();
  return total;
}

std::shared_ptr<const Snapshot> Published::get() const {
  thread_local Remembered remembered;
  if (number_.load(std::memory_order_acquire) != remembered.number) {
    std::shared_ptr<const Snapshot> newest;
    {
      std::lock_guard lock(mutex_);
      newest = current_;
    }
    remembered.number = newest->number();
    const auto* plain = newest.get();
    remembered.snapshot =
        std::shared_ptr<const Snapshot>(plain, [held = std::move(newest)](const Snapshot*) mutable { held.reset(); });
  }
  return remembered.snapshot;
}

void Published::set(std::shared_ptr<Snapshot> next) {
  const auto number = next->number_ = last_number.fetch_add(1, std::memory_order_relaxed) + 1;
  std::shared_ptr<const Snapshot> now = std::move(next);
  std::lock_guard lock(mutex_);
  current_.swap(now);  // the older one goes when the lock has
  number_.store(number, std::memory_order_release);
}

}  // namespace podpass::store
