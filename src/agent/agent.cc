#include "agent/agent.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "agent/association_watch.h"
#include "agent/metrics.h"
#include "agent/pod_events.h"
#include "agent/upstream.h"
#include "base/log.h"
#include "base/strings.h"
#include "http/server.h"

namespace podpass::agent {

namespace asio = boost::asio;

namespace {

constexpr std::string_view kPath = "/v1/credentials";

http::Response text_response(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.body = std::move(body);
  return response;
}

// Metrics are open to the cluster, and the kubelet must get through whatever pods do there.
http::Limits probe_limits() {
  auto limits = default_limits();
  limits.connections_of_peer = 100;
  limits.drain = Seconds{2};
  return limits;
}

// The Host header without port and brackets.
std::string_view host_name(std::string_view host) {
  if (host.starts_with('[')) {
    auto end = host.find(']');
    return end == std::string_view::npos ? std::string_view() : host.substr(1, end - 1);
  }
  return host.substr(0, host.find(':'));
}

}  // namespace

struct Agent::State {
  State(Options given, http::Endpoint endpoint, std::shared_ptr<cli::CredentialsProvider> credentials,
        const Clock& with_clock)
      : options(std::move(given)),
        clock(with_clock),
        server({1, options.limits, "podpass-agent", nullptr},
               [this](http::Request& request, http::Body&) { return serve(request); }),
        probes({1, probe_limits(), "podpass-agent", nullptr},
               [this](http::Request& request, http::Body&) { return serve_probe(request); }),
        access{std::move(endpoint), options.region, options.tls, std::move(credentials), &clock, &reachability},
        upstream(
            access, options.cluster_of ? options.cluster_of : [this](std::string_view) { return options.cluster; },
            metrics),
        cache(options.cache, upstream, clock,
              [this](const TokenClaims& claims, const ExchangeResult& result) { note(claims, result); }) {
    // An address may be called by the names that lead to it.
    for (const auto& host : options.bind_hosts) {
      allowed_hosts.push_back(host);
      if (host == "127.0.0.1" || host == "::1") allowed_hosts.push_back("localhost");
    }
  }

  asio::awaitable<http::Response> serve(http::Request& request) {
    const auto started = std::chrono::steady_clock::now();
    auto response = co_await answer(request);
    if (request.method == "HEAD") response.head = true;
    metrics.count_response(response.status, std::chrono::steady_clock::now() - started);
    co_return response;
  }

  asio::awaitable<http::Response> answer(http::Request& request) {
    if (request.path != kPath) co_return text_response(404, "404 page not found\n");
    if (!take_token()) {
      metrics.count_throttled();
      co_return text_response(429, "Too Many Requests\n");
    }
    auto host = host_name(request.header("Host"));
    const bool allowed = std::ranges::any_of(allowed_hosts, [&](const auto& each) { return iequals(each, host); });
    if (!allowed) co_return wrong_host(host);
    auto token = request.header("Authorization");
    if (token.empty()) co_return text_response(400, "Service account token cannot be empty\n");
    auto found = cache.find(token);
    if (!found) found = co_await cache.get(token, request.peer);
    if (found->status != 200) co_return text_response(found->status, found->body);
    http::Response response;
    response.headers.emplace_back("Content-Type", "application/json");
    response.body = found->body;
    co_return response;
  }

  http::Response wrong_host(std::string_view host) const {
    std::string hosts;
    for (const auto& each : options.bind_hosts) hosts += (hosts.empty() ? "" : " ") + each;
    return text_response(403, fmt::format("Access Denied. Called agent through invalid address, please use either [{}] "
                                          "address not {}\n",
                                          hosts, host));
  }

  // A bucket of tokens, filled at requests_per_second, half a second deep.
  bool take_token() {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> since = now - filled;
    filled = now;
    bucket = std::min(bucket + since.count() * options.requests_per_second, options.requests_per_second / 2 + 1);
    if (bucket < 1) return false;
    bucket -= 1;
    return true;
  }

  asio::awaitable<http::Response> serve_probe(http::Request& request) {
    if (request.path == "/healthz") co_return serving ? text_response(200, "") : text_response(500, "not serving\n");
    if (request.path == "/readyz") co_return readiness();
    if (request.path == "/metrics") co_return metrics_response();
    co_return text_response(404, "404 page not found\n");
  }

