#include "agent/call_budget.h"

namespace podpass::agent {

void CallBudget::Bucket::fill(Time now) {
  const auto since = std::chrono::duration<double>(now - filled.value_or(now));
  level = std::min(depth, level + std::max(0.0, since.count()) * rate);
  filled = now;
}

bool CallBudget::take_first(Time now) {
  if (is_unlimited()) return true;
  all_.fill(now);
  if (all_.level < 1) return false;
  all_.level -= 1;
  return true;
}

bool CallBudget::take_renewal(Time now) {
  if (is_unlimited()) return true;
  renewals_.fill(now);
  if (renewals_.level < 1 || !take_first(now)) return false;
  renewals_.level -= 1;
  return true;
}

}  // namespace podpass::agent
