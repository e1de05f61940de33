#include "agent/metrics.h"

#include <fmt/format.h>

#include "agent/credentials_cache.h"

namespace podpass::agent {
namespace {

constexpr std::array kBounds = {0.0001, 0.0005, 0.001, 0.005, 0.025, 0.1, 0.5};

void head(std::string& out, std::string_view name, std::string_view help, std::string_view type) {
  out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

}  // namespace

void Metrics::Histogram::add(std::chrono::nanoseconds took) {
  const double seconds = std::chrono::duration<double>(took).count();
  std::size_t at = 0;
  while (at < kBounds.size() && seconds > kBounds[at]) ++at;
  buckets[at].fetch_add(1, std::memory_order_relaxed);
  nanoseconds.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
}

void Metrics::Histogram::write(std::string& out, std::string_view name, std::string_view help) const {
  head(out, name, help, "histogram");
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    sum += buckets[i].load(std::memory_order_relaxed);
    out += fmt::format("{}_bucket{{le=\"{}\"}} {}\n", name, i < kBounds.size() ? fmt::format("{}", kBounds[i]) : "+Inf",
                       sum);
  }
  out += fmt::format("{}_sum {}\n{}_count {}\n", name, static_cast<double>(nanoseconds.load()) / 1e9, name, sum);
}

void Metrics::count_response(int status, std::chrono::nanoseconds took) {
  responses_[static_cast<std::size_t>(status) % responses_.size()].fetch_add(1, std::memory_order_relaxed);
  response_seconds_.add(took);
}

void Metrics::count_exchange(int status, std::chrono::nanoseconds took) {
  exchanges_[static_cast<std::size_t>(status) % exchanges_.size()].fetch_add(1, std::memory_order_relaxed);
  exchange_seconds_.add(took);
}

void Metrics::write(std::string& out, std::string_view name, std::string_view help, const Statuses& statuses) {
  head(out, name, help, "counter");
  for (std::size_t status = 0; status < statuses.size(); ++status) {
    if (auto count = statuses[status].load(std::memory_order_relaxed)) {
      out += fmt::format("{}{{code=\"{}\"}} {}\n", name, status, count);
    }
  }
}

std::string Metrics::text() const {
  std::string out;
  write(out, "pod_identity_http_response", "Answers to pods by status", responses_);
  write(out, "pod_identity_exchange", "Calls to EKS Auth by status; 0: no answer", exchanges_);
  response_seconds_.write(out, "pod_identity_http_response_seconds", "Time to answer a pod");
  exchange_seconds_.write(out, "pod_identity_exchange_seconds", "Time of a call to EKS Auth, repeats included");
  if (cache_ == nullptr) return out;
  const auto& figures = cache_->figures();
  head(out, "pod_identity_cache_state", "Reads of the cache by what they found", "counter");
  for (auto [state, count] :
       std::initializer_list<std::pair<std::string_view, std::uint64_t>>{{"hit", figures.hits},
                                                                         {"miss", figures.misses},
                                                                         {"negative_hit", figures.negative_hits},
                                                                         {"shared_flight", figures.shared_flights},
                                                                         {"renewal", figures.renewals},
                                                                         {"failed_renewal", figures.failed_renewals},
                                                                         {"evicted", figures.evicted}}) {
    out += fmt::format("pod_identity_cache_state{{state=\"{}\"}} {}\n", state, count);
  }
  head(out, "pod_identity_cache_entries", "Tokens in the cache", "gauge");
  out += fmt::format("pod_identity_cache_entries {}\n", figures.entries);
  return out;
}

}  // namespace podpass::agent
