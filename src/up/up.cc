#include "up/up.h"

#include <fmt/format.h>
#include <signal.h>

#include <cstdio>

#include "agent/agent.h"
#include "cli/connection.h"
#include "cli/node_credentials.h"
#include "codec/json.h"
#include "console/sessions.h"
#include "eks/lookup.h"
#include "server/first_start.h"
#include "store/store.h"

namespace podpass::up {
namespace {

constexpr Seconds kNodeSessionMargin{600};
constexpr std::string_view kPodTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},)"
    R"("Action":["sts:AssumeRole","sts:TagSession"]}]})";

// The embedded agent's credentials: a session of the node's role, renewed in time. Called on the agent's thread only.
class NodeSession final : public cli::CredentialsProvider {
 public:
  NodeSession(store::Store& store, const aws::Deployment& deployment) : store_(store), deployment_(deployment) {}

  boost::asio::awaitable<Result<aws::SigningCredentials>> get() override { co_return renewed(); }
  std::string source() const override { return "a session of the node's role"; }

 private:
  Result<aws::SigningCredentials> renewed() {
    const auto now = deployment_.clock->now();
    const auto role_id = TRY(server::node_role_id(store_, deployment_));
    if (now >= renew_at_ || role_id != role_id_) {
      credentials_ = TRY(server::node_session(store_, deployment_));
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

// A link to the console for whoever sees this terminal, who can be root anyway.
Result<std::string> console_link(store::Store& store, const aws::Deployment& deployment,
                                 const aws::SigningCredentials& root) {
  std::string link;
  TRY(store.run([&](store::Transaction& tx) -> Result<void> {
    const console::Identity identity{root.access_key_id, root.session_token};
    auto code = TRY(console::make_code(tx, *deployment.random, identity, deployment.clock->now()));
    link = console::sign_in_url(deployment.endpoint, code);
    return {};
  }));
  return link;
}

void print_ready(const Options& options, const cli::Connection& connection, std::string_view partition,
                 const std::string& console) {
  if (options.json) {
    auto line = codec::Value::map({{"endpoint", connection.endpoint},
                                   {"region", connection.region},
                                   {"account", connection.account},
                                   {"cluster", connection.cluster},
                                   {"agent", connection.agent_uri},
                                   {"console", console},
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
        "Console, as root, good once within 15 minutes (`podpass console{}` prints another):\n{}\n\n"
        "Data and audit trail: {}. Agent: {}. Stop: Ctrl-C.\n",
        connection.endpoint, connection.account, connection.region, cluster, where, kPodTrust,
        connection.cluster.empty() ? "NAME" : connection.cluster, partition, connection.account, where, where, console,
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

void wait_for_stop(server::ControlPlane& plane) {
  const auto set = stop_signals();
  const timespec interval{server::kCareInterval.count(), 0};
  while (sigtimedwait(&set, nullptr, &interval) < 0) plane.care();
}

agent::Options agent_options(const Options& options, server::ControlPlane& plane) {
  agent::Options made;
  made.cluster = options.cluster;
  made.cluster_of = [&store = plane.store(), &options](std::string_view issuer) {
    auto tx = store.begin();
    return eks::cluster_of_issuer(tx, issuer).value_or(options.cluster);
  };
  made.endpoint = plane.deployment().endpoint;
  made.region = options.region;
  made.bind_hosts = {server::advertised(options.address)};
  made.port = options.agent_port;
  return made;
}

}  // namespace

Result<void> run(const Options& options) {
  const auto set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);  // before any thread is there, so that only the wait below sees them
  signal(SIGPIPE, SIG_IGN);

  auto plane = TRY(server::ControlPlane::open(options));
  auto& store = plane->store();
  const auto& deployment = plane->deployment();
  cli::Connection connection;
  connection.endpoint = deployment.endpoint;
  connection.region = options.region;
  connection.account = options.account;
  connection.credentials = TRY(server::root_credentials(store, deployment, plane->data_directory()));
  connection.cluster = TRY(server::ensure_cluster(store, deployment, options.cluster)) ? options.cluster : "";
  TRY(server::ensure_node_role(store, deployment));

  agent::Agent agent(agent_options(options, *plane), std::make_shared<NodeSession>(store, deployment),
                     *deployment.clock);
  plane->start();
  TRY(agent.start());
  const auto host = server::bracketed(server::advertised(options.address));
  connection.agent_uri = fmt::format("http://{}:{}/v1/credentials", host, agent.port());
  TRY(cli::write_connection(plane->data_directory(), connection));
  print_ready(options, connection, deployment.partition, TRY(console_link(store, deployment, connection.credentials)));

  wait_for_stop(*plane);
  cli::remove_connection(plane->data_directory());
  agent.stop();
  plane->stop();
  return {};
}

}  // namespace podpass::up
