#include "base/secret.h"

#include <cstdint>
#include <cstring>

namespace podpass {

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe();
    bytes_ = other.bytes_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    other.wipe();
  }
  return *this;
}

bool Secret::equals(std::string_view other) const {
  return constant_time_equal(bytes_, other);
}

void Secret::wipe() {
  bytes_.resize(bytes_.capacity());  // a moved-from short string still holds its bytes
  explicit_bzero(bytes_.data(), bytes_.size());
  bytes_.clear();
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  std::uint64_t difference = 0, x, y;
  std::size_t i = 0;
  for (; i + sizeof x <= a.size(); i += sizeof x) {
    std::memcpy(&x, a.data() + i, sizeof x);
    std::memcpy(&y, b.data() + i, sizeof y);
    difference |= x ^ y;
  }
  for (; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

}  // namespace podpass
