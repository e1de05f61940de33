// A data directory that belongs to one process: made if missing (0700), and locked (flock on `store.lock` in it) until
// destroyed. The lock goes with the process, however it ends. Errors name the directory, and the process that has it.
// Threads: one at a time. Not for network file systems, whose locks may not hold.
#pragma once

#include <filesystem>
#include <utility>

#include "base/result.h"

namespace podpass::store {

class DirectoryLock {
 public:
  static Result<DirectoryLock> take(const std::filesystem::path& directory);
  DirectoryLock(DirectoryLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

  // Makes an empty file (0600) in the directory, durably, unless it is there. Before any other descriptor is open on
  // it: closing one would drop the locks that SQLite has.
  Result<void> make_file(const std::filesystem::path& file) const;

 private:
  explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace podpass::store
