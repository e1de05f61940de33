// PerThread<T>: one T for each thread that asks, so that hot paths need no lock. Owned by whoever holds the PerThread;
// a thread's T lives until then. At most kMaxThreads different threads may ask in the life of the process; more are a
// CHECK.
#pragma once

#include <array>
#include <atomic>
#include <memory>

#include "base/check.h"

namespace podpass {

inline constexpr std::size_t kMaxThreads = 1'024;

// A small number that no other thread of this process has or had.
inline std::size_t thread_number() {
  static std::atomic<std::size_t> next{0};
  static thread_local const std::size_t mine = next++;
  CHECK(mine < kMaxThreads);
  return mine;
}

template <class T>
class PerThread {
 public:
  PerThread() : slots_(std::make_unique<std::array<std::unique_ptr<T>, kMaxThreads>>()) {}

  T& get() {
    auto& slot = (*slots_)[thread_number()];  // only this thread touches it
    if (!slot) slot = std::make_unique<T>();
    return *slot;
  }

 private:
  std::unique_ptr<std::array<std::unique_ptr<T>, kMaxThreads>> slots_;
};

}  // namespace podpass
