#include "store/sqlite_backend.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "store/directory_lock.h"
#include "store/sqlite.h"

namespace podpass::store {
namespace {

constexpr std::int64_t kApplicationId = 0x504F4450;  // "PODP" in the file's header
constexpr std::int64_t kFormat = 1;                  // user_version

// The revision is the row's id: new rows go to the end of the file, which is what makes group commits fast, and no
// index is needed, as the store has all keys in memory. `last_revision` matters when the newest row has been deleted:
// revisions are never used twice.
constexpr const char* kSchema = R"(
  BEGIN IMMEDIATE;
  CREATE TABLE record(revision INTEGER PRIMARY KEY, key TEXT NOT NULL, value TEXT NOT NULL) STRICT;
  CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO meta VALUES ('last_revision', 0);
  PRAGMA application_id = 1347372112;
  PRAGMA user_version = 1;
  COMMIT;)";
static_assert(kApplicationId == 1347372112 && kFormat == 1);

// Says which store it is about.
Error about(const std::filesystem::path& file, Error error) {
  bool damaged = error.kind == ErrorKind::invalid;
  error.message =
      "The store " + file.string() + (damaged ? " is damaged" : " cannot be used") + ": " + error.cause + ". " +
      (damaged ? "Restore it from a backup." : "See that the disk has room and that no other program uses the file.");
  return error;
}

Error refused(const std::filesystem::path& file, std::string why) {
  auto message = file.string() + why;
  return {ErrorKind::invalid, {}, 0, message, message, {}};
}

// Looks without changing anything. True: an empty file, to be set up.
Result<bool> is_new(SqliteConnection& connection, const std::filesystem::path& file) {
  connection.leave_wal_on_close();
  TRY(connection.execute("PRAGMA locking_mode = EXCLUSIVE"));
  auto id = TRY(connection.number("PRAGMA application_id"));
  auto format = TRY(connection.number("PRAGMA user_version"));
  if (id == kApplicationId && format == kFormat) return false;
  if (id == kApplicationId) {
    return refused(file, " was written by a newer podpass (its format is " + std::to_string(format) +
                             ", this program knows " + std::to_string(kFormat) +
                             "). Use that version. Nothing was changed.");
  }
  if (id != 0 || format != 0 || TRY(connection.number("SELECT count(*) FROM sqlite_schema")) != 0) {
    return refused(file, " is not a store of podpass. Nothing was changed.");
  }
  return true;
}

class SqliteBackend final : public Backend {
 public:
  // The connection is checked and set up.
  static Result<std::unique_ptr<Backend>> make(DirectoryLock lock, std::filesystem::path file,
                                               SqliteConnection connection) {
    auto insert = TRY(connection.prepare("INSERT INTO record VALUES (?, ?, ?)"));
    auto remove = TRY(connection.prepare("DELETE FROM record WHERE revision = ? AND key = ?"));
    auto mark = TRY(connection.prepare("UPDATE meta SET value = ? WHERE name = 'last_revision'"));
    auto last = std::max(TRY(connection.number("SELECT value FROM meta WHERE name = 'last_revision'")),
                         TRY(connection.number("SELECT max(revision) FROM record")));
    return std::unique_ptr<Backend>(new SqliteBackend(std::move(lock), std::move(file), std::move(connection),
                                                      std::move(insert), std::move(remove), std::move(mark),
                                                      static_cast<Revision>(last)));
  }

  Result<void> load(const Visitor& visitor) override {
    if (auto loaded = load_rows(visitor); !loaded) return about(file_, std::move(loaded).error());
    return {};
  }

  std::vector<Result<Committed>> commit_if(std::span<const Commit> commits) override {
    std::vector<Result<Committed>> results(commits.size());
    std::vector<bool> conflicting(commits.size());
    // A conflict means that the store and the file disagree, which is rare: the whole group is done again without that
    // commit.
    for (;;) {
      auto conflict = commit_group(commits, conflicting, results);
      if (!conflict) {
        auto error = about(file_, std::move(conflict).error());
        error.kind = ErrorKind::unavailable;
        error.cause = error.message;
        std::ranges::fill(results, Result<Committed>(error));
        return results;
      }
      if (*conflict == commits.size()) return results;
      conflicting[*conflict] = true;
    }
  }

  void watch(Watcher) override {}  // nobody else writes

