#include "webhook/metrics.h"

#include <fmt/format.h>

#include <algorithm>

namespace podpass::webhook {
namespace {

constexpr std::array<std::string_view, 3> kVerbNames{"POST", "GET", "other"};
constexpr std::array<std::string_view, 4> kPathNames{"/mutate", "/healthz", "/readyz", "other"};
constexpr std::array<std::string_view, 3> kDeclinedNames{"unreadable", "allowed_without", "refused"};
constexpr std::uint64_t kFirstLatency = 125'000;  // microseconds; each bucket is twice as wide
constexpr std::array<std::uint64_t, 9> kRotations{60,        3'600,     14'400,     86'400,     604'800,
                                                  2'592'000, 7'776'000, 31'104'000, 124'416'000};

template <std::size_t N>
std::size_t index_of(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  return std::min(static_cast<std::size_t>(found - names.begin()), N - 1);
}

void head(std::string& out, std::string_view name, std::string_view help, std::string_view type) {
  out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void single(std::string& out, std::string_view name, std::string_view help, std::string_view type,
            std::uint64_t value) {
  head(out, name, help, type);
  out += fmt::format("{} {}\n", name, value);
}

}  // namespace

void Metrics::count_request(std::string_view verb, std::string_view path, int status, std::chrono::nanoseconds took) {
  ++requests_[index_of(kVerbNames, verb)][index_of(kPathNames, path)][static_cast<std::size_t>(status) % kStatuses];
  const auto micros = static_cast<std::uint64_t>(took.count()) / 1'000;
  std::size_t bucket = 0;
  while (bucket < kLatencyBuckets && micros > kFirstLatency << bucket) ++bucket;
  ++latencies_[bucket];
  nanoseconds_ += static_cast<std::uint64_t>(took.count());
}

void Metrics::count_pod(kube::Method method) {
  ++pods_[static_cast<std::size_t>(method)];
}

void Metrics::count_rotation(Seconds lived) {
  const auto seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(lived.count(), 0));
  const auto bucket = std::ranges::lower_bound(kRotations, seconds) - kRotations.begin();
  ++rotations_[static_cast<std::size_t>(bucket)];
  rotation_seconds_ += seconds;
}

void Metrics::write_requests(std::string& out) const {
  head(out, "http_request_count", "Requests by verb, path and code", "counter");
  for (std::size_t verb = 0; verb < kVerbs; ++verb) {
    for (std::size_t path = 0; path < kPaths; ++path) {
      for (std::size_t status = 0; status < kStatuses; ++status) {
        const auto count = requests_[verb][path][status].load();
        if (count == 0) continue;
        out += fmt::format("http_request_count{{verb=\"{}\",path=\"{}\",code=\"{}\"}} {}\n", kVerbNames[verb],
                           kPathNames[path], status, count);
      }
    }
  }
  head(out, "http_request_latencies", "Time to answer in microseconds", "histogram");
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i <= kLatencyBuckets; ++i) {
    sum += latencies_[i].load();
    const auto bound = i < kLatencyBuckets ? fmt::format("{}", kFirstLatency << i) : "+Inf";
    out += fmt::format("http_request_latencies_bucket{{le=\"{}\"}} {}\n", bound, sum);
  }
  const auto micros = static_cast<double>(nanoseconds_.load()) / 1e3;
  out += fmt::format("http_request_latencies_sum {}\nhttp_request_latencies_count {}\n", micros, sum);
  head(out, "http_request_duration_microseconds", "Time to answer in microseconds", "summary");
  out += fmt::format("http_request_duration_microseconds_sum {}\nhttp_request_duration_microseconds_count {}\n", micros,
                     sum);
}

std::string Metrics::text() const {
  std::string out;
  single(out, "pod_identity_webhook_used", "Whether there is an identity for the webhook to act on", "gauge",
         used_ ? 1 : 0);
  head(out, "pod_identity_webhook_pod_count", "Pods that were patched, by method", "counter");
  for (auto method : {kube::Method::web_identity, kube::Method::container_credentials}) {
    out += fmt::format("pod_identity_webhook_pod_count{{method=\"{}\"}} {}\n", kube::method_name(method),
                       pods_[static_cast<std::size_t>(method)].load());
  }
  single(out, "pod_identity_webhook_missing_sa_count", "Service accounts of pods that were not found", "counter",
         missing_service_accounts_);
  write_requests(out);
  head(out, "certificate_manager_server_rotation_seconds", "Life of the webhook's own certificates", "histogram");
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i <= kRotationBuckets; ++i) {
    sum += rotations_[i].load();
    const auto bound = i < kRotationBuckets ? fmt::format("{}", kRotations[i]) : "+Inf";
    out += fmt::format("certificate_manager_server_rotation_seconds_bucket{{le=\"{}\"}} {}\n", bound, sum);
  }
  out += fmt::format(
      "certificate_manager_server_rotation_seconds_sum {}\ncertificate_manager_server_rotation_seconds_count {}\n",
      rotation_seconds_.load(), sum);
  head(out, "podpass_webhook_asks", "Times that the server was asked for new associations", "counter");
  out += fmt::format("podpass_webhook_asks{{outcome=\"answered\"}} {}\npodpass_webhook_asks{{outcome=\"failed\"}} {}\n",
                     asks_answered_.load(), asks_failed_.load());
  head(out, "podpass_webhook_declined", "Pods that did not get what they might have had, by what became of them",
       "counter");
  for (std::size_t i = 0; i < declined_.size(); ++i)
    out += fmt::format("podpass_webhook_declined{{outcome=\"{}\"}} {}\n", kDeclinedNames[i], declined_[i].load());
  return out;
}

}  // namespace podpass::webhook
