#include "eks/cluster_access.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/commit.h"
#include "base/strings.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/tls.h"
#include "eks/lookup.h"

namespace podpass::eks {
namespace {

constexpr std::size_t kMaxPemBytes = 256 * 1024;
constexpr std::size_t kMaxBearerBytes = 16 * 1024;
constexpr std::size_t kMaxUrlBytes = 1'000;

struct AccessSecrets {
  std::string bearerToken, clientKey;
};
BOOST_DESCRIBE_STRUCT(AccessSecrets, (), (bearerToken, clientKey))

Error invalid(std::string_view member, std::string_view what) {
  return Error::invalid(fmt::format("{}: {}", member, what));
}

Result<std::string> read_pem(const std::optional<std::string>& data, std::string_view member) {
  if (!data) return std::string();
  auto pem = codec::base64_decode(*data);
  if (!pem || pem->empty()) return invalid(member, "it is not base64, as a kubeconfig has it.");
  if (pem->size() > kMaxPemBytes) return invalid(member, fmt::format("it has more than {} bytes.", kMaxPemBytes));
  return *std::move(pem);
}

bool is_loopback(const std::string& host) {
  const bool address = host.find_first_not_of("0123456789.") == host.npos;  // 127.example.com is somebody's name
  return host == "localhost" || host == "::1" || (address && host.starts_with("127."));
}

// Keys that come without TLS could be anybody's, and a token would go to anybody.
Result<kube::ApiServer> read_url(const std::string& url, std::string_view member) {
  if (url.size() > kMaxUrlBytes) return invalid(member, fmt::format("it has more than {} bytes.", kMaxUrlBytes));
  auto server = kube::parse_api_server(url);
  if (!server) return invalid(member, server.error().message);
  if (!server->endpoint.secure && !is_loopback(server->endpoint.host)) {
    return invalid(member, "it must be https, unless it is on this machine.");
  }
  return server;
}

Result<kube::ClusterAccess::Cluster> open_access(const aws::Deployment& deployment, const std::string& name,
                                                 const ClusterAccessRecord& record) {
  kube::ClusterAccess::Cluster cluster;
  cluster.server = TRY(kube::parse_api_server(record.endpoint));
  cluster.only_keys = record.only_keys;
  if (record.only_keys) cluster.jwks_path = std::exchange(cluster.server.base_path, {});
  cluster.server.tls.ca_pem = record.certificate_authority;
  cluster.server.tls.server_name = record.server_name;
  cluster.server.tls.certificate_pem = record.client_certificate;
  if (record.sealed.empty()) return cluster;
  const auto damaged = [&] {
    return Error::internal("the credentials for the API server of " + name + " are damaged");
  };
  auto sealed = codec::base64_decode(record.sealed);
  if (!sealed) return damaged();
  auto json = deployment.at_rest->open(*sealed, cluster_arn(deployment, name));
  if (!json) return damaged();
  auto value = codec::parse_json(json->reveal());
  if (!value) return damaged();
  auto secrets = TRY(codec::from_value<AccessSecrets>(*value, codec::Reading::typed));
  cluster.server.token = Secret(std::move(secrets.bearerToken));
  cluster.server.tls.key_pem = Secret(std::move(secrets.clientKey));
  return cluster;
}

Result<kube::ClusterAccess::Cluster> find_access(store::Store& store, const aws::Deployment& deployment,
                                                 const std::string& name) {
  auto tx = store.begin();
  const auto* record = TRY(require_cluster(tx, deployment, name));
  const auto* access = tx.find(kClusterAccess, {deployment.account, deployment.region, name});
  if (!access || !record->registration) {
    return Error::invalid(fmt::format("Cluster {} is registered without an API server.", name));
  }
  auto cluster = TRY(open_access(deployment, name, *access));
  cluster.id = record->registration->id;
  return cluster;
}

// Puts the keys that were read in place of those that are stored, if the registration is still the same.
Result<bool> replace_keys(store::Transaction& tx, const aws::Deployment& deployment, const std::string& name,
                          const std::string& id, const codec::Value& jwks) {
  const auto* record = find_cluster(tx, deployment, name);
  if (!record || !record->registration || record->registration->id != id) return false;
  auto keys = TRY(crypto::KeySet::from_jwks(jwks));
  if (keys->fingerprint() == record->keys.keys->fingerprint()) return false;
  auto changed = *record;
  changed.keys = {keys->to_jwks(), keys};
  changed.registration->keys_changed = deployment.clock->now();
  tx.put(kClusters, {deployment.account, deployment.region, name}, std::move(changed));
  return true;
}

boost::asio::awaitable<Result<void>> save_keys(store::Store& store, const aws::Deployment& deployment, std::string name,
                                               std::string id, codec::Value jwks) {
  for (int run = 0; run <= store::kMaxReruns; ++run) {
    auto tx = store.begin();
    auto replaced = replace_keys(tx, deployment, name, id, jwks);
    if (!replaced) co_return std::move(replaced).error();
    if (!*replaced) co_return Result<void>();
    auto committing = aws::commit(store, std::move(tx));
    auto committed = co_await std::move(committing);
    if (committed || committed.error().kind != ErrorKind::conflict) co_return committed;
  }
  co_return Error::unavailable("The keys could not be stored. They are read again later.");
}

}  // namespace

Result<ClusterAccessRecord> make_access(const aws::Deployment& deployment, const std::string& arn,
                                        const ApiServerRequest& server,
                                        const std::optional<ApiServerCredentials>& credentials) {
  const auto read = TRY(read_url(server.endpoint, "apiServer.endpoint"));
  ClusterAccessRecord record;
  record.endpoint = read.url();
  record.certificate_authority = TRY(read_pem(server.certificateAuthorityData, "apiServer.certificateAuthorityData"));
  record.server_name = server.tlsServerName.value_or("");
  if (record.server_name.size() > 253 || !only_alnum_and(record.server_name, "-.:")) {
    return Error::invalid("apiServer.tlsServerName: it is not a host name.");
  }
  AccessSecrets secrets;
  if (credentials) {
    record.client_certificate = TRY(read_pem(credentials->clientCertificateData, "credentials.clientCertificateData"));
    secrets.clientKey = TRY(read_pem(credentials->clientKeyData, "credentials.clientKeyData"));
    secrets.bearerToken = credentials->bearerToken.value_or("");
    while (secrets.bearerToken.ends_with('\n') || secrets.bearerToken.ends_with('\r')) secrets.bearerToken.pop_back();
  }
  if (record.client_certificate.empty() != secrets.clientKey.empty()) {
    return Error::invalid("credentials: clientCertificateData and clientKeyData go together.");
  }
  const bool visible = std::ranges::all_of(secrets.bearerToken, [](char c) { return c > ' ' && c <= '~'; });
  if (!visible || secrets.bearerToken.size() > kMaxBearerBytes) {
    return Error::invalid("credentials.bearerToken: it is not a token.");
  }
  crypto::ClientTls::Options tls;
  tls.ca_pem = record.certificate_authority;
  tls.certificate_pem = record.client_certificate;
  tls.key_pem = Secret(secrets.clientKey);
  if (auto usable = crypto::ClientTls::make(std::move(tls)); !usable) {
    return invalid("apiServer", usable.error().message);
  }
  if (!secrets.bearerToken.empty() || !secrets.clientKey.empty()) {
    const Secret json(codec::write_json(codec::to_value(secrets)));
    record.sealed = codec::base64_encode(deployment.at_rest->seal(json.reveal(), arn));
  }
  return record;
}

Result<ClusterAccessRecord> make_keys_access(const std::string& url) {
  const auto read = TRY(read_url(url, "jwksUri"));
  if (read.base_path.empty()) return invalid("jwksUri", "it has no path.");
  ClusterAccessRecord record;
  record.endpoint = read.url();
  record.only_keys = true;
  return record;
}

std::string_view credentials_kind(const ClusterAccessRecord& access) {
  if (access.sealed.empty()) return "none";
  return access.client_certificate.empty() ? "bearer-token" : "client-certificate";
}

kube::ClusterAccess::Records access_records(store::Store& store, const aws::Deployment& deployment) {
  kube::ClusterAccess::Records records;
  records.names = [&store, &deployment] {
    std::vector<std::string> names;
    auto tx = store.begin();
    for (const auto& row : tx.scan(kClusterAccess, {deployment.account, deployment.region}, kMostClusters)) {
      names.push_back(row.key.back());
    }
    return names;
  };
  records.find = [&store, &deployment](const std::string& name) { return find_access(store, deployment, name); };
  records.save_keys = [&store, &deployment](std::string name, std::string id, codec::Value jwks) {
    return save_keys(store, deployment, std::move(name), std::move(id), std::move(jwks));
  };
  return records;
}

}  // namespace podpass::eks
