// SQLite's C interface, as little of it as the store needs, with results instead of codes. Includes sqlite3.h; only
// sqlite_backend.cc includes this.
//
// Threads: a connection and its statements belong to one thread at a time. Lifetimes: statements end before their
// connection. Errors: ErrorKind::unavailable (busy, full, I/O) or invalid (damaged, not a database); the cause has
// SQLite's text.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace podpass::store {

class SqliteStatement {
 public:
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}

  SqliteStatement& bind(int index, std::int64_t number);
  SqliteStatement& bind(int index, std::string_view text);  // the text must live until run or the last step
  Result<bool> step();                                      // true: there is a row
  Result<void> run();                                       // to the end, then ready for new bindings
  void reset();

  std::int64_t number(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  std::string_view text(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class SqliteConnection {
 public:
  static Result<SqliteConnection> open(const std::filesystem::path& file);

  Result<void> execute(const char* sql);
  Result<SqliteStatement> prepare(std::string_view sql);
  Result<std::int64_t> number(std::string_view sql);  // the first column of the first row; 0 if there is none
  std::int64_t changes() const { return sqlite3_changes64(connection_.get()); }
  void leave_wal_on_close();  // for a file that must stay untouched

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace podpass::store
