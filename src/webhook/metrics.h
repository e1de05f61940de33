// What the webhook counts, in Prometheus' text form: the known webhook's metrics under their names, and a few of our
// own. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "kube/pod_patch.h"

namespace podpass::webhook {

// Why a pod did not get what it might have had.
enum class Declined : unsigned char { unreadable, allowed_without, refused };

class Metrics {
 public:
  void count_request(std::string_view verb, std::string_view path, int status, std::chrono::nanoseconds took);
  void count_pod(kube::Method method);
  void count_missing_service_account() { ++missing_service_accounts_; }
  void count_ask_answered() { ++asks_answered_; }  // the server was asked for what changed
  void count_ask_failed() { ++asks_failed_; }
  void count_declined(Declined why) { ++declined_[static_cast<std::size_t>(why)]; }
  void count_rotation(Seconds lived);  // of the webhook's own certificate
  void set_used() { used_ = true; }    // there is an identity
  std::string text() const;

 private:
  using Count = std::atomic<std::uint64_t>;
  static constexpr std::size_t kVerbs = 3, kPaths = 4, kStatuses = 600, kLatencyBuckets = 7, kRotationBuckets = 9;

  void write_requests(std::string& out) const;
  std::array<std::array<std::array<Count, kStatuses>, kPaths>, kVerbs> requests_{};
  std::array<Count, kLatencyBuckets + 1> latencies_{};
  Count nanoseconds_{0};
  std::array<Count, 2> pods_{};
  Count missing_service_accounts_{0}, asks_answered_{0}, asks_failed_{0};
  std::array<Count, 3> declined_{};
  std::array<Count, kRotationBuckets + 1> rotations_{};
  Count rotation_seconds_{0};
  std::atomic<bool> used_{false};
};

}  // namespace podpass::webhook
