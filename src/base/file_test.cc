#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace podpass {
namespace {

TEST(SmallFile, IsReadWholeUpToTheLimit) {
  char name[] = "/tmp/file_test_XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name);
  const std::string path = folder / "file";
  for (const std::size_t size : {0U, 1U, 4'095U, 4'096U, 4'097U, 10'000U}) {
    const std::string text(size, 'x');
    std::ofstream(path, std::ios::binary) << text;
    EXPECT_EQ(read_small_file(path, 10'000).value(), text);
  }
  const auto large = read_small_file(path, 9'999);
  EXPECT_EQ(large.error().kind, ErrorKind::too_large);
  EXPECT_EQ(large.error().message, path + " is larger than 9999 bytes");
  const auto none = read_small_file(path + "/none", 1);
  EXPECT_EQ(none.error().kind, ErrorKind::not_found);
  EXPECT_EQ(none.error().message, "cannot read " + path + "/none: not a directory");
  const auto directory = read_small_file(folder, 1);
  EXPECT_EQ(directory.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(directory.error().message, "cannot read " + folder.string() + ": is a directory");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_small_file(folder / "pipe", 1).value(), "");  // without waiting for a writer
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace podpass
