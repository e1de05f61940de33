// Whether EKS Auth answers, as the agent's calls find out: for readiness and metrics. Any answer counts, a refusal too.
// Safe from any thread.
#pragma once

#include <atomic>

#include "base/time.h"

namespace podpass::agent {

class Reachability {
 public:
  // How long it may give no answer before it counts as away: a restart of the server makes no node unready.
  static constexpr Seconds kPatience{60};

  void answered() {
    known_ = true;
    failing_since_ = 0;
  }
  void gave_no_answer(Time now) {
    long long never = 0;
    failing_since_.compare_exchange_strong(never, now.time_since_epoch().count());
  }
  bool is_reachable(Time now) const {
    const auto since = failing_since_.load();
    return known_ && (since == 0 || now - Time{Milliseconds{since}} < kPatience);
  }

 private:
  std::atomic<bool> known_{false};  // it has answered once
  std::atomic<long long> failing_since_{0};
};

}  // namespace podpass::agent
