// What the agent counts, in Prometheus' text form. The known agent's metric names are kept where they mean what they
// say; hits are true hits. Threads: counting from the agent's loop; text() from any. Limit: kMaxAssociations service
// accounts are counted by name, and all others together: only what EKS Auth has verified gets a name.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "agent/credentials_source.h"
#include "agent/jwt_claims.h"
#include "base/time.h"

namespace podpass::agent {

class CredentialsCache;

// What others know and text() tells.
struct AgentFacts {
  bool reachable = false;
  std::string_view watch;  // of associations: "watching", "refused", "away", "starting", "none"
  std::uint64_t changes = 0;
  std::uint64_t events_sent = 0, events_left_out = 0;
  Time now{};
};

class Metrics {
 public:
  void count_response(int status, std::chrono::nanoseconds took);
  void count_exchange(int status, std::chrono::nanoseconds took);                 // status 0: no answer
  void count_throttled() { throttled_.fetch_add(1, std::memory_order_relaxed); }  // by the limit of requests
  void count_outcome(const TokenClaims& claims, const ExchangeResult& result);
  void watch(const CredentialsCache& cache) { cache_ = &cache; }
  std::string text(const AgentFacts& facts) const;

  static constexpr std::size_t kMaxAssociations = 500;

 private:
  // Latencies up to 0.1, 0.5, 1, 5, 25, 100, 500 ms and above.
  struct Histogram {
    std::array<std::atomic<std::uint64_t>, 8> buckets{};
    std::atomic<std::uint64_t> nanoseconds{0};
    void add(std::chrono::nanoseconds took);
    void write(std::string& out, std::string_view name, std::string_view help) const;
  };
  using Statuses = std::array<std::atomic<std::uint64_t>, 600>;
  static void write(std::string& out, std::string_view name, std::string_view help, const Statuses& statuses);

  void write_cache(std::string& out, Time now) const;
  void write_outcomes(std::string& out) const;

  Statuses responses_{}, exchanges_{};
  std::atomic<std::uint64_t> throttled_{0};
  mutable std::mutex mutex_;  // over what follows; taken once an exchange, not by reads of the cache
  std::map<std::string, std::uint64_t, std::less<>> outcomes_;  // by labels
  std::map<std::string, std::uint64_t, std::less<>> errors_;    // by labels; their values are ours or EKS Auth's codes
  Histogram response_seconds_, exchange_seconds_;
  const CredentialsCache* cache_ = nullptr;
};

}  // namespace podpass::agent
