#include "up/up.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstring>
#include <filesystem>

#include "agent/agent.h"
#include "base/log.h"
#include "base/strings.h"
#include "cli/connection.h"
#include "cli/node_credentials.h"
#include "codec/json.h"
#include "eks/association_feed.h"
#include "eks/cluster_access.h"
#include "eks/lookup.h"
#include "gateway/gateway.h"
#include "http/server.h"
#include "kube/cluster_access.h"
#include "s3/service.h"
#include "store/sqlite_backend.h"
#include "store/store.h"
#include "up/first_start.h"
#include "up/keys.h"

namespace podpass::up {
namespace {

constexpr timespec kHousekeeping{3'600, 0};
constexpr Seconds kNodeSessionMargin{600};
constexpr std::string_view kPodTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},)"
    R"("Action":["sts:AssumeRole","sts:TagSession"]}]})";

Result<void> check_options(const Options& options) {
  if (options.account.size() != 12 || !only_alnum_and(options.account, "") ||
      options.account.find_first_not_of("0123456789") != std::string::npos) {
    return Error::invalid(fmt::format("--account: '{}' is not an account id of twelve digits.", options.account));
  }
  if (options.region.empty() || !only_alnum_and(options.region, "-")) {
    return Error::invalid(fmt::format("--region: '{}' is not a region, for example us-west-2.", options.region));
  }
  return {};
}

// Where clients on this machine find what listens on `address`. SDKs take no wildcard, and pods here are on loopback.
std::string advertised(const std::string& address) {
  if (address == "0.0.0.0") return "127.0.0.1";
  return address == "::" ? "::1" : address;
}

std::string bracketed(const std::string& host) {
  return host.contains(':') ? "[" + host + "]" : host;
}

Result<void> make_directory(const std::filesystem::path& path) {
  std::error_code failed;
  const bool made = std::filesystem::create_directories(path, failed);
  if (failed) return Error::unavailable(fmt::format("Cannot make {}: {}.", path.string(), failed.message()));
  if (made) ::chmod(path.c_str(), 0700);  // one that was there is its owner's matter; the files in it are closed anyway
  return {};
}

// The embedded agent's credentials: a session of the node's role, renewed in time. Called on the agent's thread only.
class NodeSession final : public cli::CredentialsProvider {
 public:
  NodeSession(store::Store& store, const aws::Deployment& deployment) : store_(store), deployment_(deployment) {}

  boost::asio::awaitable<Result<aws::SigningCredentials>> get() override { co_return renewed(); }
  std::string source() const override { return "a session of the node's role"; }

 private:
  Result<aws::SigningCredentials> renewed() {
    const auto now = deployment_.clock->now();
    const auto role_id = TRY(node_role_id(store_, deployment_));
    if (now >= renew_at_ || role_id != role_id_) {
      credentials_ = TRY(node_session(store_, deployment_));
      renew_at_ = now + std::chrono::hours{1} - kNodeSessionMargin;
      role_id_ = role_id;
    }
    return credentials_;
  }

  store::Store& store_;
  const aws::Deployment& deployment_;
  aws::SigningCredentials credentials_;
  Time renew_at_{};
  std::string role_id_;  // the session ends with the role
};

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

void print_ready(const Options& options, const cli::Connection& connection, std::string_view partition) {
  if (options.json) {
    auto line = codec::Value::map({{"endpoint", connection.endpoint},
                                   {"region", connection.region},
                                   {"account", connection.account},
                                   {"cluster", connection.cluster},
                                   {"agent", connection.agent_uri},
                                   {"dataDir", options.data_directory},
                                   {"accessKeyId", connection.credentials.access_key_id}});
    fmt::print("{}\n", codec::write_json(line));
  } else {
    const bool usual = options.data_directory == cli::kDefaultDataDirectory;
    const auto where = usual ? std::string() : " --data-dir " + options.data_directory;
    const auto cluster = connection.cluster.empty() ? "no cluster " + options.cluster : "cluster " + connection.cluster;
    fmt::print(
        "Podpass is ready at {} (account {}, region {}, {}).\n\n"
        "In another terminal:\n"
        "  eval \"$(podpass env{})\"        the aws CLI and SDKs of that shell now talk to Podpass, as root\n"
        "  aws iam create-role --role-name my-role --assume-role-policy-document '{}'\n"
        "  aws eks create-pod-identity-association --cluster-name {} --namespace default \\\n"
        "      --service-account my-service-account --role-arn arn:{}:iam::{}:role/my-role\n"
        "  podpass exec{} --namespace default --service-account my-service-account -- aws sts get-caller-identity\n\n"
        "Data and audit trail: {}. Agent: {}. Stop: Ctrl-C.\n",
        connection.endpoint, connection.account, connection.region, cluster, where, kPodTrust,
        connection.cluster.empty() ? "NAME" : connection.cluster, partition, connection.account, where,
        options.data_directory, connection.agent_uri);
  }
  std::fflush(stdout);
}

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

// Waits for a signal to stop, and now and then looks after the session keys.
void wait_for_stop(store::Store& store, aws::Deployment& deployment) {
  const auto set = stop_signals();
  while (sigtimedwait(&set, nullptr, &kHousekeeping) < 0) {
    auto ring = current_session_keys(store, *deployment.at_rest, *deployment.random, deployment.clock->now());
    if (!ring) {
      log::warn("The session keys could not be looked after: " + ring.error().message);
    } else if ((*ring)->newest_id() != deployment.sessions->ring().newest_id()) {
      deployment.sessions->replace(*ring);
      log::info("The session keys were rotated.");
    }
  }
}

}  // namespace

