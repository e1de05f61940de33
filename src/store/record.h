// A record in memory: one allocation of header, key tail and packed value, counted; and the object decoded from it, if
// it is kept.
//
// Threads: immutable once a snapshot holds it, but for the reference count and the kept object, both atomic. Before
// that (the revision is not known yet) it belongs to the thread that makes or commits it. Cost: 28 bytes, the tail, the
// packed value, and the allocator's 8.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "store/backend.h"

namespace podpass::store {

// A decoded record of some type. `type` tells which: the address of a variable that exists once a type.
struct Kept {
  explicit Kept(const void* type_) : type(type_) {}
  virtual ~Kept() = default;
  const void* type;
};

class RecordPtr;

class Record {
 public:
  // `packed` is what pack() made; `format` is that of the table when it was written.
  static RecordPtr make(std::string_view tail, std::string_view packed, std::uint16_t format, Revision revision);

  std::string_view tail() const { return {bytes_, tail_size_}; }
  std::string_view packed() const { return {bytes_ + tail_size_, packed_size_}; }
  std::size_t size() const { return std::size_t{tail_size_} + packed_size_; }
  int format() const { return format_; }
  Revision revision() const { return revision_; }
  void set_revision(Revision revision) { revision_ = revision; }

  const Kept* kept() const { return kept_.load(std::memory_order_acquire); }
  // Publishes the decoded object unless another thread was faster; returns the published one.
  const Kept* keep(std::unique_ptr<const Kept> decoded) const;

  void take() const { references_.fetch_add(1, std::memory_order_relaxed); }
  void drop() const {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy();
  }

 private:
  Record() = default;
  ~Record();
  void destroy() const;

  Revision revision_ = 0;
  mutable std::atomic<const Kept*> kept_{nullptr};
  mutable std::atomic<std::uint32_t> references_{1};
  std::uint32_t packed_size_ = 0;
  std::uint16_t tail_size_ = 0;
  std::uint16_t format_ = 0;
  char bytes_[];
};

// Owns one reference.
class RecordPtr {
 public:
  RecordPtr() = default;
  explicit RecordPtr(const Record* owned) : record_(owned) {}  // takes over the caller's reference
  static RecordPtr share(const Record& record) {
    record.take();
    return RecordPtr(&record);
  }
  RecordPtr(const RecordPtr& other) : record_(other.record_) {
    if (record_) record_->take();
  }
  RecordPtr(RecordPtr&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
  RecordPtr& operator=(RecordPtr other) noexcept {
    std::swap(record_, other.record_);
    return *this;
  }
  ~RecordPtr() {
    if (record_) record_->drop();
  }

  const Record* get() const { return record_; }
  const Record* operator->() const { return record_; }
  const Record& operator*() const { return *record_; }
  explicit operator bool() const { return record_ != nullptr; }
  const Record* release() { return std::exchange(record_, nullptr); }
  // The record is in no snapshot yet.
  void set_revision(Revision revision) { const_cast<Record*>(record_)->set_revision(revision); }

 private:
  const Record* record_ = nullptr;
};

}  // namespace podpass::store
