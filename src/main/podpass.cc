// The program: its commands, their flags and their help. What a command does stands in the folder of its name.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>

#include "agent/command.h"
#include "cli/connection.h"
#include "cluster_cli/command.h"
#include "codec/json.h"
#include "console/built_in_files.h"
#include "exec/exec.h"
#include "exec/token.h"
#include "gateway/services.h"
#include "policy_cli/command.h"
#include "server/command.h"
#include "up/up.h"
#include "webhook/command.h"

namespace podpass {
namespace {

// What a command ends with: an exit code, or an error for stderr.
using Action = std::function<Result<int>()>;

constexpr auto kDataDirectoryHelp =
    "The data directory of the running podpass (default: .podpass, else the AWS_* environment)";

Action add_up(CLI::App& app) {
  auto* command = app.add_subcommand("up", "Run everything on this machine: EKS, EKS Auth, IAM, STS, S3 and the agent");
  auto options = std::make_shared<up::Options>();
  command->add_option("--port", options->port, "Port of all services; 0 picks a free one")->capture_default_str();
  command->add_option("--agent-port", options->agent_port, "Port of the agent; 0 picks a free one")
      ->capture_default_str();
  command->add_option("--address", options->address, "Address to listen on")->capture_default_str();
  command->add_option("--data-dir", options->data_directory, "Where everything is kept")->capture_default_str();
  command->add_option("--account", options->account, "The AWS account id to be")->capture_default_str();
  command->add_option("--region", options->region, "The AWS region to be")->capture_default_str();
  command->add_option("--cluster", options->cluster, "The cluster to make on first start")->capture_default_str();
  command
      ->add_option("--max-associations", options->associations_per_cluster,
                   "Pod identity associations a cluster may have")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Threads that serve requests")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_flag("--audit-decisions", options->audit_decisions,
                    "Keep every decision in the audit trail, not only refusals, for explain and policy diff");
  command->add_flag("--json", options->json, "Print one line of JSON when ready");
  command->footer("Example:\n  podpass up --port 4566 --data-dir .podpass");
  return [options]() -> Result<int> {
    options->console = console::built_in_files();
    TRY(up::run(*options));
    return 0;
  };
}

// For a shell, whatever is in it.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

Action add_env(CLI::App& app) {
  auto* command =
      app.add_subcommand("env", "Print the environment that points the aws CLI and SDKs at the running podpass");
  auto directory = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  command->add_option("--data-dir", *directory, kDataDirectoryHelp);
  command->add_flag("--json", *json, "Print JSON instead of shell exports");
  command->footer("Example:\n  eval \"$(podpass env)\"");
  return [directory, json]() -> Result<int> {
    auto connection = TRY(cli::find_connection(*directory));
    codec::Value::Map variables = {
        {"AWS_ENDPOINT_URL", connection.endpoint},
        {"AWS_ACCESS_KEY_ID", connection.credentials.access_key_id},
        {"AWS_SECRET_ACCESS_KEY", std::string(connection.credentials.secret.reveal())},
        {"AWS_REGION", connection.region},
        {"AWS_DEFAULT_REGION", connection.region},
        {"PODPASS_CLUSTER", connection.cluster},
        {"PODPASS_AGENT_URI", connection.agent_uri},
    };
    const auto& session_token = connection.credentials.session_token;
    if (!session_token.empty()) variables.emplace_back("AWS_SESSION_TOKEN", session_token);
    if (*json) {
      fmt::print("{}\n", codec::write_json_pretty(codec::Value(std::move(variables))));
      return 0;
    }
    for (const auto& [name, value] : variables) fmt::print("export {}={}\n", name, shell_quoted(*value.as_text()));
    // Whatever would lead calls elsewhere or with other credentials.
    fmt::print(
        "unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_IGNORE_CONFIGURED_ENDPOINT_URLS AWS_ENDPOINT_URL_S3 "
        "AWS_ENDPOINT_URL_STS AWS_ENDPOINT_URL_IAM AWS_ENDPOINT_URL_EKS AWS_ENDPOINT_URL_EKS_AUTH{}\n",
        session_token.empty() ? " AWS_SESSION_TOKEN" : "");
    return 0;
  };
}

void add_pod_options(CLI::App& command, exec::Pod& pod) {
  command.add_option("--namespace,-n", pod.namespace_, "The pod's namespace")->capture_default_str();
  command.add_option("--service-account,-s", pod.service_account, "The pod's service account")->required();
  command.add_option("--cluster,-c", pod.cluster, "The cluster (default: the one podpass up made)");
  command.add_option("--pod", pod.name, "The pod's name (default: made up)");
  command.add_option("--pod-uid", pod.uid, "The pod's uid (default: made up)");
}

// The pod with its cluster filled in.
Result<exec::Pod> with_cluster(exec::Pod pod, const cli::Connection& connection) {
  if (pod.cluster.empty()) pod.cluster = connection.cluster;
  if (pod.cluster.empty()) return Error::invalid("Name the cluster with --cluster.");
  return pod;
}

Action add_exec(CLI::App& app) {
  auto* command = app.add_subcommand("exec", "Run a command as if it were in a pod with that service account");
  auto options = std::make_shared<exec::Options>();
  auto directory = std::make_shared<std::string>();
  add_pod_options(*command, options->pod);
  command->add_option("--data-dir", *directory, kDataDirectoryHelp);
  command->add_option("command", options->command, "The command and its arguments, behind --")->required();
  command->positionals_at_end();
  command->footer(
      "Example:\n  podpass exec --namespace default --service-account my-service-account -- aws s3 ls s3://my-bucket");
  return [options, directory]() -> Result<int> {
    auto connection = TRY(cli::find_connection(*directory));
    options->pod = TRY(with_cluster(options->pod, connection));
    return exec::run(connection, *options);
  };
}

Action add_token(CLI::App& app) {
  auto* command = app.add_subcommand("token", "Print a service account token, bound to a pod, of a local cluster");
  struct Flags {
    exec::Pod pod;
    std::string directory, audience;
    std::optional<std::int64_t> seconds;
    bool json = false;
  };
  auto flags = std::make_shared<Flags>();
  add_pod_options(*command, flags->pod);
  command->add_option("--data-dir", flags->directory, kDataDirectoryHelp);
  command->add_option("--audience", flags->audience, "The token's audience (default: pods.eks.amazonaws.com)");
  command->add_option("--duration", flags->seconds, "Seconds that the token is valid, 600 to 86400 (default: 86400)");
  command->add_flag("--json", flags->json, "Print token and expiration as JSON");
  command->footer("Example:\n  podpass token --namespace default --service-account my-service-account");
  return [flags]() -> Result<int> {
    auto connection = TRY(cli::find_connection(flags->directory));
    auto pod = TRY(with_cluster(flags->pod, connection));
    auto token = TRY(exec::request_token(connection, pod, flags->seconds, flags->audience));
    if (flags->json) {
      fmt::print("{}\n", codec::write_json_pretty(codec::Value::map(
                             {{"token", token.text}, {"expiration", format_iso8601(token.expires)}})));
    } else {
      fmt::print("{}\n", token.text);
    }
    return 0;
  };
}

Action add_console(CLI::App& app) {
  auto* command = app.add_subcommand("console", "Print a link that signs a browser in to the console, once");
  auto directory = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  command->add_option("--data-dir", *directory, kDataDirectoryHelp);
  command->add_flag("--json", *json, "Print the link and how long it is good as JSON");
  command->footer("Whoever opens the link acts as the credentials of this command.\n\nExample:\n  podpass console");
  return [directory, json]() -> Result<int> {
    auto connection = TRY(cli::find_connection(*directory));
    const auto made =
        TRY(cli::call_server(connection, "podpass", "POST", "/console-sign-ins", codec::Value(codec::Value::Map{})));
    if (*json) {
      fmt::print("{}\n", codec::write_json_pretty(made));
    } else {
      fmt::print("{}\n", made.text("url"));
    }
    return 0;
  };
}

Action add_operations(CLI::App& app) {
  auto* command = app.add_subcommand("operations", "List the API operations that this podpass serves");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "With the shapes of their inputs and outputs");
  command->footer("Example:\n  podpass operations");
  return [json]() -> Result<int> {
    if (*json) {
      fmt::print("{}\n", codec::write_json(gateway::describe_services()));
      return 0;
    }
    const auto described = gateway::describe_services();
    for (const auto& [service, facts] : *described.as<codec::Value::Map>()) {
      const auto* names = facts.find("operations");
      for (const auto& [name, shapes] : *names->as<codec::Value::Map>()) fmt::print("{}:{}\n", service, name);
    }
    return 0;
  };
}