Result<void> run(const Options& options) {
  TRY(check_options(options));
  const auto set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);  // before any thread is there, so that only the wait below sees them
  signal(SIGPIPE, SIG_IGN);

  const std::filesystem::path directory(options.data_directory);
  TRY(make_directory(directory));
  SystemClock clock;
  SystemRandom random;
  aws::Deployment deployment;
  deployment.account = options.account;
  deployment.region = options.region;
  deployment.quotas.associations_per_cluster = options.associations_per_cluster;
  deployment.audits_every_decision = options.audit_decisions;
  deployment.clock = &clock;
  deployment.random = &random;
  deployment.at_rest = TRY(open_master_key(directory, random));

  auto store = TRY(store::Store::open(TRY(store::open_sqlite_backend(directory))));
  TRY(settle_identity(*store, deployment));
  deployment.sessions =
      std::make_shared<aws::SessionKeys>(TRY(current_session_keys(*store, *deployment.at_rest, random, clock.now())));
  ClusterParts clusters(*store, deployment);
  // The port first: the deployment's endpoint is part of what the services are made with.
  // The server below its services, so that it is gone before they go, whichever way this function ends.
  std::unique_ptr<s3::Service> s3;
  std::unique_ptr<gateway::AuditTrail> audit;
  std::unique_ptr<gateway::Gateway> gateway;
  http::Server server({options.threads, {}, "podpass", nullptr},
                      [&gateway](http::Request& request, http::Body& body) { return gateway->serve(request, body); });
  const auto port = TRY(server.listen(options.address, options.port));
  const auto host = advertised(options.address);
  deployment.endpoint = fmt::format("http://{}:{}", bracketed(host), port);
  s3 = TRY(s3::Service::open(*store, deployment, directory / "blobs"));
  audit = TRY(gateway::AuditTrail::open(directory));
  gateway = std::make_unique<gateway::Gateway>(*store, deployment, *s3, audit.get());

  cli::Connection connection;
  connection.endpoint = deployment.endpoint;
  connection.region = options.region;
  connection.account = options.account;
  connection.credentials = TRY(root_credentials(*store, deployment, directory));
  connection.cluster = TRY(ensure_cluster(*store, deployment, options.cluster)) ? options.cluster : "";
  TRY(ensure_node_role(*store, deployment));

  agent::Options agent_options;
  agent_options.cluster = options.cluster;
  agent_options.cluster_of = [&store = *store, &options](std::string_view issuer) {
    auto tx = store.begin();
    return eks::cluster_of_issuer(tx, issuer).value_or(options.cluster);
  };
  agent_options.endpoint = deployment.endpoint;
  agent_options.region = options.region;
  agent_options.bind_hosts = {host};
  agent_options.port = options.agent_port;
  agent::Agent agent(agent_options, std::make_shared<NodeSession>(*store, deployment), clock);
  server.start();
  TRY(agent.start());
  connection.agent_uri = fmt::format("http://{}:{}/v1/credentials", bracketed(host), agent.port());
  TRY(cli::write_connection(directory, connection));
  print_ready(options, connection, deployment.partition);

  wait_for_stop(*store, deployment);
  cli::remove_connection(directory);
  agent.stop();
  clusters.stop();
  server.stop();
  return {};
}

}  // namespace podpass::up
