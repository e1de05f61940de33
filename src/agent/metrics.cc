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

namespace {

constexpr std::size_t kMaxErrors = 64;  // pairs of type and code

std::string escaped(std::string_view value) {
  std::string out;
  for (char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

void gauge(std::string& out, std::string_view name, std::string_view help, auto value) {
  head(out, name, help, "gauge");
  out += fmt::format("{} {}\n", name, value);
}
void counter(std::string& out, std::string_view name, std::string_view help, std::uint64_t value) {
  head(out, name, help, "counter");
  out += fmt::format("{} {}\n", name, value);
}

// EKS Auth has looked at the token and found it genuine: its claims are worth a name of their own.
bool is_verified(const ExchangeResult& result) {
  return result.credentials || is_about_verified_token(result.failure);
}

}  // namespace

void Metrics::count_outcome(const TokenClaims& claims, const ExchangeResult& result) {
  const auto outcome = result.credentials ? std::string("success") : escaped(result.failure.code);
  const auto named = fmt::format("namespace=\"{}\",service_account=\"{}\",outcome=\"{}\"", escaped(claims.namespace_),
                                 escaped(claims.service_account), outcome);
  const std::lock_guard lock(mutex_);
  if (!result.credentials) {
    const auto labels =
        fmt::format("type=\"{}\",code=\"{}\"", result.failure.fatal ? "NonRecoverable" : "Recoverable", outcome);
    if (errors_.size() < kMaxErrors || errors_.contains(labels)) ++errors_[labels];
  }
  const bool has_name = is_verified(result) && (outcomes_.size() < kMaxAssociations || outcomes_.contains(named));
  ++outcomes_[has_name ? named : std::string("namespace=\"\",service_account=\"\",outcome=\"other\"")];
}

void Metrics::write_outcomes(std::string& out) const {
  const std::lock_guard lock(mutex_);
  head(out, "pod_identity_cache_errors", "Exchanges that failed: NonRecoverable ones drop what was cached", "counter");
  for (const auto& [labels, count] : errors_) out += fmt::format("pod_identity_cache_errors{{{}}} {}\n", labels, count);
  head(out, "pod_identity_association_exchange", "Exchanges by service account, if EKS Auth has verified it",
       "counter");
  for (const auto& [labels, count] : outcomes_) {
    out += fmt::format("pod_identity_association_exchange{{{}}} {}\n", labels, count);
  }
}

void Metrics::write_cache(std::string& out, Time now) const {
  const auto& figures = cache_->figures();
  head(out, "pod_identity_cache_state", "Reads of the cache by what they found, and what became of entries", "counter");
  for (auto [state, count] :
       std::initializer_list<std::pair<std::string_view, std::uint64_t>>{{"hit", figures.hits},
                                                                         {"miss", figures.misses},
                                                                         {"negative_hit", figures.negative_hits},
                                                                         {"shared_flight", figures.shared_flights},
                                                                         {"renewal", figures.renewals},
                                                                         {"failed_renewal", figures.failed_renewals},
                                                                         {"association_changed", figures.dropped},
                                                                         {"evicted", figures.evicted}}) {
    out += fmt::format("pod_identity_cache_state{{state=\"{}\"}} {}\n", state, count);
  }
  gauge(out, "pod_identity_cache_entries", "Tokens in the cache", figures.entries.load());
  gauge(out, "pod_identity_exchanges_waiting", "Exchanges that wait for their turn", figures.waiting.load());
  gauge(out, "pod_identity_exchanges_running", "Exchanges that run", figures.running.load());
  head(out, "pod_identity_throttled", "Refused because too much was asked, by whom", "counter");
  out += fmt::format("pod_identity_throttled{{by=\"agent\"}} {}\n", figures.throttled + throttled_);
  out += fmt::format("pod_identity_throttled{{by=\"eks_auth\"}} {}\n", exchanges_[429].load());
  const auto oldest = figures.oldest_seconds.load();
  gauge(out, "pod_identity_oldest_renewal_seconds", "Age of the oldest credentials that are kept",
        oldest == 0 ? 0 : std::max<std::int64_t>(0, to_epoch_seconds(now) - oldest));
}

std::string Metrics::text(const AgentFacts& facts) const {
  std::string out;
  write(out, "pod_identity_http_response", "Answers to pods by status", responses_);
  write(out, "pod_identity_exchange", "Calls to EKS Auth by status; 0: no answer", exchanges_);
  response_seconds_.write(out, "pod_identity_http_response_seconds", "Time to answer a pod");
  exchange_seconds_.write(out, "pod_identity_exchange_seconds", "Time of a call to EKS Auth, repeats included");
  write_outcomes(out);
  if (cache_ != nullptr) write_cache(out, facts.now);
  gauge(out, "pod_identity_upstream_reachable", "Whether EKS Auth answers", facts.reachable ? 1 : 0);
  head(out, "pod_identity_association_watch", "How changes of associations are heard of", "gauge");
  for (const auto status : {"none", "starting", "watching", "refused", "away"}) {
    out += fmt::format("pod_identity_association_watch{{status=\"{}\"}} {}\n", status, facts.watch == status ? 1 : 0);
  }
  counter(out, "pod_identity_association_changes", "Changes of associations that were heard of", facts.changes);
  counter(out, "pod_identity_events_sent", "Kubernetes Events posted", facts.events_sent);
  counter(out, "pod_identity_events_left_out", "Kubernetes Events left out, for there were too many",
          facts.events_left_out);
  return out;
}

}  // namespace podpass::agent