// Of words that should name commands, one inside the other, the first that does not: says so and returns false.
bool name_commands(const CLI::App& group, std::span<char* const> words, const std::string& spelled) {
  const auto commands = group.get_subcommands([](const CLI::App*) { return true; });
  const std::string word = words.empty() ? "" : words.front();
  if (commands.empty() || word.empty() || word.starts_with('-')) return true;
  std::vector<std::string> names;
  for (const auto* command : commands) {
    if (command->get_name() == word) return name_commands(*command, words.subspan(1), spelled + " " + word);
    names.push_back(command->get_name());
  }
  fmt::print(stderr, "podpass: '{} {}' is not a command. There are {}.\n", spelled, word, fmt::join(names, ", "));
  return false;
}

int run(int argc, char** argv) {
  CLI::App app("Podpass: EKS Pod Identity for any cluster, and for none.", "podpass");
  app.set_version_flag("--version", std::string("podpass ") + PODPASS_VERSION);
  app.require_subcommand(1);
  app.footer("Start with:\n  podpass up");
  const std::pair<const char*, Action> commands[] = {
      {"up", add_up(app)},
      {"serve", server::add_serve(app, std::span(argv, static_cast<std::size_t>(argc)), console::built_in_files())},
      {"env", add_env(app)},
      {"exec", add_exec(app)},
      {"token", add_token(app)},
      {"agent", agent::add_agent(app)},
      {"cluster", cluster_cli::add_cluster(app)},
      {"webhook", webhook::add_webhook(app)},
      {"console", add_console(app)},
      {"operations", add_operations(app)},
      {"explain", policy_cli::add_explain(app)},
      {"policy", policy_cli::add_policy(app)},
  };
  if (!name_commands(app, std::span(argv, static_cast<std::size_t>(argc)).subspan(1), "podpass")) return 2;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    fmt::print(stderr, "podpass: {}\nRun with --help for what can be given.\n", error.what());
    return 2;
  }
  for (const auto& [name, action] : commands) {
    if (!app.got_subcommand(name)) continue;
    auto code = action();
    if (code) return *code;
    fmt::print(stderr, "podpass: {}\n", printable(code.error().message));
    if (!code.error().cause.empty() && code.error().cause != code.error().message)
      fmt::print(stderr, "         {}\n", printable(code.error().cause));
    return 1;
  }
  return 2;
}

}  // namespace
}  // namespace podpass

int main(int argc, char** argv) {
  return podpass::run(argc, argv);
}
