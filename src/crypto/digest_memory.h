// DigestMemory<T>: a memory of fixed size for what was found out about something that a digest stands for.
//
// In sets of kWays, so that few push each other out; in a full set the oldest goes, so there is nothing to sweep. One
// thread at a time. Takes some 48 bytes an entry from the start, and what the entries own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "crypto/hash.h"

namespace podpass::crypto {

template <class T>
class DigestMemory {
 public:
  static constexpr std::size_t kWays = 4;

  explicit DigestMemory(std::size_t entries) : sets_(entries / kWays) {}  // at least kWays

  // Null if there is nothing. Holds until the next put().
  const std::shared_ptr<const T>& find(const Sha256Digest& digest) {
    static const std::shared_ptr<const T> kNothing;
    for (const auto& entry : set_of(digest).entries) {
      if (entry.value && entry.digest == digest) return entry.value;
    }
    return kNothing;
  }

  // In the place of what stood there for this digest, if anything did.
  void put(const Sha256Digest& digest, std::shared_ptr<const T> value) {
    auto& set = set_of(digest);
    for (auto& entry : set.entries) {
      if (entry.value && entry.digest == digest) {
        entry.value = std::move(value);
        return;
      }
    }
    set.entries[set.next++ % kWays] = {digest, std::move(value)};
  }

 private:
  struct Entry {
    Sha256Digest digest{};
    std::shared_ptr<const T> value;
  };
  struct Set {
    std::array<Entry, kWays> entries;
    std::size_t next = 0;
  };

  Set& set_of(const Sha256Digest& digest) {
    std::uint64_t at;
    std::memcpy(&at, digest.bytes.data(), sizeof at);
    return sets_[at % sets_.size()];
  }

  std::vector<Set> sets_;
};

}  // namespace podpass::crypto
