// kill -9, again and again, of a process that commits from many threads: after each, every write that was acknowledged
// is there, and no transaction is there by half. This tests the store and SQLite against the death of the process; not
// of the machine.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "store/sqlite_backend.h"
#include "store/test_directory.h"
#include "store/test_records.h"

namespace podpass::store {
namespace {

constexpr int kKills = 24;
constexpr int kWriters = 4;

struct Acknowledged {
  int round, writer, number;
  auto operator<=>(const Acknowledged&) const = default;
};

std::string name_of(const Acknowledged& at) {
  return std::to_string(at.round) + "-" + std::to_string(at.writer) + "-" + std::to_string(at.number);
}

// In the child: each transaction creates a record on the left and one on the right, counts them, and replaces the
// writer's last one.
void write_for_ever(const std::filesystem::path& data, int round, int pipe) {
  auto backend = open_sqlite_backend(data);
  if (!backend) ::_exit(2);
  auto store = Store::open(std::move(*backend));
  if (!store) ::_exit(3);
  auto write = [&](int writer) {
    for (int number = 0;; ++number) {
      Acknowledged at{round, writer, number};
      auto result = (*store)->run([&](Transaction& tx) -> Result<void> {
        tx.put(kPets, {"left", name_of(at)}, {"x", number});
        tx.put(kPets, {"right", name_of(at)}, {"x", number});
        tx.put(kPets, {"newest", std::to_string(writer)}, {name_of(at), number});
        if (number % 3 == 0) tx.erase(kPets, {"newest", "gone"});
        if (number % 3 == 1) tx.put(kPets, {"newest", "gone"}, {"x", number});
        return {};
      });
      if (!result || ::write(pipe, &at, sizeof at) != sizeof at) ::_exit(4);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kWriters; ++i) threads.emplace_back(write, i);
  for (auto& thread : threads) thread.join();
}

// Kills the child after some acknowledgements; returns all that it gave.
std::set<Acknowledged> run_and_kill(const std::filesystem::path& data, int round) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  auto child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    write_for_ever(data, round, ends[1]);
    ::_exit(5);
  }
  ::close(ends[1]);
  std::set<Acknowledged> acknowledged;
  Acknowledged at;
  auto enough = static_cast<std::size_t>(20 + round * 37 % 200);
  while (::read(ends[0], &at, sizeof at) == sizeof at) {  // small writes to a pipe are whole
    acknowledged.insert(at);
    if (acknowledged.size() == enough) ::kill(child, SIGKILL);
  }
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
  return acknowledged;
}

TEST(Crash, AcknowledgedWritesSurviveAndNoneIsHalf) {
  TestDirectory directory;
  auto data = directory.path() / "data";
  std::set<Acknowledged> acknowledged;
  for (int round = 0; round < kKills; ++round) {
    acknowledged.merge(run_and_kill(data, round));
    auto backend = open_sqlite_backend(data);
    ASSERT_TRUE(backend) << backend.error().message;
    auto store = Store::open(std::move(*backend));
    ASSERT_TRUE(store) << store.error().message;
    auto tx = (*store)->begin();
    auto lefts = tx.scan(kPets, {"left"}, 1'000'000), rights = tx.scan(kPets, {"right"}, 1'000'000);
    ASSERT_EQ(lefts.size(), rights.size());
    for (std::size_t i = 0; i < lefts.size(); ++i) {
      ASSERT_EQ(lefts[i].key[1], rights[i].key[1]);
      ASSERT_EQ(lefts[i].record->age, rights[i].record->age);
    }
    for (const auto& at : acknowledged) ASSERT_TRUE(tx.find(kPets, {"left", name_of(at)})) << name_of(at);
    for (const auto& row : tx.scan(kPets, {"newest"}, 100)) {
      if (row.key[1] == "gone") continue;
      ASSERT_TRUE(tx.find(kPets, {"left", row.record->name}));
    }
  }
  EXPECT_GE(acknowledged.size(), std::size_t{kKills} * 20);
}

}  // namespace
}  // namespace podpass::store
