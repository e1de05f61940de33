// A backend that forgets: for tests, and for `podpass up --ephemeral`.
//
// Several backends on one MemoryDisk behave as the processes of one replicated store: each is told what the others
// write. A new backend on the disk of one that is gone finds what that one committed. Threads: as backend.h says;
// different backends of one disk may be used from different threads.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "store/backend.h"

namespace podpass::store {

class MemoryBackend;

class MemoryDisk {
 public:
  std::size_t records() const;

 private:
  friend class MemoryBackend;
  struct Entry {
    std::string value;
    Revision revision;
  };

  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::map<const MemoryBackend*, Backend::Watcher> watchers_;
  Revision last_ = 0;
};

class MemoryBackend final : public Backend {
 public:
  explicit MemoryBackend(std::shared_ptr<MemoryDisk> disk = std::make_shared<MemoryDisk>()) : disk_(std::move(disk)) {}
  ~MemoryBackend() override;

  Result<void> load(const Visitor& visitor) override;
  std::vector<Result<Committed>> commit_if(std::span<const Commit> commits) override;
  void watch(Watcher watcher) override;

 private:
  Result<Committed> apply(const Commit& commit);

  std::shared_ptr<MemoryDisk> disk_;
};

}  // namespace podpass::store
