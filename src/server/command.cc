#include "server/command.h"

#include <map>
#include <memory>

#include "base/log.h"
#include "cli/config_file.h"
#include "cli/duration.h"
#include "server/serve.h"

namespace podpass::server {
namespace {

struct Flags {
  ServeOptions options;
  bool no_console = false;
  std::string config, log_level = "info", drain_delay = "0";
};

std::map<std::string, log::Level> log_levels() {
  using enum log::Level;
  return {{"debug", debug}, {"info", info}, {"warn", warn}, {"error", error}};
}

void add_plane_options(CLI::App& command, Options& plane) {
  command.add_option("--address", plane.address, "Address to listen on")->capture_default_str();
  command.add_option("--port", plane.port, "Port of all services; 0 picks a free one")->capture_default_str();
  command.add_option("--endpoint", plane.endpoint, "The URL under which clients find it (default: address and port)");
  command.add_option("--tls-cert", plane.tls_certificate_file, "Certificate chain, PEM; read again when it changes");
  command.add_option("--tls-key", plane.tls_key_file, "Private key of the certificate, PEM");
  command.add_option(
      "--tls-client-ca", plane.tls_client_ca_file,
      "Only clients with a certificate of this CA may connect; podpass's own agent, webhook and commands "
      "show none, and probes neither");
  command.add_option("--data-dir", plane.data_directory, "Where everything is kept")->capture_default_str();
  command.add_option("--account", plane.account, "The AWS account id to be")->capture_default_str();
  command.add_option("--region", plane.region, "The AWS region to be")->capture_default_str();
  command
      .add_option("--max-associations", plane.associations_per_cluster, "Pod identity associations a cluster may have")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command.add_option("--threads", plane.threads, "Threads that serve requests")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command.add_flag("--audit-decisions", plane.audit_decisions,
                   "Keep every decision in the audit trail, not only refusals, for explain and policy diff");
}

}  // namespace

std::function<Result<int>()> add_serve(CLI::App& app, std::span<char* const> arguments, console::Files console) {
  auto* command = app.add_subcommand("serve", "Serve EKS, EKS Auth, IAM, STS and S3 to clusters, with TLS");
  auto flags = std::make_shared<Flags>();
  flags->options.plane.data_directory = "/var/lib/podpass";
  flags->options.plane.address = "0.0.0.0";
  add_plane_options(*command, flags->options.plane);
  command->add_option("--config", flags->config, "A YAML file with the names of these flags: `port: 4566`");
  command
      ->add_option("--drain-delay", flags->drain_delay,
                   "How long to go on after SIGTERM while not being ready, for load balancers to see it: 5s")
      ->capture_default_str();
  command->add_option("--log-level", flags->log_level, "debug, info, warn or error")
      ->check(CLI::IsMember(log_levels()))
      ->capture_default_str();
  command->add_flag("--no-console", flags->no_console, "Don't serve the console at /console/");
  command->add_flag("--json", flags->options.json, "Print one line of JSON when ready");
  command->footer(
      "Each flag may be set by environment too (--data-dir: PODPASS_DATA_DIR), or in the file of --config.\n"
      "SIGHUP loads the certificate anew. SIGUSR2 restarts in place: no connection is refused meanwhile.\n"
      "GET /_podpass/health says that it runs, GET /_podpass/ready that requests may be sent.\n\n"
      "Example:\n  podpass serve --data-dir /var/lib/podpass --endpoint https://podpass.example.com:4566 \\\n"
      "      --tls-cert tls.crt --tls-key tls.key");
  cli::take_environment(*command);
  return [flags, command, arguments, console]() -> Result<int> {
    TRY(cli::take_config_file(*command, flags->config));
    flags->options.drain_delay = TRY(cli::parse_duration(flags->drain_delay));
    flags->options.arguments = arguments;
    if (!flags->no_console) flags->options.plane.console = console;
    log::set_level(log_levels().at(flags->log_level));
    TRY(serve(flags->options));
    return 0;
  };
}

}  // namespace podpass::server
