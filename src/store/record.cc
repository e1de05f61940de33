#include "store/record.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <new>

#include "base/check.h"

namespace podpass::store {

RecordPtr Record::make(std::string_view tail, std::string_view packed, std::uint16_t format, Revision revision) {
  CHECK(tail.size() <= std::numeric_limits<std::uint16_t>::max());
  CHECK(packed.size() <= std::numeric_limits<std::uint32_t>::max());
  auto size = std::max(sizeof(Record), offsetof(Record, bytes_) + tail.size() + packed.size());
  auto* record = new (::operator new(size)) Record;
  record->revision_ = revision;
  record->packed_size_ = static_cast<std::uint32_t>(packed.size());
  record->tail_size_ = static_cast<std::uint16_t>(tail.size());
  record->format_ = format;
  std::copy(tail.begin(), tail.end(), record->bytes_);
  std::copy(packed.begin(), packed.end(), record->bytes_ + tail.size());
  return RecordPtr(record);
}

const Kept* Record::keep(std::unique_ptr<const Kept> decoded) const {
  const Kept* expected = nullptr;
  if (kept_.compare_exchange_strong(expected, decoded.get(), std::memory_order_acq_rel)) return decoded.release();
  return expected;
}

Record::~Record() {
  delete kept_.load(std::memory_order_relaxed);
}

void Record::destroy() const {
  this->~Record();
  ::operator delete(const_cast<Record*>(this));
}

}  // namespace podpass::store
