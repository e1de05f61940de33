// Where the time comes from. Injected, so that tests decide what time it is. Both are safe from any thread.
#pragma once

#include <atomic>

#include "base/time.h"

namespace podpass {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Time now() const override { return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now()); }
};

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start = from_epoch_seconds(1'700'000'000)) : millis_(start.time_since_epoch().count()) {}
  Time now() const override { return Time{Milliseconds{millis_.load()}}; }
  void advance(Milliseconds by) { millis_ += by.count(); }
  void set(Time to) { millis_ = to.time_since_epoch().count(); }

 private:
  std::atomic<long long> millis_;
};

}  // namespace podpass
