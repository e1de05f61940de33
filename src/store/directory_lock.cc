#include "store/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/strings.h"

namespace podpass::store {
namespace {

Error failed(std::string_view doing, const std::filesystem::path& path) {
  auto message =
      "The data directory cannot be used: " + std::string(doing) + " " + path.string() + ": " + std::strerror(errno);
  return Error::unavailable(message, message);
}

std::string holder(int descriptor) {
  std::array<char, 16> text{};
  auto size = ::pread(descriptor, text.data(), text.size(), 0);
  auto number = trim(std::string_view(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0));
  return number.empty() || !parse_integer(number) ? "" : " (process " + std::string(number) + ")";
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::filesystem::path& directory) {
  std::error_code code;
  std::filesystem::create_directories(directory.parent_path(), code);  // mkdir tells
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return failed("make", directory);
  auto file = directory / "store.lock";
  int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return failed("open", file);
  DirectoryLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failed("lock", file);
    auto message = "The data directory " + directory.string() + " is in use by another podpass" + holder(descriptor) +
                   ". Stop that one, or choose another directory.";
    return Error::unavailable(message, message);
  }
  auto self = std::to_string(::getpid());
  if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, self.data(), self.size(), 0) < 0)
    return failed("write", file);
  return lock;
}

DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> DirectoryLock::make_file(const std::filesystem::path& file) const {
  int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made < 0) return errno == EEXIST ? Result<void>() : failed("make", file);
  ::close(made);
  int directory = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return failed("open", file.parent_path());
  int synced = ::fsync(directory);
  ::close(directory);
  return synced == 0 ? Result<void>() : failed("sync", file.parent_path());
}

}  // namespace podpass::store
