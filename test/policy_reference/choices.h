// Choices: where random cases come from - a seed, or bytes, such as a fuzzer's. Every choice takes one byte and all
// that were taken are kept, so that a case can be made again from its bytes, and made smaller by leaving some out.
//
// Bytes that have run out are zeros, and zero is meant to choose what is simplest. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace podpass::reference {

class Choices {
 public:
  explicit Choices(std::uint64_t seed) : state_(seed) {}
  explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  // From zero up to `count`, which is 256 at most.
  std::size_t below(std::size_t count) {
    taken_.push_back(next());
    return taken_.back() % count;
  }
  // A choice of `percent` in a hundred; false where the bytes have run out.
  bool chance(std::size_t percent) { return below(100) >= 100 - percent; }
  template <class List>
  const auto& of(const List& list) {
    return list[below(std::size(list))];
  }

  const std::vector<std::uint8_t>& taken() const { return taken_; }

 private:
  std::uint8_t next() {
    if (bytes_) return taken_.size() < bytes_->size() ? (*bytes_)[taken_.size()] : std::uint8_t{0};
    state_ += 0x9E3779B97F4A7C15ULL;  // splitmix64
    auto z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return static_cast<std::uint8_t>(z >> 56U);
  }

  std::uint64_t state_ = 0;
  std::optional<std::span<const std::uint8_t>> bytes_;
  std::vector<std::uint8_t> taken_;
};

}  // namespace podpass::reference
