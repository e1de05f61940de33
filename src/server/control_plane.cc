#include "server/control_plane.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "base/log.h"
#include "base/strings.h"
#include "crypto/random.h"
#include "crypto/tls.h"
#include "eks/association_feed.h"
#include "eks/cluster_access.h"
#include "gateway/gateway.h"
#include "http/client.h"
#include "http/server.h"
#include "kube/cluster_access.h"
#include "own_api/activity.h"
#include "s3/service.h"
#include "server/first_start.h"
#include "server/keys.h"
#include "store/sqlite_backend.h"

namespace podpass::server {
namespace {

constexpr std::chrono::hours kKeyCareInterval{1};

// probe/write: written when the last write failed, to see whether the next would.
struct ProbeRecord {
  Time when{};
};
BOOST_DESCRIBE_STRUCT(ProbeRecord, (), (when))
constexpr store::Table<ProbeRecord> kProbe{"probe"};

Result<void> check_options(const Options& options) {
  if (options.account.size() != 12 || options.account.find_first_not_of("0123456789") != std::string::npos) {
    return Error::invalid(
        fmt::format("--account: '{}' is not an account id of twelve digits (in YAML, quote it).", options.account));
  }
  if (options.region.empty() || !only_alnum_and(options.region, "-")) {
    return Error::invalid(fmt::format("--region: '{}' is not a region, for example us-west-2.", options.region));
  }
  if (options.tls_certificate_file.empty() != options.tls_key_file.empty()) {
    return Error::invalid("Give --tls-cert and --tls-key together: the certificate chain and its private key, PEM.");
  }
  if (!options.tls_client_ca_file.empty() && options.tls_certificate_file.empty()) {
    return Error::invalid("--tls-client-ca needs --tls-cert and --tls-key.");
  }
  if (!options.endpoint.empty()) TRY(http::parse_endpoint(options.endpoint));
  return {};
}

Result<void> make_directory(const std::filesystem::path& path) {
  std::error_code failed;
  const bool made = std::filesystem::create_directories(path, failed);
  if (failed) return Error::unavailable(fmt::format("Cannot make {}: {}.", path.string(), failed.message()));
  if (made) ::chmod(path.c_str(), 0700);  // one that was there is its owner's matter; the files in it are closed anyway
  return {};
}

// What there is about clusters beside the store: their API servers, and who waits for their associations to change.
struct ClusterParts {
  ClusterParts(store::Store& store, aws::Deployment& deployment)
      : access(eks::access_records(store, deployment), *deployment.clock, *deployment.random),
        associations(store, deployment) {
    deployment.clusters = &access;
    deployment.associations = &associations;
    access.start();
  }
  void stop() {  // before the server does: requests that wait for them end
    associations.stop();
    access.stop();
  }

  kube::ClusterAccess access;
  eks::AssociationFeed associations;
};

}  // namespace

// In the order of their making: what stands below uses what stands above.
struct ControlPlane::Parts {
  std::filesystem::path directory;
  SystemClock clock;
  crypto::SystemRandom random;
  aws::Deployment deployment;
  std::shared_ptr<crypto::ServerTls> tls;  // null: plain HTTP
  std::unique_ptr<store::Store> store;
  std::optional<ClusterParts> clusters;
  std::unique_ptr<s3::Service> s3;
  std::optional<own_api::Activity> activity;
  std::unique_ptr<gateway::AuditTrail> audit;
  gateway::Health health;
  std::unique_ptr<gateway::Gateway> gateway;
  std::unique_ptr<http::Server> server;
  std::uint16_t port = 0;
  Time keys_due{};

