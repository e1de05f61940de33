// What the agent counts, in Prometheus' text form. The known agent's metric names are kept where they mean what they
// say; hits are true hits. Threads: counting from the agent's loop; text() from any.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace podpass::agent {

class CredentialsCache;

class Metrics {
 public:
  void count_response(int status, std::chrono::nanoseconds took);
  void count_exchange(int status, std::chrono::nanoseconds took);  // status 0: no answer
  void watch(const CredentialsCache& cache) { cache_ = &cache; }
  std::string text() const;

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

  Statuses responses_{}, exchanges_{};
  Histogram response_seconds_, exchange_seconds_;
  const CredentialsCache* cache_ = nullptr;
};

}  // namespace podpass::agent
