#include "agent/agent.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "agent/metrics.h"
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
  State(Options given, NodeCredentialsProvider credentials, const Clock& clock)
      : options(std::move(given)),
        server({1, limits(), "podpass-agent"}, [this](http::Request& request, http::Body&) { return serve(request); }),
        probes({1, limits(), "podpass-agent"},
               [this](http::Request& request, http::Body&) { return serve_probe(request); }),
        upstream(
            options.endpoint, options.region,
            options.cluster_of ? options.cluster_of : [this](std::string_view) { return options.cluster; },
            std::move(credentials), clock, metrics),
        cache(options.cache, upstream, clock) {
    // An address may be called by the names that lead to it.
    for (const auto& host : options.bind_hosts) {
      allowed_hosts.push_back(host);
      if (host == "127.0.0.1" || host == "::1") allowed_hosts.push_back("localhost");
    }
  }

  static http::Limits limits() {
    http::Limits limits;
    limits.idle = Seconds{30};
    limits.drain = Seconds{35};
    return limits;
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
    if (!take_token()) co_return text_response(429, "Too Many Requests\n");
    auto host = host_name(request.header("Host"));
    const bool allowed = std::ranges::any_of(allowed_hosts, [&](const auto& each) { return iequals(each, host); });
    if (!allowed) co_return wrong_host(host);
    auto token = request.header("Authorization");
    if (token.empty()) co_return text_response(400, "Service account token cannot be empty\n");
    auto found = cache.find(token);
    if (!found) found = co_await cache.get(token);
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
    if (request.path == "/healthz" || request.path == "/readyz") {
      co_return serving ? text_response(200, "") : text_response(500, "not serving\n");
    }
    if (request.path == "/metrics") co_return metrics_response();
    co_return text_response(404, "404 page not found\n");
  }

  http::Response metrics_response() {
    auto response = text_response(200, metrics.text());
    response.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    return response;
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
  Metrics metrics;
  std::vector<std::string> allowed_hosts;
  double bucket = 1;
  std::chrono::steady_clock::time_point filled{};
  std::atomic<bool> serving{false};
  std::uint16_t port = 0, probe_port = 0, metrics_port = 0;
  // The servers outlive what is below: the upstream's connections and the cache's timers are on their event loop.
  // ~Agent stops them first, so no handler runs while the rest goes.
  http::Server server, probes;
  Upstream upstream;
  CredentialsCache cache;
};

Agent::Agent(Options options, NodeCredentialsProvider credentials, const Clock& clock)
    : state_(std::make_unique<State>(std::move(options), std::move(credentials), clock)) {}

Agent::~Agent() {
  stop();
}

Result<void> Agent::start() {
  TRY(state_->bind());
  state_->metrics.watch(state_->cache);
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
