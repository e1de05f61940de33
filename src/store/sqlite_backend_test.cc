#include "store/sqlite_backend.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "store/store.h"
#include "store/test_directory.h"
#include "store/test_records.h"

namespace podpass::store {
namespace {

std::string contents_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void overwrite(const std::filesystem::path& file, std::string_view contents) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << contents;
}

// As a person with the sqlite3 program would.
void execute(const std::filesystem::path& file, const char* sql) {
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &connection), SQLITE_OK);
  char* error = nullptr;
  EXPECT_EQ(sqlite3_exec(connection, sql, nullptr, nullptr, &error), SQLITE_OK) << error;
  sqlite3_close(connection);
}

class SqliteBackendTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open() {
    auto backend = open_sqlite_backend(data_);
    if (!backend) {
      message_ = backend.error().message;
      return nullptr;
    }
    auto store = Store::open(std::move(*backend));
    if (!store) message_ = store.error().message;
    return store ? std::move(*store) : nullptr;
  }

  void fill(int records) {
    auto store = open();
    ASSERT_TRUE(store) << message_;
    ASSERT_TRUE(store->run([&](Transaction& tx) -> Result<void> {
      for (int i = 0; i < records; ++i) tx.put(kPets, {std::to_string(i)}, {"pet", i});
      return {};
    }));
  }

  testing::AssertionResult refuses(std::string_view because) {
    message_.clear();
    if (open()) return testing::AssertionFailure() << "opened";
    if (message_.find(because) != message_.npos) return testing::AssertionSuccess();
    return testing::AssertionFailure() << message_;
  }

  TestDirectory directory_;
  std::filesystem::path data_ = directory_.path() / "new" / "data", file_ = data_ / "store.sqlite";
  std::string message_;
};

TEST_F(SqliteBackendTest, FilesArePrivate) {
  auto store = open();
  ASSERT_TRUE(store);
  ASSERT_TRUE(put_pet(*store, {"a"}, 1));
  struct stat status;
  for (const auto& entry : std::filesystem::directory_iterator(data_)) {
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << entry.path();
  }
  ASSERT_EQ(::stat(data_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(SqliteBackendTest, TheFormatOnDisk) {
  fill(0);
  {
    auto store = open();
    ASSERT_TRUE(store->run([](Transaction& tx) -> Result<void> {
      tx.put(kPets, {"111122223333", "my/rex"}, {"Rex", 3});
      return {};
    }));
  }
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open(file_.c_str(), &connection), SQLITE_OK);
  std::string rows;
  auto add = [](void* out, int columns, char** texts, char**) {
    for (int i = 0; i < columns; ++i) *static_cast<std::string*>(out) += std::string(texts[i]) + "|";
    return 0;
  };
  sqlite3_exec(connection, "SELECT * FROM record; PRAGMA user_version; PRAGMA journal_mode", add, &rows, nullptr);
  sqlite3_close(connection);
  EXPECT_EQ(rows, R"(1|/podpass/v1/pets/111122223333/my%2Frex|{"v":1,"name":"Rex","age":3}|1|wal|)");
}

TEST_F(SqliteBackendTest, ASecondProcessIsToldWho) {
  auto store = open();
  ASSERT_TRUE(store);
  EXPECT_TRUE(refuses("The data directory " + data_.string() + " is in use by another podpass (process "));
  store.reset();
  EXPECT_TRUE(open());
}

TEST_F(SqliteBackendTest, AnotherProgramHasTheFile) {
  fill(1);
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open(file_.c_str(), &connection), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(connection, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_TRUE(refuses("cannot be used"));
  sqlite3_close(connection);
  EXPECT_TRUE(open()) << message_;
}

TEST_F(SqliteBackendTest, ANewerFormatIsRefusedAndUntouched) {
  fill(3);
  execute(file_, "PRAGMA user_version = 2");
  auto before = contents_of(file_);
  EXPECT_TRUE(refuses("was written by a newer podpass (its format is 2, this program knows 1)"));
  EXPECT_EQ(contents_of(file_), before);
}

TEST_F(SqliteBackendTest, AnotherProgramsFileIsRefusedAndUntouched) {
  std::filesystem::create_directories(data_);
  execute(file_, "CREATE TABLE t(x); INSERT INTO t VALUES (1)");
  auto before = contents_of(file_);
  EXPECT_TRUE(refuses("is not a store of podpass"));
  EXPECT_EQ(contents_of(file_), before);
}

TEST_F(SqliteBackendTest, NoDatabaseAtAll) {
  std::filesystem::create_directories(data_);
  overwrite(file_, std::string(5000, 'x'));
  EXPECT_TRUE(refuses("is damaged"));
}

TEST_F(SqliteBackendTest, DamagedPagesAreNoticed) {
  fill(500);
  auto contents = contents_of(file_);
  ASSERT_GT(contents.size(), 5 * 4096u);
  for (std::size_t i = 4096; i < contents.size(); ++i) contents[i] = '\x5a';
  overwrite(file_, contents);
  EXPECT_TRUE(refuses("is damaged"));
}

TEST_F(SqliteBackendTest, ACutFileIsNoticed) {
  fill(500);
  auto contents = contents_of(file_);
  overwrite(file_, std::string_view(contents).substr(0, contents.size() / 2));
  EXPECT_TRUE(refuses("is damaged"));
}

TEST_F(SqliteBackendTest, DamagedRecordsAreNamed) {
  struct Case {
    const char* sql;
    const char* message;
  };
  const Case cases[] = {
      {"UPDATE record SET value = '{' WHERE key = '/podpass/v1/pets/0'", "the record /podpass/v1/pets/0 is damaged ("},
      {"UPDATE record SET value = '[]' WHERE key = '/podpass/v1/pets/0'", "no format version"},
      {"UPDATE record SET value = '{\"v\":\"x\"}' WHERE key = '/podpass/v1/pets/0'", "version is no number"},
      {"UPDATE record SET key = '/podpass/v1/pets/1' WHERE key = '/podpass/v1/pets/0'", "is there twice"},
      {"UPDATE record SET key = 'x' WHERE key = '/podpass/v1/pets/0'", "a key that podpass does not write: x"},
  };
  for (const auto& [sql, message] : cases) {
    std::filesystem::remove_all(data_);
    fill(2);
    execute(file_, sql);
    EXPECT_TRUE(refuses(message)) << sql;
  }
}

TEST_F(SqliteBackendTest, ADirectoryThatCannotBeMade) {
  overwrite(directory_.path() / "file", "");
  data_ = directory_.path() / "file" / "data";
  EXPECT_TRUE(refuses("The data directory cannot be used"));
}

}  // namespace
}  // namespace podpass::store
