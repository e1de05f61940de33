#include "webhook/webhook.h"

#include <fmt/format.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

#include "base/log.h"
#include "http/server.h"
#include "kube/backoff.h"
#include "webhook/admission.h"

namespace podpass::webhook {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds kFileRefresh{1'000};
constexpr Seconds kDrain{10};

http::Limits limits() {
  http::Limits limits;
  limits.connections_of_peer = 2'000;  // one pod keeps no API server from the webhook
  limits.drain = kDrain;
  return limits;
}

}  // namespace

struct Webhook::State {
  State(Options given, const Clock& time, Random& source)
      : options(std::move(given)), clock(time), random(source), work(asio::make_work_guard(context)) {}

  // In this order: what comes first is needed by what follows.
  Result<void> build(std::unique_ptr<cli::CredentialsProvider> credentials) {
    if (options.api_server) client = std::make_unique<kube::ApiClient>(context.get_executor(), *options.api_server);
    auto tls = TRY(build_tls());
    if (!options.identities_file.empty()) {
      file = std::make_unique<IdentitiesFile>(options.identities_file, metrics);
      file->refresh();
    }
    if (options.endpoint) {
      Associations::Options asked;
      asked.cluster = options.cluster;
      asked.region = options.region;
      asked.endpoint = *options.endpoint;
      asked.tls = options.tls;
      asked.patience = options.patience;
      asked.call = std::min(asked.call, options.patience);
      associations = std::make_unique<Associations>(context.get_executor(), std::move(asked), std::move(credentials),
                                                    clock, metrics);
    }
    if (client) {
      service_accounts = std::make_unique<ServiceAccounts>(
          context.get_executor(),
          ServiceAccounts::Options{options.patch.annotation_prefix, options.config_map_namespace}, *client, metrics);
      events = std::make_unique<Events>(context.get_executor(), *client, clock);
    }
    directory = std::make_unique<Directory>(file.get(), associations.get(), service_accounts.get());
    policies = std::make_unique<FailurePolicies>(options.failure_policy, client.get(), clock);
    admission = std::make_unique<Admission>(Admission::Parts{options.patch, *directory, *policies, events.get(),
                                                             metrics, random, [this] { return ready(); }});
    http::Server::Options serving{options.threads, limits(), "podpass-webhook", std::move(tls)};
    server = std::make_unique<http::Server>(std::move(serving), [this](http::Request& request, http::Body& body) {
      return admission->serve(request, body);
    });
    metrics_server =
        std::make_unique<http::Server>(http::Server::Options{1, limits(), "podpass-webhook", nullptr},
                                       [this](http::Request& request, http::Body&) { return serve_metrics(request); });
    return {};
  }

  Result<std::shared_ptr<crypto::ServerTls>> build_tls() {
    if (options.certificate) return crypto::ServerTls::load(*options.certificate, options.tls_minimum);
    if (!options.self_signed) return std::shared_ptr<crypto::ServerTls>();
    if (!client) return Error::invalid("--self-signed needs an API server: give --kubeconfig or run in a cluster.");
    self_signed = TRY(SelfSigned::create(context.get_executor(), *options.self_signed, *client, clock, metrics));
    return self_signed->tls();
  }

  asio::awaitable<http::Response> serve_metrics(http::Request& request) {
    auto response = request.path == "/metrics" ? admission->metrics() : admission->probe(request.path);
    response.head = request.method == "HEAD";
    co_return response;
  }

  bool ready() const { return serving && directory->ready() && (self_signed == nullptr || self_signed->settled()); }

  // Binds all addresses at one port.
  Result<std::uint16_t> bind(http::Server& to, std::uint16_t port) const {
    std::uint16_t bound = 0;
    for (const auto& address : options.addresses) {
      auto listening = to.listen(address, bound != 0 ? bound : port);
      if (!listening && address.contains(':') && bound != 0) {
        log::info("The webhook does not listen on " + address + ": " + listening.error().message);
        continue;
      }
      bound = TRY(std::move(listening));
    }
    if (bound == 0) return Error::invalid("The webhook has no address to listen on.");
    return bound;
  }

  static asio::awaitable<void> refresh_file(IdentitiesFile& file) {
    for (;;) {
      co_await kube::pause(kFileRefresh);
      file.refresh();
    }
  }

  Result<void> start() {
    port = TRY(bind(*server, options.port));
    if (options.metrics_port) metrics_port = TRY(bind(*metrics_server, *options.metrics_port));
    if (self_signed) self_signed->start();
    if (associations) associations->start();
    if (service_accounts) service_accounts->start();
    if (file) {
      auto refreshing = refresh_file(*file);
      asio::co_spawn(context, std::move(refreshing), asio::detached);
    }
    thread = std::thread([this] { context.run(); });
    serving = true;
    server->start();
    if (metrics_port != 0) metrics_server->start();
    return {};
  }

  // Requests that run may still ask; so the servers end first.
  void stop() {
    serving = false;
    server->stop();
    metrics_server->stop();
    work.reset();
    context.stop();
    if (thread.joinable()) thread.join();
  }

  const Options options;
  const Clock& clock;
  Random& random;
  Metrics metrics;
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work;
  std::atomic<bool> serving{false};
  std::uint16_t port = 0, metrics_port = 0;
  std::unique_ptr<kube::ApiClient> client;
  std::unique_ptr<SelfSigned> self_signed;
  std::unique_ptr<IdentitiesFile> file;
  std::unique_ptr<Associations> associations;
  std::unique_ptr<ServiceAccounts> service_accounts;
  std::unique_ptr<Events> events;
  std::unique_ptr<Directory> directory;
  std::unique_ptr<FailurePolicies> policies;
  std::unique_ptr<Admission> admission;
  std::unique_ptr<http::Server> server, metrics_server;
  std::thread thread;
};

Webhook::Webhook(std::unique_ptr<State> state) : state_(std::move(state)) {}

Webhook::~Webhook() {
  stop();
}

Result<std::unique_ptr<Webhook>> Webhook::create(Options options, std::unique_ptr<cli::CredentialsProvider> credentials,
                                                 const Clock& clock, Random& random) {
  auto state = std::make_unique<State>(std::move(options), clock, random);
  TRY(state->build(std::move(credentials)));
  return std::unique_ptr<Webhook>(new Webhook(std::move(state)));  // tidy-ok: the constructor is private
}

Result<void> Webhook::start() {
  return state_->start();
}
void Webhook::retire() {
  state_->serving = false;
}
void Webhook::stop() {
  state_->stop();
}
bool Webhook::ready() const {
  return state_->ready();
}
std::uint16_t Webhook::port() const {
  return state_->port;
}
std::uint16_t Webhook::metrics_port() const {
  return state_->metrics_port;
}

}  // namespace podpass::webhook
