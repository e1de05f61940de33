#include "cluster_cli/register.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "codec/uri.h"
#include "kube/cluster_access.h"

namespace podpass::cluster_cli {
namespace {

using codec::Value;

// What the server is told, and what a person should know about it.
struct Told {
  Value request = Value::map();
  Value::List notes;
  std::string issuer;
};

Result<void> check_flags(const RegisterOptions& options) {
  const bool by_keys = !options.jwks_file.empty() || !options.jwks_url.empty();
  if (by_keys && options.issuer.empty()) {
    return Error::invalid("--jwks-file and --jwks-url need --issuer: what the cluster's tokens have as iss.");
  }
  if (!options.jwks_file.empty() && !options.jwks_url.empty()) {
    return Error::invalid("Give --jwks-file or --jwks-url, not both.");
  }
  const bool for_api_server = !options.kubeconfig.path.empty() || !options.kubeconfig.context.empty() ||
                              !options.api_server_url.empty() || !options.server_token_file.empty() ||
                              options.uses_kubeconfig_credentials || options.token_review == true;
  if (by_keys && for_api_server) {
    return Error::invalid(
        "--jwks-file and --jwks-url are for clusters whose API server is not reached: without --kubeconfig, --context, "
        "--api-server-url, --server-token-file, --use-kubeconfig-credentials and --token-review.");
  }
  if (!options.server_token_file.empty() && options.uses_kubeconfig_credentials) {
    return Error::invalid("Give --server-token-file or --use-kubeconfig-credentials, not both.");
  }
  return {};
}

Result<Value> read_tags(const RegisterOptions& options) {
  Value tags(Value::Map{});
  for (const auto& tag : options.tags) {
    const auto equals = tag.find('=');
    if (equals == tag.npos || equals == 0) return Error::invalid(fmt::format("--tag: '{}' is not KEY=VALUE.", tag));
    tags.set(tag.substr(0, equals), tag.substr(equals + 1));
  }
  return tags;
}

Result<void> tell_keys_of_file(const RegisterOptions& options, Told& told) {
  auto jwks = codec::parse_json(TRY(cli::read_file(options.jwks_file)));
  if (!jwks) return Error::invalid(fmt::format("{} is not JSON: {}", options.jwks_file, jwks.error().message));
  told.issuer = options.issuer;
  told.request.set("jwks", *std::move(jwks));
  told.notes.emplace_back(
      "The server cannot read the keys by itself: when the cluster's keys change, register it again.");
  return {};
}

Result<void> tell_keys_of_url(const RegisterOptions& options, Told& told) {
  auto server = TRY(kube::parse_api_server(options.jwks_url));
  auto path = std::exchange(server.base_path, {});
  if (path.empty()) return Error::invalid("--jwks-url: it has no path. Keys are often at /openid/v1/jwks.");
  told.issuer = options.issuer;
  told.request.set("jwks", TRY(ask(server, path)));
  told.request.set("jwksUri", options.jwks_url);
  return {};
}

// The API server as the server is to see it, without credentials.
Value api_server_of(const RegisterOptions& options, const kube::ApiServer& server) {
  Value told(Value::Map{});
  told.add("endpoint", options.api_server_url.empty() ? server.url() : options.api_server_url);
  if (!server.tls.ca_pem.empty()) told.add("certificateAuthorityData", codec::base64_encode(server.tls.ca_pem));
  if (!server.tls.server_name.empty()) told.add("tlsServerName", server.tls.server_name);
  return told;
}

Result<Value> credentials_of(const RegisterOptions& options, const kube::ApiServer& server) {
  Value credentials(Value::Map{});
  if (!options.server_token_file.empty()) {
    std::string token(trim(split(TRY(cli::read_file(options.server_token_file)), '\n')[0]));
    if (token.empty()) return Error::invalid(options.server_token_file + " has no token.");
    credentials.add("bearerToken", std::move(token));
  } else if (options.uses_kubeconfig_credentials) {
    if (!server.token_file.empty()) {
      return Error::invalid(
          "The kubeconfig has a token file, which is renewed. Give the server a token of its own with "
          "--server-token-file.");
    }
    if (!server.token.empty()) credentials.add("bearerToken", server.token.reveal());
    if (!server.tls.certificate_pem.empty()) {
      credentials.add("clientCertificateData", codec::base64_encode(server.tls.certificate_pem));
      credentials.add("clientKeyData", codec::base64_encode(server.tls.key_pem.reveal()));
    }
    if (credentials.as<Value::Map>()->empty()) return Error::invalid("The kubeconfig has no credentials to use.");
  }
  return credentials;
}

// May anybody read the keys?
bool is_open(kube::ApiServer server) {
  server.token = {};
  server.token_file.clear();
  server.tls.certificate_pem.clear();
  server.tls.key_pem = {};
  return read_issuer(server).has_value();
}

Result<void> tell_api_server(const RegisterOptions& options, Told& told) {
  const auto found = api_server(options.kubeconfig);
  if (!found && found.error().kind == ErrorKind::not_found) {
    return Error::invalid(
        fmt::format("{}. Name one with --kubeconfig, or for a cluster that is not reached from here "
                    "give --issuer and --jwks-file.",
                    found.error().message));
  }
  const auto server = TRY(found);
  auto issuer = TRY(read_issuer(server));
  if (!options.issuer.empty() && options.issuer != issuer.url) {
    return Error::invalid(
        fmt::format("The API server {} issues tokens as {}, not as {}.", server.url(), issuer.url, options.issuer));
  }
  told.issuer = std::move(issuer.url);
  told.request.set("jwks", std::move(issuer.jwks));
  auto credentials = TRY(credentials_of(options, server));
  if (!credentials.as<Value::Map>()->empty()) {
    told.request.set("apiServer", api_server_of(options, server));
    told.request.set("credentials", std::move(credentials));
    return {};
  }
  if (options.token_review == true) {
    return Error::invalid(
        "--token-review: the server needs credentials for the API server. Give --server-token-file with the token of a "
        "service account that is bound to system:auth-delegator.");
  }
  if (is_open(server)) {
    told.request.set("apiServer", api_server_of(options, server));
    return {};
  }
  told.notes.emplace_back(
      "The server has no credentials for the API server and does not read the keys by itself: when the cluster's keys "
      "change, register it again. Or give --server-token-file, or let anybody read the keys (ClusterRole "
      "system:service-account-issuer-discovery for the group system:unauthenticated).");
  return {};
}

// Reviews are never switched off because somebody did not think of them, and without credentials they let nobody in.
Result<void> check_reviews(const cli::Connection& connection, const std::string& path, const Value& update) {
  if (update.find("tokenReview") || update.find("credentials")) return {};
  const auto described = TRY(cli::call_server(connection, "podpass", "GET", path, Value::map()));
  const auto* registration = described.find("registration");
  const auto* reviews = registration ? registration->find("tokenReview") : nullptr;
  if (!reviews || reviews->as<bool>() == nullptr || !*reviews->as<bool>()) return {};
  return Error::invalid(
      "Token review is on for this cluster, and the server needs credentials for it. Give --server-token-file (or "
      "--use-kubeconfig-credentials), or switch it off with --no-token-review.");
}

// One that is there is brought to the same state.
Result<Value> send(const cli::Connection& connection, const std::string& name, const Value& request) {
  auto created = cli::call_server(connection, "podpass", "POST", "/cluster-registrations", request);
  if (created || created.error().code != "ResourceInUseException") return created;
  const auto path = "/cluster-registrations/" + codec::percent_encode(name);
  TRY(check_reviews(connection, path, request));
  auto update = request;
  if (!update.find("apiServer") && !update.find("jwksUri")) update.set("jwksUri", "");  // what it had is forgotten
  auto updated = TRY(cli::call_server(connection, "podpass", "POST", path, update));
  const auto* tags = request.find("tags");
  const auto* registration = updated.find("registration");
  if (registration && tags && !tags->as<Value::Map>()->empty()) {
    TRY(cli::call_server(connection, "eks", "POST", "/tags/" + codec::percent_encode(registration->text("clusterArn")),
                         Value::map({{"tags", *tags}})));
  }
  return updated;
}

}  // namespace

Result<Value> register_cluster(const RegisterOptions& options) {
  TRY(check_flags(options));
  const auto connection = TRY(cli::find_connection(options.data_directory));
  Told told;
  if (!options.jwks_file.empty()) {
    TRY(tell_keys_of_file(options, told));
  } else if (!options.jwks_url.empty()) {
    TRY(tell_keys_of_url(options, told));
  } else {
    TRY(tell_api_server(options, told));
  }
  told.request.set("clusterName", options.name);
  told.request.set("issuer", told.issuer);
  if (options.token_review) told.request.set("tokenReview", *options.token_review);
  told.request.set("tags", TRY(read_tags(options)));
  auto answer = TRY(send(connection, options.name, told.request));
  auto* registration = answer.find("registration");
  if (!registration) return Error::internal("the server's answer has no registration");
  if (options.node_role) {
    auto roles = make_roles(connection, std::string(registration->text("clusterArn")), told.issuer, options.accounts);
    if (!roles) {
      roles.error().message =
          fmt::format("Cluster {} is registered, but its roles could not be made (--no-node-role leaves them out): {}",
                      options.name, roles.error().message);
      return std::move(roles).error();
    }
    answer.add("oidcProviderArn", roles->provider_arn);
    answer.add("nodeRoleArn", roles->node_role_arn);
    answer.add("webhookRoleArn", roles->webhook_role_arn);
  }
  answer.add("notes", std::move(told.notes));
  return answer;
}

}  // namespace podpass::cluster_cli
