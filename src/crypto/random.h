// SystemRandom: the Random of everything but tests. OpenSSL's generator for secrets (RAND_priv_bytes(3)), which the
// kernel seeds, and which is quicker than asking it each time; read ahead 4 KiB a thread, so that a call costs some ten
// nanoseconds. What was given out is not kept. Safe from any thread.
#pragma once

#include <span>

#include "base/random.h"

namespace podpass::crypto {

class SystemRandom final : public Random {
 public:
  void fill(std::span<unsigned char> bytes) override;
};

}  // namespace podpass::crypto
