#include "webhook/command.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>

#include "base/log.h"
#include "base/strings.h"
#include "cli/connection.h"
#include "cli/duration.h"
#include "codec/json.h"
#include "codec/yaml.h"
#include "crypto/random.h"
#include "webhook/identities_file.h"
#include "webhook/preview.h"
#include "webhook/webhook.h"

namespace podpass::webhook {
namespace {

using Action = std::function<Result<int>()>;

// --- what both commands know: how a pod is patched

struct PatchFlags {
  kube::PatchSettings settings;
  bool regional_sts = false;

  kube::PatchSettings take() const {
    auto taken = settings;
    taken.regional_sts = regional_sts ? kube::RegionalSts::yes : kube::RegionalSts::no;
    return taken;
  }
};

void add_patch_flags(CLI::App& command, PatchFlags& flags) {
  auto& [settings, regional_sts] = flags;
  const auto text = [&](const char* name, std::string& value, const char* help) {
    command.add_option(name, value, help)->group("What is added to pods")->capture_default_str();
  };
  text("--annotation-prefix", settings.annotation_prefix, "Prefix of the annotations of service accounts and pods");
  command
      .add_option("--token-expiration", settings.token_seconds,
                  "Seconds that a token lasts, unless annotated; at least 600")
      ->group("What is added to pods")
      ->capture_default_str();
  command
      .add_option("--aws-default-region", settings.region, "Set AWS_REGION and AWS_DEFAULT_REGION where neither is set")
      ->group("What is added to pods");
  command
      .add_flag("--sts-regional-endpoint,--sts-regional-endpoint-enabled", regional_sts,
                "Set AWS_STS_REGIONAL_ENDPOINTS=regional where it is not set")
      ->group("What is added to pods");
  text("--container-credentials-full-uri", settings.credentials_uri,
       "Where the agent is; http://[fd00:ec2::23]/v1/credentials on IPv6 clusters");
  text("--container-credentials-audience", settings.pod_identity.audience, "Audience of tokens for pod identity");
  text("--container-credentials-token-mount-path", settings.pod_identity.mount_path, "Where they are mounted");
  text("--container-credentials-token-volume-name", settings.pod_identity.volume_name, "Name of their volume");
  text("--container-credentials-token-path", settings.pod_identity.file_name, "Name of their file");
  text("--token-audience", settings.web_identity.audience, "Audience of tokens for role-arn annotations");
  text("--token-mount-path", settings.web_identity.mount_path, "Where they are mounted");
}

// --- podpass webhook preview

struct PreviewFlags {
  std::string file, identities, output = "yaml";
  std::vector<std::string> associations, roles;
  PreviewOptions options;
  PatchFlags patch;
};

Result<std::string> read_manifest(const std::string& path) {
  if (path != "-") return cli::read_file(path);
  std::string text(std::istreambuf_iterator<char>(std::cin), {});
  if (text.size() > codec::kMaxYamlBytes) return Error::invalid("Standard input is too large.");
  return text;
}

Result<void> take_identities(PreviewFlags& flags) {
  auto& options = flags.options;
  if (!flags.identities.empty()) {
    auto names = parse_identities(TRY(cli::read_file(flags.identities)));
    if (!names) return Error::invalid(fmt::format("{}: {}.", flags.identities, names.error().message));
    options.associated = std::move(*names);
  }
  for (const auto& name : flags.associations) {
    auto full = qualified(name, options.namespace_);
    if (full.starts_with('/') || full.ends_with('/') || std::ranges::count(full, '/') != 1)
      return Error::invalid(fmt::format("--association: '{}' is not [NAMESPACE/]NAME.", name));
    options.associated.insert(std::move(full));
  }
  for (const auto& text : flags.roles) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return Error::invalid(fmt::format("--service-account-role-arn: '{}' is not SERVICE_ACCOUNT=ARN.", text));
    kube::ServiceAccountSettings settings;
    settings.role_arn = text.substr(equals + 1);
    options.service_accounts.insert_or_assign(qualified(text.substr(0, equals), options.namespace_),
                                              std::move(settings));
  }
  return {};
}

Result<int> run_preview(PreviewFlags& flags) {
  flags.options.patch = flags.patch.take();
  TRY(take_identities(flags));
  auto documents = codec::parse_yaml_documents(TRY(read_manifest(flags.file)));
  if (!documents) return Error::invalid(fmt::format("{}: {}.", flags.file, documents.error().message));
  if (documents->empty()) return Error::invalid(fmt::format("{} has no manifest in it.", flags.file));
  auto shown = TRY(preview(std::move(*documents), std::move(flags.options)));
  for (const auto& note : shown.notes) fmt::print(stderr, "{}\n", printable(note));
  for (const auto& document : shown.documents) {
    if (flags.output == "json") {
      fmt::print("{}\n", codec::write_json_pretty(document));
    } else {
      fmt::print("{}{}", &document == shown.documents.data() ? "" : "---\n", codec::write_yaml(document));
    }
  }
  if (std::fflush(stdout) != 0) return Error::unavailable("Cannot write to standard output.");
  return 0;
}

Action add_preview(CLI::App& app) {
  auto* command = app.add_subcommand("preview", "Print manifests as they would be admitted, without a cluster");
  auto flags = std::make_shared<PreviewFlags>();
  command->add_option("--filename,-f", flags->file, "YAML or JSON with pods or workloads; -: standard input")
      ->required();
  command->add_option("--identities", flags->identities, "A file as --watch-container-credentials-config reads it");
  command->add_option("--association", flags->associations,
                      "A service account with a pod identity association, [NAMESPACE/]NAME; repeatable");
  command->add_option("--service-account-role-arn", flags->roles,
                      "A service account annotated with a role, [NAMESPACE/]NAME=ARN; repeatable");
  command->add_option("--namespace,-n", flags->options.namespace_, "The namespace of what names none")
      ->capture_default_str();
  command->add_option("--output,-o", flags->output, "yaml or json")
      ->check(CLI::IsMember({"yaml", "json"}))
      ->capture_default_str();
  add_patch_flags(*command, flags->patch);
  command->footer(
      "Service accounts among the manifests count with their annotations. What was done is said on standard error.\n\n"
      "Example:\n  podpass webhook preview -f pod.yaml --association default/my-service-account");
  return [flags] { return run_preview(*flags); };
}

// --- podpass webhook

struct Flags {
  Options options;
  PatchFlags patch;
  crypto::ServerTls::Files files{"/etc/webhook/certs/tls.crt", "/etc/webhook/certs/tls.key", {}};
  SelfSigned::Options self_signed;
  bool is_self_signed = false, is_plain = false, watches_config_map = false, in_cluster = true, debugging = false;
  int metrics_port = 9999;
  std::string endpoint, ca_file, credentials = "auto", kubeconfig, context, kube_api, failure_policy = "ignore";
  std::string minimum = "1.2", lookup_timeout = "3s", shutdown_delay = "0s", unused;
};

void add_identity_flags(CLI::App& command, Flags& flags) {
  const auto* group = "Where identities come from";
  command.add_option("--endpoint", flags.endpoint, "URL of the Podpass server")
      ->envname("AWS_ENDPOINT_URL")
      ->group(group);
  command.add_option("--cluster-name,-c", flags.options.cluster, "The cluster, as the Podpass server calls it")
      ->group(group);
  command.add_option("--region", flags.options.region, "The region to sign for")->envname("AWS_REGION")->group(group);
  command.add_option("--ca-file", flags.ca_file, "Authorities that the server's certificate is checked by (PEM)")
      ->envname("AWS_CA_BUNDLE")
      ->group(group);
  command
      .add_option("--credentials", flags.credentials,
                  "What requests are signed with: web-identity, environment, file, or auto: the first that is there")
      ->group(group)
      ->capture_default_str();
  command
      .add_option("--watch-container-credentials-config", flags.options.identities_file,
                  "A file of service accounts that have a pod identity association; read again when it changes")
      ->group(group);
  command.add_option("--kubeconfig", flags.kubeconfig, "How to reach the API server from outside of the cluster")
      ->group(group);
  command.add_option("--context", flags.context, "Its context")->group(group);
  command.add_option("--kube-api", flags.kube_api, "URL of the API server, instead of the one found")->group(group);
  command
      .add_flag("--watch-config-map", flags.watches_config_map,
                "Read roles from the ConfigMap pod-identity-webhook in --namespace, too")
      ->group(group);
  command.add_option("--lookup-timeout", flags.lookup_timeout, "How long a pod waits for the Podpass server")
      ->group(group)
      ->capture_default_str();
  command
      .add_option("--failure-policy", flags.failure_policy,
                  "A pod whose identity can't be established is admitted without (ignore) or refused (fail); a "
                  "namespace's annotation podpass.dev/failure-policy goes first")
      ->check(CLI::IsMember({"ignore", "fail"}, CLI::ignore_case))
      ->group(group)
      ->capture_default_str();
}

void add_serving_flags(CLI::App& command, Flags& flags) {
  const auto* group = "How it is reached";
  command.add_option("--port", flags.options.port, "Port of /mutate; 0 picks a free one")
      ->check(CLI::Range(0, 65'535))
      ->group(group)
      ->capture_default_str();
  command.add_option("--metrics-port", flags.metrics_port, "Port of /metrics, /healthz and /readyz; -1: none")
      ->check(CLI::Range(-1, 65'535))
      ->group(group)
      ->capture_default_str();
  command.add_option("--bind-address", flags.options.addresses, "Addresses to listen on; repeatable")
      ->group(group)
      ->capture_default_str();
  command.add_option("--threads", flags.options.threads, "Threads that answer")
      ->check(CLI::Range(1, 64))
      ->group(group)
      ->capture_default_str();
  command.add_option("--tls-cert", flags.files.certificate_file, "Certificate (PEM); read again when it changes")
      ->group(group)
      ->capture_default_str();
  command.add_option("--tls-key", flags.files.key_file, "Its key (PEM)")->group(group)->capture_default_str();
  command.add_option("--tls-min-version", flags.minimum, "TLS version at least; below 1.2 means 1.2")
      ->check(CLI::IsMember({"1.0", "1.1", "1.2", "1.3"}))
      ->group(group)
      ->capture_default_str();
  command
      .add_option("--shutdown-delay", flags.shutdown_delay,
                  "After SIGTERM, not ready but still answering: API servers learn later that this one goes")
      ->group(group)
      ->capture_default_str();
  command.add_flag("--no-tls", flags.is_plain, "Serve without TLS, behind something that ends it")->group(group);
  command
      .add_flag("--self-signed", flags.is_self_signed,
                "Make the certificate, share it in the Secret --tls-secret, and renew it")
      ->group(group);
  command.add_option("--service-name", flags.self_signed.service, "The webhook's Service, for the certificate")
      ->group(group)
      ->capture_default_str();
  command.add_option("--namespace", flags.self_signed.namespace_, "Its namespace, and that of Secret and ConfigMap")
      ->group(group)
      ->capture_default_str();
  command.add_option("--tls-secret", flags.self_signed.secret, "The Secret")->group(group)->capture_default_str();
  command
      .add_option("--webhook-configuration", flags.self_signed.configuration,
                  "MutatingWebhookConfiguration to write the authority of --self-signed into")
      ->group(group);
}

// Flags of the known webhook that say nothing here, so that its manifests work.
void add_unneeded_flags(CLI::App& command, Flags& flags) {
  const auto* group = "Taken, and not needed";
  command.add_flag("--in-cluster", flags.in_cluster, "Certificates come from files or --self-signed")->group(group);
  command.add_option("--resync-period", flags.unused, "Lists are kept up to date by watches")->group(group);
  command.add_option("--service-account-lookup-grace-period", flags.unused, "What is not known is asked for")
      ->group(group);
  command.add_option("--tls-cipher-suites", flags.unused, "OpenSSL's choice")->group(group);
  command.add_flag("--enable-debugging-handlers", flags.debugging, "There are none")->group(group);
}

Result<std::optional<kube::ApiServer>> find_api_server(const Flags& flags) {
  const kube::Environment environment = [](const char* name) -> const char* { return std::getenv(name); };
  std::optional<kube::ApiServer> server;
  if (!flags.kubeconfig.empty() || !flags.context.empty()) {
    server = TRY(kube::read_kubeconfig(kube::kubeconfig_path(flags.kubeconfig, environment), flags.context));
  } else if (kube::is_in_cluster(environment)) {
    server = TRY(kube::in_cluster(environment));
  }
  if (flags.kube_api.empty()) return server;
  auto named = TRY(kube::parse_api_server(flags.kube_api));
  if (!server) return std::optional(std::move(named));
  server->endpoint = std::move(named.endpoint);
  server->base_path = std::move(named.base_path);
  return server;
}

Result<std::unique_ptr<cli::CredentialsProvider>> find_server(Flags& flags, const Clock& clock) {
  if (flags.endpoint.empty()) return std::unique_ptr<cli::CredentialsProvider>();
  if (flags.options.cluster.empty() || flags.options.region.empty())
    return Error::invalid("--endpoint needs --cluster-name and --region.");
  auto endpoint = TRY(http::parse_endpoint(flags.endpoint));
  flags.options.endpoint = endpoint;
  if (endpoint.secure) flags.options.tls = TRY(crypto::ClientTls::trusting(flags.ca_file));
  const auto kind = TRY(cli::parse_credentials_kind(flags.credentials));
  return cli::find_credentials(kind, {endpoint, flags.options.tls, "podpass-webhook"}, clock,
                               [](const char* name) -> const char* { return std::getenv(name); });
}

Result<void> take_flags(Flags& flags) {
  auto& options = flags.options;
  options.patch = flags.patch.take();
  options.failure_policy = parse_failure_policy(flags.failure_policy).value_or(FailurePolicy::ignore);
  options.patience = TRY(cli::parse_duration(flags.lookup_timeout));
  if (options.patience < Seconds{1}) return Error::invalid("--lookup-timeout: give a second or more.");
  options.api_server = TRY(find_api_server(flags));
  options.tls_minimum = flags.minimum == "1.3" ? crypto::TlsVersion::tls13 : crypto::TlsVersion::tls12;
  options.metrics_port =
      flags.metrics_port < 0 ? std::nullopt : std::optional(static_cast<std::uint16_t>(flags.metrics_port));
  if (flags.is_plain && flags.is_self_signed) return Error::invalid("Give --no-tls or --self-signed, not both.");
  if (flags.is_self_signed) {
    options.self_signed = flags.self_signed;
  } else if (!flags.is_plain) {
    options.certificate = flags.files;
  }
  if (flags.watches_config_map) {
    if (!options.api_server) return Error::invalid("--watch-config-map needs an API server: give --kubeconfig.");
    options.config_map_namespace = flags.self_signed.namespace_;
  }
  if (!options.endpoint && options.identities_file.empty() && !options.api_server)
    return Error::invalid(
        "The webhook knows no identities: give --endpoint, --watch-container-credentials-config or --kubeconfig.");
  return {};
}

Result<int> run_webhook(Flags& flags) {
  SystemClock clock;
  crypto::SystemRandom random;
  const timespec delay{TRY(cli::parse_duration(flags.shutdown_delay)).count(), 0};
  auto credentials = TRY(find_server(flags, clock));
  TRY(take_flags(flags));
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  auto webhook = TRY(Webhook::create(std::move(flags.options), std::move(credentials), clock, random));
  TRY(webhook->start());
  const auto metrics_port = webhook->metrics_port();
  fmt::print("The webhook serves on port {}{}.\n", webhook->port(),
             metrics_port == 0 ? "" : fmt::format(", its metrics on port {}", metrics_port));
  std::fflush(stdout);
  int signal_number = 0;
  sigwait(&set, &signal_number);
  if (signal_number == SIGTERM && delay.tv_sec > 0) {
    webhook->retire();
    ::sigtimedwait(&set, nullptr, &delay);  // a second signal ends it
  }
  webhook->stop();
  return 0;
}

}  // namespace

Action add_webhook(CLI::App& app) {
  auto* command = app.add_subcommand(
      "webhook", "Give pods what SDKs need to find credentials, as a mutating admission webhook of a cluster");
  auto flags = std::make_shared<Flags>();
  add_identity_flags(*command, *flags);
  add_serving_flags(*command, *flags);
  add_patch_flags(*command, flags->patch);
  add_unneeded_flags(*command, *flags);
  auto preview_action = add_preview(*command);
  command->footer(
      "In a cluster, service accounts' annotations are read from the API server.\n\n"
      "Examples:\n"
      "  podpass webhook --cluster-name my-cluster --endpoint https://podpass:4566 --region us-west-2 --self-signed "
      "\\\n"
      "    --service-name podpass-webhook --namespace podpass --webhook-configuration podpass-webhook\n"
      "  podpass webhook --watch-container-credentials-config identities.json --tls-cert tls.crt --tls-key tls.key\n"
      "  podpass webhook preview -f pod.yaml --association default/my-service-account");
  return [command, flags, preview_action]() -> Result<int> {
    if (command->got_subcommand("preview")) return preview_action();
    return run_webhook(*flags);
  };
}

}  // namespace podpass::webhook
