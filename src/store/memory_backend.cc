#include "store/memory_backend.h"

namespace podpass::store {

std::size_t MemoryDisk::records() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

MemoryBackend::~MemoryBackend() {
  watch(nullptr);
}

Result<void> MemoryBackend::load(const Visitor& visitor) {
  std::lock_guard lock(disk_->mutex_);
  for (const auto& [key, entry] : disk_->entries_) visitor(key, entry.value, entry.revision);
  return {};
}

std::vector<Result<Committed>> MemoryBackend::commit_if(std::span<const Commit> commits) {
  std::lock_guard lock(disk_->mutex_);
  std::vector<Result<Committed>> results;
  for (const auto& commit : commits) results.push_back(apply(commit));
  return results;
}

Result<Committed> MemoryBackend::apply(const Commit& commit) {
  auto& entries = disk_->entries_;
  for (const auto& write : commit.writes) {
    auto found = entries.find(write.key);
    if ((found == entries.end() ? 0 : found->second.revision) != write.replaces) {
      return Error{ErrorKind::conflict, {}, 0, "The resource is being changed.", {}, {}};
    }
  }
  Committed committed{disk_->last_ + 1};
  for (const auto& write : commit.writes) {
    auto revision = ++disk_->last_;
    if (write.value) {
      entries[write.key] = {*write.value, revision};
    } else {
      entries.erase(write.key);
    }
    for (const auto& [backend, watcher] : disk_->watchers_) {
      if (backend != this) watcher(write.key, write.value, revision);
    }
  }
  return committed;
}

void MemoryBackend::watch(Watcher watcher) {
  std::lock_guard lock(disk_->mutex_);
  if (watcher) {
    disk_->watchers_[this] = std::move(watcher);
  } else {
    disk_->watchers_.erase(this);
  }
}

}  // namespace podpass::store
