// The store's figures: durable commits a second on SQLite, the time of a find(), memory a record.
//
//   store_bench [directory for SQLite]      (default: a new one below the current directory; removed at the end)
//
// Prints one line a figure. Memory is what the allocator has handed out (mallinfo2), so it holds nodes, names and
// overhead too.
#include <malloc.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <optional>
#include <semaphore>
#include <string>
#include <vector>

#include "store/memory_backend.h"
#include "store/sqlite_backend.h"
#include "store/store.h"

namespace podpass::store {
namespace {

// As EKS keeps an association, and the entry that finds it by its id.
struct Association {
  std::string id, role_arn;
  Time created{}, modified{};
  std::optional<std::string> target_role_arn, policy, owner_arn;
};
BOOST_DESCRIBE_STRUCT(Association, (), (id, role_arn, created, modified, target_role_arn, policy, owner_arn))
struct AssociationId {
  std::string namespace_, service_account;
};
BOOST_DESCRIBE_STRUCT(AssociationId, (), (namespace_, service_account))

constexpr Table<Association> kAssociations{"associations", Decoded::fresh};
constexpr Table<Association> kKept{"kept"};
constexpr Table<AssociationId> kIds{"association_ids", Decoded::fresh};

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Names {
  std::string cluster, space, account, id;
  explicit Names(int i)
      : cluster("production-" + std::to_string(i / 10'000)),
        space("team-" + std::to_string(i / 100 % 100)),
        account("service-" + std::to_string(i % 100) + "-api"),
        id("a-" + std::string(17, '0')) {
    auto number = static_cast<unsigned>(i) * 2654435761U;
    std::snprintf(id.data() + 2, 18, "%08xabcdefghi", number);
  }
  KeyParts key() const { return {"111122223333", "us-west-2", cluster, space, account}; }
  KeyParts id_key() const { return {"111122223333", "us-west-2", cluster, id}; }
};

Association association(const Names& names, int i) {
  auto time = Time{Milliseconds{1'700'000'000'000 + i}};
  return {names.id, "arn:aws:iam::111122223333:role/eks/" + names.space + "-" + names.account, time, time, {}, {}, {}};
}

std::size_t in_use() {
  auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

template <class T>
void fill(Store& store, const Table<T>& table, int from, int to) {
  for (int i = from; i < to;) {
    auto tx = store.begin();
    for (int end = std::min(to, i + 1000); i < end; ++i) {
      Names names(i);
      tx.put(table, names.key(), association(names, i));
    }
    std::binary_semaphore done(0);
    store.commit(std::move(tx), [&](Result<void> result) {
      if (!result) std::abort();
      done.release();
    });
    done.acquire();
  }
}

// A backend that keeps nothing, so that only the store's own memory is seen.
class NoBackend final : public Backend {
 public:
  Result<void> load(const Visitor&) override { return {}; }
  std::vector<Result<Committed>> commit_if(std::span<const Commit> commits) override {
    std::vector<Result<Committed>> results;
    for (const auto& commit : commits) {
      results.push_back(Committed{last_ + 1});
      last_ += commit.writes.size();
    }
    return results;
  }
  void watch(Watcher) override {}

 private:
  Revision last_ = 0;
};

void memory() {
  auto store = *Store::open(std::make_unique<NoBackend>());
  store->begin();  // this thread lets go of the last store's snapshot
  auto before = in_use();
  int filled = 0;
  for (int records : {100'000, 1'000'000}) {
    fill(*store, kAssociations, filled, records);
    filled = records;
    store->begin();  // this thread lets go of the snapshot before
    auto figures = store->figures();
    std::printf("memory %d associations: %.1f bytes each (%.1f of key and value)\n", records,
                static_cast<double>(in_use() - before) / records,
                static_cast<double>(figures.key_and_value_bytes) / records);
  }
  before = in_use();
  {
    auto start = Clock::now();
    for (int i = 0; i < filled; i += 1000) {
      auto tx = store->begin();
      for (int k = i; k < i + 1000; ++k) {
        Names names(k);
        tx.put(kIds, names.id_key(), {names.space, names.account});
      }
      std::binary_semaphore done(0);
      store->commit(std::move(tx), [&](Result<void>) { done.release(); });
      done.acquire();
    }
    std::printf("memory %d id entries: %.1f bytes each; %.2f us a put\n", filled,
                static_cast<double>(in_use() - before) / filled, seconds_since(start) * 1e6 / filled);
  }
}

template <class T>
void time_finds(const char* what, const Table<T>& table, int records) {
  auto store = *Store::open(std::make_unique<NoBackend>());
  fill(*store, table, 0, records);
  std::vector<Names> names;
  unsigned random = 1;
  for (int i = 0; i < 4096; ++i) {
    random = random * 1664525 + 1013904223;
    names.emplace_back(static_cast<int>(random >> 8) % records);
  }
  double best = 1e9;
  for (int round = 0; round < 40; ++round) {
    auto start = Clock::now();
    auto tx = store->begin();
    std::size_t found = 0;
    for (const auto& each : names) found += tx.find(table, each.key()) != nullptr;
    if (found != names.size()) std::abort();
    best = std::min(best, seconds_since(start) / static_cast<double>(names.size()));
  }
  double begin_best = 1e9;
  for (int round = 0; round < 40; ++round) {
    auto start = Clock::now();
    for (int i = 0; i < 1000; ++i) store->begin();
    begin_best = std::min(begin_best, seconds_since(start) / 1000);
  }
  std::printf("find %s, %d records: %.0f ns; begin: %.0f ns\n", what, records, best * 1e9, begin_best * 1e9);
}

void commits(const std::filesystem::path& directory, std::ptrdiff_t in_flight, int total) {
  std::filesystem::remove_all(directory);
  auto store = *Store::open(*open_sqlite_backend(directory));
  std::counting_semaphore<1024> slots(in_flight);
  std::mutex mutex;
  std::vector<double> latencies;
  auto start = Clock::now();
  for (int i = 0; i < total; ++i) {
    slots.acquire();
    Names names(i);
    auto submitted = Clock::now();
    auto tx = store->begin();
    if (tx.find(kAssociations, names.key())) std::abort();
    if (!tx.has_room(kAssociations, {"111122223333", "us-west-2", names.cluster}, 1'000'000)) std::abort();
    tx.put(kAssociations, names.key(), association(names, i));
    tx.put(kIds, names.id_key(), {names.space, names.account});
    store->commit(std::move(tx), [&, submitted](Result<void> result) {
      if (!result) std::abort();
      std::lock_guard lock(mutex);
      latencies.push_back(seconds_since(submitted));
      slots.release();
    });
  }
  for (std::ptrdiff_t i = 0; i < in_flight; ++i) slots.acquire();
  auto elapsed = seconds_since(start);
  std::lock_guard lock(mutex);
  std::ranges::sort(latencies);
  std::printf("sqlite, %td in flight: %.0f commits/s (2 records each), p50 %.0f us, p99 %.0f us, %.1f commits a sync\n",
              in_flight, total / elapsed, latencies[latencies.size() / 2] * 1e6,
              latencies[latencies.size() * 99 / 100] * 1e6, total / static_cast<double>(store->figures().syncs));
}

void open_again(const std::filesystem::path& directory, int records) {
  std::filesystem::remove_all(directory);
  {
    auto store = *Store::open(*open_sqlite_backend(directory));
    fill(*store, kAssociations, 0, records);
  }
  auto start = Clock::now();
  auto store = *Store::open(*open_sqlite_backend(directory));
  std::printf("open with %zu records: %.0f ms\n", store->figures().records, seconds_since(start) * 1e3);
}

void all(const std::filesystem::path& directory) {
  time_finds("kept", kKept, 100'000);
  time_finds("fresh", kAssociations, 100'000);
  memory();
  commits(directory, 1, 2'000);
  commits(directory, 32, 50'000);
  commits(directory, 256, 100'000);
  open_again(directory, 100'000);
}

}  // namespace
}  // namespace podpass::store

int main(int argc, char** argv) {
  std::filesystem::path directory = argc > 1 ? argv[1] : "store_bench_data";
  podpass::store::all(directory);
  std::filesystem::remove_all(directory);
}
