#include "agent/command.h"

#include <fmt/format.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "agent/agent.h"
#include "agent/node_link.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/strings.h"
#include "cli/duration.h"
#include "cli/node_credentials.h"
#include "crypto/tls.h"

namespace podpass::agent {
namespace {

struct Flags {
  Options options;
  int probe_port = 2703, metrics_port = 2705;
  std::string retention = "3h", recheck = "5s", credentials = "auto", ca_file, verbosity = "info";
  double max_service_qps = 50;
  bool init = false, init_only = false, no_watch = false, rotate_credentials = false, events = false;
};

void add_serving_options(CLI::App& command, Flags& flags) {
  auto& options = flags.options;
  command.add_option("--cluster-name,-c", options.cluster, "The cluster whose pods are served");
  command.add_option("--endpoint", options.endpoint, "URL of EKS Auth, http:// or https://")
      ->envname("AWS_ENDPOINT_URL");
  command.add_option("--region", options.region, "The region to sign for")->envname("AWS_REGION");
  command
      .add_option("--ca-file", flags.ca_file,
                  "PEM file of the authorities of which the endpoint's certificate must be (default: the system's)")
      ->envname("AWS_CA_BUNDLE");
  command.add_option("--port,-p", options.port, "Port to serve on; 0 picks a free one")
      ->check(CLI::Range(0, 65'535))
      ->capture_default_str();
  command
      .add_option("--bind-hosts,-b", options.bind_hosts,
                  "Addresses to serve on; repeatable. The Host header must be one of them")
      ->capture_default_str();
  command.add_option("--probe-port", flags.probe_port, "Port of /healthz and /readyz on localhost; -1: none")
      ->check(CLI::Range(-1, 65'535))
      ->capture_default_str();
  command.add_option("--metrics-address", options.metrics_address, "Address of /metrics")->capture_default_str();
  command.add_option("--metrics-port", flags.metrics_port, "Port of /metrics; -1: none")
      ->check(CLI::Range(-1, 65'535))
      ->capture_default_str();
  command
      .add_option("--verbosity,-v", flags.verbosity, "What is logged: debug (or trace), info, warn, error (or fatal)")
      ->capture_default_str();
}

void add_node_options(CLI::App& command, Flags& flags) {
  command.add_flag("--init", flags.init,
                   "First make the link pod-id-link0 with the addresses 169.254.170.23 and fd00:ec2::23, and routes");
  command.add_flag("--init-only", flags.init_only, "Make them and end, as an init container does");
  command
      .add_option(
          "--credentials", flags.credentials,
          "How the node proves who it is: web-identity (AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE), environment "
          "(AWS_ACCESS_KEY_ID ...), file (AWS_SHARED_CREDENTIALS_FILE), or auto: the first that is there")
      ->capture_default_str();
  command.add_flag("--rotate-credentials", flags.rotate_credentials, "The same as --credentials file");
  command.add_option("--node-name", flags.options.node_name, "The node's name, for sessions and Events")
      ->envname("NODE_NAME");
  command.add_flag("--events", flags.events,
                   "Tell denials as Kubernetes Events on the pods; needs the right to create events");
}

void add_cache_options(CLI::App& command, Flags& flags) {
  command
      .add_option("--max-cache-size", flags.options.cache.max_entries, "Tokens kept; 0: none, each read is an exchange")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  command
      .add_option("--max-credential-retention-before-renewal", flags.retention,
                  "After how long credentials are renewed when read, for example 3h, 90m or 0")
      ->capture_default_str();
  command
      .add_option("--max-service-qps", flags.max_service_qps,
                  "Calls to EKS Auth a second; renewals ahead of time take at most half. 0: no limit")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  command
      .add_option("--recheck", flags.recheck,
                  "While changes of associations cannot be watched: what is older is asked for again when read; 0: not")
      ->capture_default_str();
  command.add_flag("--no-watch", flags.no_watch, "Do not watch for changes of associations");
}

Result<log::Level> level_of(std::string_view verbosity) {
  static constexpr std::pair<std::string_view, log::Level> kLevels[] = {
      {"trace", log::Level::debug}, {"debug", log::Level::debug},  {"info", log::Level::info},
      {"warn", log::Level::warn},   {"warning", log::Level::warn}, {"error", log::Level::error},
      {"fatal", log::Level::error}, {"panic", log::Level::error},
  };
  for (const auto& [name, level] : kLevels) {
    if (name == verbosity) return level;
  }
  return Error::invalid(fmt::format("--verbosity: '{}' is none of debug, info, warn and error.", printable(verbosity)));
}

// The rule of EKS for the names of clusters.
Result<void> check_cluster_name(std::string_view name) {
  if (!name.empty() && name.size() <= 100 && is_alnum(name[0]) && only_alnum_and(name, "-_")) return {};
  return Error::invalid(
      fmt::format("The cluster name '{}' is not valid: use 1 to 100 letters, digits, hyphens and "
                  "underscores, beginning with a letter or a digit.",
                  printable(name)));
}

Result<void> complete(Flags& flags) {
  auto& options = flags.options;
  const std::pair<std::string_view, const std::string*> needed[] = {
      {"--cluster-name", &options.cluster},
      {"--endpoint (or AWS_ENDPOINT_URL)", &options.endpoint},
      {"--region (or AWS_REGION)", &options.region},
  };
  for (const auto& [name, value] : needed) {
    if (value->empty()) return Error::invalid(fmt::format("{} is required.", name));
  }
  TRY(check_cluster_name(options.cluster));
  for (auto& host : options.bind_hosts) {  // [fd00:ec2::23], as the known agent takes it
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  }
  const auto port = [](int given) {
    return given < 0 ? std::nullopt : std::optional(static_cast<std::uint16_t>(given));
  };
  options.probe_port = port(flags.probe_port);
  options.metrics_port = port(flags.metrics_port);
  options.cache.retention = TRY(cli::parse_duration(flags.retention));
  options.cache.calls_per_second = flags.max_service_qps;
  options.recheck = TRY(cli::parse_duration(flags.recheck));
  options.watch = flags.no_watch ? Watch::none : Watch::of_cluster;
  if (!flags.ca_file.empty()) options.tls = TRY(crypto::ClientTls::trusting(flags.ca_file));
  if (flags.events) options.events = TRY(kube::in_cluster(::getenv));
  const double renewed = flags.max_service_qps / 2 * static_cast<double>(options.cache.retention.count());
  if (renewed > 0 && renewed < static_cast<double>(options.cache.max_entries)) {
    log::warn(fmt::format("--max-service-qps {} is too little to renew {} tokens within {}.", flags.max_service_qps,
                          options.cache.max_entries, flags.retention));
  }
  return {};
}

Result<std::shared_ptr<cli::CredentialsProvider>> find_credentials(const Flags& flags, const Clock& clock) {
  const auto kind = TRY(cli::parse_credentials_kind(flags.rotate_credentials ? "file" : flags.credentials));
  cli::StsAddress sts;
  sts.endpoint = TRY(http::parse_endpoint(flags.options.endpoint));
  sts.tls = flags.options.tls;
  sts.session_name = flags.options.node_name;
  std::shared_ptr<cli::CredentialsProvider> found = TRY(cli::find_credentials(kind, std::move(sts), clock, ::getenv));
  log::info("The node's credentials: " + found->source());
  return found;
}

Result<int> run(Flags& flags) {
  log::set_level(TRY(level_of(flags.verbosity)));
  if (!flags.init_only) TRY(complete(flags));
  if (flags.init || flags.init_only) {
    const auto addresses = TRY(make_node_link());
    for (const auto& address : addresses) log::info(fmt::format("{} has {}.", kPodLink, address));
  }
  if (flags.init_only) return 0;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  SystemClock clock;
  auto credentials = TRY(find_credentials(flags, clock));
  Agent agent(flags.options, std::move(credentials), clock);
  TRY(agent.start());
  fmt::print("The agent of cluster {} serves on port {}.\n", flags.options.cluster, agent.port());
  std::fflush(stdout);
  int signal_number = 0;
  sigwait(&set, &signal_number);
  agent.stop();
  return 0;
}

}  // namespace

std::function<Result<int>()> add_agent(CLI::App& app) {
  auto* command = app.add_subcommand("agent", "Serve /v1/credentials to the pods of a node");
  auto flags = std::make_shared<Flags>();
  add_serving_options(*command, *flags);
  add_node_options(*command, *flags);
  add_cache_options(*command, *flags);
  command->footer(
      "Example:\n  podpass agent --init --cluster-name my-cluster --endpoint https://podpass.example.com "
      "--ca-file ca.pem --region us-west-2");
  return [flags] { return run(*flags); };
}

}  // namespace podpass::agent
