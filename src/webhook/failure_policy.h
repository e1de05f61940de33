// What becomes of a pod whose identity can't be established: it is let in without, or it is refused. The namespace's
// annotation podpass.dev/failure-policy decides, else the webhook's flag.
//
// Threads: any. The client outlives it. Limits: kPoliciesKept namespaces are remembered for kPolicyAge; the API server
// has kPolicyPatience to answer. A namespace that can't be read goes by what it said last, however long ago;
// one that was never read, and one whose annotation says neither, by the flag.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/time.h"
#include "kube/api_client.h"
#include "webhook/name_set.h"

namespace podpass::webhook {

enum class FailurePolicy : unsigned char { ignore, fail };
std::optional<FailurePolicy> parse_failure_policy(std::string_view text);  // ignore, fail; any case

inline constexpr std::string_view kFailurePolicyAnnotation = "podpass.dev/failure-policy";
inline constexpr std::size_t kPoliciesKept = 10'000;
inline constexpr Seconds kPolicyAge{30};
inline constexpr std::chrono::milliseconds kPolicyPatience{1'000};

class FailurePolicies {
 public:
  // A null client: the flag decides for all.
  FailurePolicies(FailurePolicy otherwise, kube::ApiClient* client, const Clock& clock)
      : otherwise_(otherwise), client_(client), clock_(clock) {}

  boost::asio::awaitable<FailurePolicy> of(std::string namespace_);

 private:
  struct Remembered {
    FailurePolicy policy;
    Time since;
  };
  enum class Age : unsigned char { young, any };
  std::optional<FailurePolicy> remembered(const std::string& namespace_, Age age);
  void remember(const std::string& namespace_, FailurePolicy policy);

  const FailurePolicy otherwise_;
  kube::ApiClient* client_;
  const Clock& clock_;
  std::mutex mutex_;
  NameMap<Remembered> policies_;
};

}  // namespace podpass::webhook
