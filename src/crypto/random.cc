#include "crypto/random.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"

namespace podpass::crypto {
namespace {

struct ReadAhead {
  std::array<unsigned char, 4096> bytes;
  std::size_t used = 4096;

  void refill() {
    CHECK(RAND_priv_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
    used = 0;
  }
};

}  // namespace

void SystemRandom::fill(std::span<unsigned char> bytes) {
  static thread_local ReadAhead ahead;
  while (!bytes.empty()) {
    if (ahead.used == ahead.bytes.size()) ahead.refill();
    auto count = std::min(bytes.size(), ahead.bytes.size() - ahead.used);
    auto* from = ahead.bytes.data() + ahead.used;
    std::memcpy(bytes.data(), from, count);
    explicit_bzero(from, count);  // what was given out is not kept
    ahead.used += count;
    bytes = bytes.subspan(count);
  }
}

}  // namespace podpass::crypto