 private:
  SqliteBackend(DirectoryLock lock, std::filesystem::path file, SqliteConnection connection, SqliteStatement insert,
                SqliteStatement remove, SqliteStatement mark, Revision last)
      : lock_(std::move(lock)),
        file_(std::move(file)),
        connection_(std::move(connection)),
        insert_(std::move(insert)),
        remove_(std::move(remove)),
        mark_(std::move(mark)),
        last_(last) {}

  Result<void> load_rows(const Visitor& visitor) {
    auto rows = TRY(connection_.prepare("SELECT revision, key, value FROM record"));
    while (TRY(rows.step())) visitor(rows.text(1), rows.text(2), static_cast<Revision>(rows.number(0)));
    return {};
  }

  // One SQL transaction. The index of the commit that conflicts, or the number of commits: all is durable.
  Result<std::size_t> commit_group(std::span<const Commit> commits, const std::vector<bool>& conflicting,
                                   std::vector<Result<Committed>>& results) {
    TRY(connection_.execute("BEGIN IMMEDIATE"));
    auto done = write_group(commits, conflicting, results);
    if (done && *done == commits.size()) {
      if (auto committed = connection_.execute("COMMIT"); !committed) done = std::move(committed).error();
    }
    if (!done || *done < commits.size()) {
      auto rolled_back =
          connection_.execute("ROLLBACK");  // SQLite may have done so itself; what counts is the first error
      if (done && !rolled_back) return std::move(rolled_back).error();
    }
    return done;
  }

  Result<std::size_t> write_group(std::span<const Commit> commits, const std::vector<bool>& conflicting,
                                  std::vector<Result<Committed>>& results) {
    const Write* newest = nullptr;
    for (std::size_t i = 0; i < commits.size(); ++i) {
      if (conflicting[i]) {
        results[i] = Error{ErrorKind::conflict, {}, 0, "The resource is being changed.", {}, {}};
        continue;
      }
      results[i] = Committed{last_ + 1};
      for (const auto& write : commits[i].writes) {
        if (!TRY(apply(write))) return i;
        newest = &write;
      }
    }
    if (newest && !newest->value) TRY(mark_.bind(1, static_cast<std::int64_t>(last_)).run());
    return commits.size();
  }

  // False: what it replaces is not there.
  Result<bool> apply(const Write& write) {
    auto revision = static_cast<std::int64_t>(++last_);
    if (write.replaces != 0) {
      TRY(remove_.bind(1, static_cast<std::int64_t>(write.replaces)).bind(2, write.key).run());
      if (connection_.changes() != 1) return false;
    }
    if (write.value) TRY(insert_.bind(1, revision).bind(2, write.key).bind(3, *write.value).run());
    return true;
  }

  DirectoryLock lock_;  // outlives the connection
  std::filesystem::path file_;
  SqliteConnection connection_;
  SqliteStatement insert_, remove_, mark_;
  Revision last_;  // the newest that was given, also to commits that failed
};

Result<SqliteConnection> open_checked(const std::filesystem::path& file) {
  {
    auto looking = TRY(SqliteConnection::open(file));
    if (TRY(is_new(looking, file))) {
      TRY(looking.execute("PRAGMA journal_mode = WAL"));
      TRY(looking.execute("PRAGMA synchronous = FULL"));
      TRY(looking.execute(kSchema));
    }
  }
  auto connection = TRY(SqliteConnection::open(file));
  TRY(connection.execute("PRAGMA locking_mode = EXCLUSIVE"));
  TRY(connection.execute("PRAGMA journal_mode = WAL"));
  TRY(connection.execute("PRAGMA synchronous = FULL"));
  TRY(connection.execute("BEGIN EXCLUSIVE; COMMIT"));  // takes the lock now, not at the first commit
  return connection;
}

}  // namespace

Result<std::unique_ptr<Backend>> open_sqlite_backend(const std::filesystem::path& directory) {
  auto lock = TRY(DirectoryLock::take(directory));
  auto file = directory / "store.sqlite";
  TRY(lock.make_file(file));
  auto connection = open_checked(file);
  if (connection) {
    auto made = SqliteBackend::make(std::move(lock), file, std::move(*connection));
    if (made) return made;
    return about(file, std::move(made).error());
  }
  auto error = std::move(connection).error();
  if (error.message == error.cause) return error;  // refused: says it all
  return about(file, std::move(error));
}

}  // namespace podpass::store
