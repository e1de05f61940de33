#include "cluster_cli/command.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "cluster_cli/check.h"
#include "cluster_cli/print.h"
#include "cluster_cli/register.h"
#include "codec/json.h"
#include "codec/uri.h"

namespace podpass::cluster_cli {
namespace {

using Action = std::function<Result<int>()>;
using codec::Value;

constexpr auto kDataDirectoryHelp =
    "The data directory of the running podpass (default: .podpass, else the AWS_* environment)";

void print(const std::string& text) {
  fmt::print("{}", text);
}

void print_json(const Value& value) {
  print(codec::write_json_pretty(value) + "\n");
}

// What every command has.
struct Common {
  std::string name, directory;
  bool json = false;
};

void add_common(CLI::App& command, Common& common) {
  command.add_option("--data-dir", common.directory, kDataDirectoryHelp);
  command.add_flag("--json", common.json, "Print JSON");
}

void add_kubeconfig(CLI::App& command, KubeconfigFlags& flags) {
  command.add_option("--kubeconfig", flags.path, "The kubeconfig (default: $KUBECONFIG, else ~/.kube/config)");
  command.add_option("--context", flags.context, "The context in it (default: the current one)");
}

Result<Value> describe(const cli::Connection& connection, const std::string& name) {
  auto answer = TRY(cli::call_server(connection, "podpass", "GET",
                                     "/cluster-registrations/" + codec::percent_encode(name), Value::map()));
  auto* registration = answer.find("registration");
  if (!registration) return Error::internal("the server's answer has no registration");
  return std::move(*registration);
}

void add_register_flags(CLI::App& command, RegisterOptions& options) {
  command.add_option("name", options.name, "What the cluster is to be called")->required();
  add_kubeconfig(command, options.kubeconfig);
  command.add_option("--issuer", options.issuer, "The issuer of the cluster's tokens, if no API server can be asked");
  command.add_option("--jwks-file", options.jwks_file, "Its public keys, a JWKS document");
  command.add_option("--jwks-url", options.jwks_url, "A URL that has them, from which the server reads them again");
  command.add_option("--api-server-url", options.api_server_url,
                     "The API server as the podpass server reaches it (default: as the kubeconfig has it)");
  command.add_option("--server-token-file", options.server_token_file,
                     "A token that the podpass server shows to the API server. It is stored, sealed");
  command.add_flag("--use-kubeconfig-credentials", options.uses_kubeconfig_credentials,
                   "Store the kubeconfig's own token or client certificate for that, sealed. Not for administrators'");
  command.add_flag_function(
      "--token-review,!--no-token-review", [&options](std::int64_t count) { options.token_review = count > 0; },
      "Ask the API server about each token, so that a deleted pod's is refused at once (default: as it is)");
  command.add_flag("!--no-node-role", options.node_role, "Make no roles in IAM for the agent and the webhook");
  command.add_option("--agent-namespace", options.accounts.agent_namespace, "The agent's namespace")
      ->capture_default_str();
  command.add_option("--agent-service-account", options.accounts.agent, "The agent's service account")
      ->capture_default_str();
  command.add_option("--webhook-namespace", options.accounts.webhook_namespace, "The webhook's namespace")
      ->capture_default_str();
  command.add_option("--webhook-service-account", options.accounts.webhook, "The webhook's service account")
      ->capture_default_str();
  command.add_option("--tag", options.tags, "A tag of the cluster, KEY=VALUE; repeatable");
}

Action add_register(CLI::App& app) {
  auto* command = app.add_subcommand("register", "Let pods of any Kubernetes cluster have credentials");
  auto options = std::make_shared<RegisterOptions>();
  auto common = std::make_shared<Common>();
  add_register_flags(*command, *options);
  add_common(*command, *common);
  command->footer(
      "Reads the issuer and the public keys of the cluster's tokens from its API server and stores them. Nothing is\n"
      "created in the cluster. A cluster that is there already is brought to what is given now; token review stays\n"
      "as it is.\n\n"
      "The podpass server reads the keys again every five minutes and when a token has a new key, if it can: with\n"
      "--server-token-file, which is the token of any service account (bound to system:auth-delegator for\n"
      "--token-review), or without one if anybody may read them. Credentials are stored sealed with the master key.\n"
      "Nothing of the kubeconfig's credentials is stored without --use-kubeconfig-credentials.\n\n"
      "In IAM it makes the issuer an OpenID Connect provider, and two roles for the service accounts of agent and\n"
      "webhook: podpass-node-NAME and podpass-webhook-NAME.\n\n"
      "Examples:\n"
      "  podpass cluster register prod --kubeconfig ~/.kube/config --context prod\n"
      "  podpass cluster register prod --server-token-file token --token-review\n"
      "  podpass cluster register far --issuer https://kubernetes.default.svc.cluster.local --jwks-file keys.json\n"
      "  podpass cluster register cloud --issuer https://ISSUER --jwks-url https://ISSUER/openid/v1/jwks");
  return [options, common]() -> Result<int> {
    options->data_directory = common->directory;
    const auto answer = TRY(register_cluster(*options));
    if (common->json) {
      print_json(answer);
    } else {
      print(as_registered(answer) + fmt::format("\nNext: podpass cluster check {}\n", options->name));
    }
    return 0;
  };
}

Action add_list(CLI::App& app) {
  auto* command = app.add_subcommand("list", "List the clusters");
  auto common = std::make_shared<Common>();
  add_common(*command, *common);
  command->footer("Example:\n  podpass cluster list");
  return [common]() -> Result<int> {
    const auto connection = TRY(cli::find_connection(common->directory));
    std::vector<Value> registrations;
    std::string next;
    do {
      const auto query = next.empty() ? "" : "?nextToken=" + codec::percent_encode(next);
      const auto page = TRY(cli::call_server(connection, "eks", "GET", "/clusters" + query, Value::map()));
      const auto* names = page.find("clusters");
      for (const auto& name : names && names->as<Value::List>() ? *names->as<Value::List>() : Value::List()) {
        registrations.push_back(TRY(describe(connection, name.as_text() ? *name.as_text() : "")));
      }
      next = page.text("nextToken");
    } while (!next.empty());
    if (common->json) {
      print_json(Value::map({{"clusters", Value(Value::List(registrations))}}));
    } else {
      print(as_list(registrations));
    }
    return 0;
  };
}

Action add_show(CLI::App& app) {
  auto* command = app.add_subcommand("show", "Show what is known of a cluster's tokens");
  auto common = std::make_shared<Common>();
  command->add_option("name", common->name, "The cluster")->required();
  add_common(*command, *common);
  command->footer("Example:\n  podpass cluster show prod");
  return [common]() -> Result<int> {
    const auto registration = TRY(describe(TRY(cli::find_connection(common->directory)), common->name));
    if (common->json) {
      print_json(registration);
    } else {
      print(as_registration(registration));
    }
    return 0;
  };
}

Action add_check(CLI::App& app) {
  auto* command = app.add_subcommand("check", "Prove step by step that a cluster's pods can have credentials");
  auto options = std::make_shared<CheckOptions>();
  auto common = std::make_shared<Common>();
  command->add_option("name", options->name, "The cluster")->required();
  add_kubeconfig(*command, options->kubeconfig);
  auto* account = command->add_option("--service-account,-s", options->service_account,
                                      "A service account: is it associated, and are its tokens taken?");
  command->add_option("--namespace,-n", options->namespace_, "Its namespace")->capture_default_str();
  command->add_option("--token-file", options->token_file, "A token of one of its pods, instead of one that is made")
      ->needs(account);
  add_common(*command, *common);
  command->footer(
      "With --kubeconfig or --context the API server is looked at from here too, and with --service-account a token "
      "is\n"
      "made for one of its running pods and exchanged. Exit code 1 if a step fails; each says what to do.\n\n"
      "Examples:\n"
      "  podpass cluster check prod\n"
      "  podpass cluster check prod --kubeconfig ~/.kube/config --namespace default --service-account "
      "my-service-account");
  return [options, common]() -> Result<int> {
    options->data_directory = common->directory;
    options->uses_kubeconfig = !options->kubeconfig.path.empty() || !options->kubeconfig.context.empty();
    const auto checked = TRY(check_cluster(*options));
    if (common->json) {
      print_json(checked);
    } else {
      print(as_steps(checked));
    }
    return has_failed(checked) ? 1 : 0;
  };
}

Action add_deregister(CLI::App& app) {
  auto* command = app.add_subcommand("deregister", "Forget a registered cluster and its associations");
  auto common = std::make_shared<Common>();
  auto keeps_roles = std::make_shared<bool>(false);
  command->add_option("name", common->name, "The cluster")->required();
  command->add_flag("--keep-roles", *keeps_roles, "Leave the roles that register made");
  add_common(*command, *common);
  command->footer(
      "The identity provider stays: other clusters may have the same issuer.\n\n"
      "Example:\n  podpass cluster deregister prod");
  return [common, keeps_roles]() -> Result<int> {
    const auto connection = TRY(cli::find_connection(common->directory));
    TRY(cli::call_server(connection, "eks", "DELETE", "/cluster-registrations/" + codec::percent_encode(common->name),
                         Value::map()));
    Value::List removed;
    if (!*keeps_roles) {
      auto roles = remove_roles(connection, common->name);
      if (!roles) {
        roles.error().message = fmt::format("Cluster {} is forgotten, but {}", common->name, roles.error().message);
        return std::move(roles).error();
      }
      for (auto& role : *roles) removed.emplace_back(std::move(role));
    }
    if (common->json) {
      print_json(Value::map({{"clusterName", common->name}, {"removedRoles", std::move(removed)}}));
      return 0;
    }
    fmt::print("Cluster {} is forgotten.\n", common->name);
    for (const auto& role : removed) fmt::print("Role {} is deleted.\n", *role.as_text());
    return 0;
  };
}

}  // namespace

Action add_cluster(CLI::App& app) {
  auto* command = app.add_subcommand("cluster", "Register Kubernetes clusters, so that their pods have identities");
  command->require_subcommand(1);
  const std::vector<std::pair<std::string, Action>> actions = {
      {"register", add_register(*command)},
      {"list", add_list(*command)},
      {"show", add_show(*command)},
      {"check", add_check(*command)},
      {"deregister", add_deregister(*command)},
  };
  command->footer("Example:\n  podpass cluster register prod --kubeconfig ~/.kube/config");
  return [command, actions]() -> Result<int> {
    for (const auto& [name, action] : actions) {
      if (command->got_subcommand(name)) return action();
    }
    return 2;
  };
}

}  // namespace podpass::cluster_cli