  http::Response readiness() const {
    if (!serving) return text_response(500, "not serving\n");
    if (watch && !reachability.is_reachable(clock.now())) {
      return text_response(503, fmt::format("{} does not answer\n", access.endpoint.url()));
    }
    return text_response(200, "");
  }

  http::Response metrics_response() const {
    static constexpr std::string_view kStatuses[] = {"starting", "watching", "refused", "away"};
    AgentFacts facts;
    facts.now = clock.now();
    facts.reachable = reachability.is_reachable(facts.now);
    facts.watch = watch ? kStatuses[static_cast<std::size_t>(watch->status())] : "none";
    if (watch) facts.changes = watch->changes();
    if (events) facts.events_sent = events->sent();
    if (events) facts.events_left_out = events->left_out();
    auto response = text_response(200, metrics.text(facts));
    response.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    return response;
  }

  void note(const TokenClaims& claims, const ExchangeResult& result) {
    metrics.count_outcome(claims, result);
    if (events && !result.credentials) events->tell(claims, result.failure);
  }

  // What goes on beside the requests, on the loop that serves them.
  void begin() {
    if (options.events) {
      events = std::make_unique<PodEvents>(server.executor(), *options.events, options.node_name, clock);
    }
    if (options.watch == Watch::none) {
      cache.recheck_after(options.recheck);
      return;
    }
    watch = std::make_unique<AssociationWatch>(access, options.cluster, options.recheck, cache);
    asio::co_spawn(server.executor(), watch->run(), asio::detached);
  }

  Result<void> bind() {
    std::optional<Error> left_out;
    for (const auto& host : options.bind_hosts) {
      auto bound = server.listen(host, port != 0 ? port : options.port);
      const bool v6 = host.contains(':');
      if (!bound && v6 && options.ipv6_optional) {
        log::warn("The agent does not listen on " + host + ": " + bound.error().message);
        left_out = std::move(bound).error();
        continue;
      }
      port = TRY(std::move(bound));
    }
    if (port == 0) return left_out.value_or(Error::invalid("The agent has no address to listen on."));
    if (options.probe_port) probe_port = TRY(probes.listen("127.0.0.1", *options.probe_port));
    if (options.metrics_port) metrics_port = TRY(probes.listen(options.metrics_address, *options.metrics_port));
    return {};
  }

  Options options;
  const Clock& clock;
  Metrics metrics;
  Reachability reachability;
  std::vector<std::string> allowed_hosts;
  double bucket = 1;
  std::chrono::steady_clock::time_point filled{};
  std::atomic<bool> serving{false};
  std::uint16_t port = 0, probe_port = 0, metrics_port = 0;
  // The servers outlive what is below: the upstream's connections and the cache's timers are on their event loop.
  // ~Agent stops them first, so no handler runs while the rest goes.
  http::Server server, probes;
  const ServerAccess access;
  Upstream upstream;
  CredentialsCache cache;
  std::unique_ptr<AssociationWatch> watch;
  std::unique_ptr<PodEvents> events;
};

http::Limits default_limits() {
  http::Limits limits;
  limits.connections_of_peer = 2'000;  // one pod keeps no other from the agent
  limits.header_bytes = 16 * 1024;
  limits.idle = Seconds{30};
  limits.drain = Seconds{25};  // less than the 30 that Kubernetes gives
  return limits;
}

Agent::Agent(Options options, std::shared_ptr<cli::CredentialsProvider> credentials, const Clock& clock)
    : endpoint_(http::parse_endpoint(options.endpoint)) {
  state_ =
      std::make_unique<State>(std::move(options), endpoint_.value_or(http::Endpoint()), std::move(credentials), clock);
}

Agent::~Agent() {
  stop();
}

Result<void> Agent::start() {
  TRY(Result(endpoint_));
  TRY(state_->bind());
  state_->metrics.watch(state_->cache);
  state_->begin();
  state_->server.start();
  if (state_->probe_port != 0 || state_->metrics_port != 0) state_->probes.start();
  state_->serving = true;
  return {};
}

void Agent::stop() {
  state_->serving = false;
  state_->server.stop();
  state_->probes.stop();
}

std::uint16_t Agent::port() const {
  return state_->port;
}
std::uint16_t Agent::probe_port() const {
  return state_->probe_port;
}
std::uint16_t Agent::metrics_port() const {
  return state_->metrics_port;
}

}  // namespace podpass::agent
