#include "store/sqlite.h"

#include "base/check.h"

namespace podpass::store {
namespace {

Error sqlite_error(sqlite3* connection) {
  auto code = sqlite3_errcode(connection) & 0xff;
  auto kind = code == SQLITE_NOTADB || code == SQLITE_CORRUPT ? ErrorKind::invalid : ErrorKind::unavailable;
  std::string cause = std::string("SQLite: ") + sqlite3_errmsg(connection) + " (" +
                      std::to_string(sqlite3_extended_errcode(connection)) + ")";
  return {kind, {}, 0, kind == ErrorKind::invalid ? "The store is damaged." : "The store is not available.", cause, {}};
}

}  // namespace

SqliteStatement& SqliteStatement::bind(int index, std::int64_t number) {
  CHECK(sqlite3_bind_int64(statement_.get(), index, number) == SQLITE_OK);
  return *this;
}

SqliteStatement& SqliteStatement::bind(int index, std::string_view text) {
  auto code = sqlite3_bind_text64(statement_.get(), index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  CHECK(code == SQLITE_OK);
  return *this;
}

Result<bool> SqliteStatement::step() {
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default: {
      auto error = sqlite_error(sqlite3_db_handle(statement_.get()));
      reset();
      return error;
    }
  }
}

Result<void> SqliteStatement::run() {
  while (TRY(step())) {
  }
  reset();
  return {};
}

void SqliteStatement::reset() {
  sqlite3_reset(statement_.get());
}

std::string_view SqliteStatement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (!text) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Result<SqliteConnection> SqliteConnection::open(const std::filesystem::path& file) {
  SqliteConnection made;
  sqlite3* raw = nullptr;
  auto code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  made.connection_.reset(raw);
  if (code != SQLITE_OK) {
    return raw ? sqlite_error(raw) : Error::unavailable("The store is not available.", "SQLite has no memory");
  }
  return made;
}

Result<void> SqliteConnection::execute(const char* sql) {
  if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return sqlite_error(connection_.get());
}

Result<SqliteStatement> SqliteConnection::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  auto code = sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                 &raw, nullptr);
  if (code != SQLITE_OK) return sqlite_error(connection_.get());
  return SqliteStatement(raw);
}

Result<std::int64_t> SqliteConnection::number(std::string_view sql) {
  auto statement = TRY(prepare(sql));
  return TRY(statement.step()) ? statement.number(0) : 0;
}

void SqliteConnection::leave_wal_on_close() {
  sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

}  // namespace podpass::store