  Result<void> open_data(const Options& options);
  Result<void> open_port(const Options& options);
  Result<void> open_services(const Options& options);
  void care_for_keys();
};

Result<void> ControlPlane::Parts::open_data(const Options& options) {
  directory = options.data_directory;
  TRY(make_directory(directory));
  deployment.account = options.account;
  deployment.region = options.region;
  deployment.quotas.associations_per_cluster = options.associations_per_cluster;
  deployment.audits_every_decision = options.audit_decisions;
  deployment.clock = &clock;
  deployment.random = &random;
  deployment.at_rest = TRY(open_master_key(directory, random));
  store = TRY(store::Store::open(TRY(store::open_sqlite_backend(directory))));
  TRY(settle_identity(*store, deployment));
  auto keys = TRY(current_session_keys(*store, *deployment.at_rest, random, clock.now()));
  deployment.sessions = std::make_shared<aws::SessionKeys>(std::move(keys));
  clusters.emplace(*store, deployment);
  return {};
}

// The port before the services: the deployment's endpoint is part of what they are made with.
Result<void> ControlPlane::Parts::open_port(const Options& options) {
  if (!options.tls_certificate_file.empty()) {
    crypto::ServerTls::Files files{options.tls_certificate_file, options.tls_key_file, options.tls_client_ca_file};
    tls = TRY(crypto::ServerTls::load(std::move(files)));
    health.add_check([this]() -> std::optional<std::string> {
      if (clock.now() < tls->not_after()) return std::nullopt;
      return "The TLS certificate has expired.";
    });
  }
  http::Server::Options server_options;
  server_options.threads = options.threads;
  server_options.tls = tls;
  server = std::make_unique<http::Server>(std::move(server_options), [this](http::Request& request, http::Body& body) {
    return gateway->serve(request, body);
  });
  port = options.listening_socket ? TRY(server->adopt(*options.listening_socket))
                                  : TRY(server->listen(options.address, options.port));
  deployment.endpoint = options.endpoint;
  if (deployment.endpoint.ends_with('/')) deployment.endpoint.pop_back();
  if (deployment.endpoint.empty()) {
    deployment.endpoint =
        fmt::format("{}://{}:{}", tls ? "https" : "http", bracketed(advertised(options.address)), port);
  }
  return {};
}

Result<void> ControlPlane::Parts::open_services(const Options& options) {
  s3 = TRY(s3::Service::open(*store, deployment, directory / "blobs"));
  deployment.activity = &activity.emplace(clock, random);
  audit = TRY(gateway::AuditTrail::open(directory, &*activity));
  gateway = std::make_unique<gateway::Gateway>(*store, deployment, *s3, audit.get(), health, options.console);
  return {};
}

void ControlPlane::Parts::care_for_keys() {
  const auto now = clock.now();
  if (now < keys_due) return;
  keys_due = now + kKeyCareInterval;
  auto ring = current_session_keys(*store, *deployment.at_rest, random, now);
  if (!ring) {
    log::warn("The session keys could not be looked after: " + ring.error().message);
  } else if ((*ring)->newest_id() != deployment.sessions->ring().newest_id()) {
    deployment.sessions->replace(*ring);
    log::info("The session keys were rotated.");
  }
}

Result<std::unique_ptr<ControlPlane>> ControlPlane::open(const Options& options) {
  TRY(check_options(options));
  auto parts = std::make_unique<Parts>();
  TRY(parts->open_data(options));
  TRY(parts->open_port(options));
  TRY(parts->open_services(options));
  return std::unique_ptr<ControlPlane>(new ControlPlane(std::move(parts)));
}

ControlPlane::ControlPlane(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ControlPlane::~ControlPlane() = default;

void ControlPlane::start() {
  parts_->server->start();
}

void ControlPlane::set_stopping() {
  parts_->health.set_stopping();
}

void ControlPlane::stop() {
  set_stopping();
  parts_->clusters->stop();
  parts_->activity->stop();
  parts_->server->stop();
}

void ControlPlane::care() {
  parts_->care_for_keys();
  if (!parts_->health.write_failed()) return;
  auto written = parts_->store->run([&](store::Transaction& tx) -> Result<void> {
    tx.put(kProbe, {"write"}, ProbeRecord{parts_->clock.now()});
    return {};
  });
  parts_->health.wrote(written);
  if (written) log::info("The store can be written to again.");
}

Result<bool> ControlPlane::reload_certificate() {
  if (!parts_->tls) return false;
  TRY(parts_->tls->reload());
  return true;
}

Result<int> ControlPlane::keep_listening() {
  const int kept = ::dup(parts_->server->listening_socket());
  if (kept < 0) return Error::unavailable(fmt::format("Cannot keep the listening socket: {}.", std::strerror(errno)));
  return kept;
}

store::Store& ControlPlane::store() {
  return *parts_->store;
}

const aws::Deployment& ControlPlane::deployment() const {
  return parts_->deployment;
}

const std::filesystem::path& ControlPlane::data_directory() const {
  return parts_->directory;
}

std::uint16_t ControlPlane::port() const {
  return parts_->port;
}

std::string advertised(const std::string& address) {
  if (address == "0.0.0.0") return "127.0.0.1";
  return address == "::" ? "::1" : address;
}

std::string bracketed(const std::string& host) {
  return host.contains(':') ? "[" + host + "]" : host;
}

}  // namespace podpass::server
