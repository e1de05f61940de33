#include "eks/registrations.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "codec/base64.h"
#include "eks/lookup.h"
#include "eks/validate.h"

namespace podpass::eks {
namespace {

constexpr std::size_t kMaxIssuerBytes = 1'000;

// A cluster that is being registered or changed: its record, and how it is reached if it is.
struct Draft {
  std::string name;
  ClusterRecord record;
  std::optional<ClusterAccessRecord> access;
};

store::KeyParts cluster_key(const aws::Call& call, std::string_view name) {
  return {call.deployment.account, call.deployment.region, name};
}

Result<void> set_issuer(Draft& draft, const std::string& issuer) {
  const bool visible = std::ranges::all_of(issuer, [](char c) { return c > ' ' && c <= '~'; });
  if (issuer.empty() || issuer.size() > kMaxIssuerBytes || !visible) {
    return Error::invalid(
        "issuer: give what the cluster's tokens have as iss, which is the issuer of its openid-configuration.");
  }
  draft.record.issuer = issuer;
  draft.record.cluster.identity = Identity{Oidc{issuer}};
  return {};
}

// Only what verifies is kept: nobody's private key by mistake.
Result<void> set_keys(Draft& draft, const codec::Value& jwks, Time now) {
  auto keys = crypto::KeySet::from_jwks(jwks);
  if (!keys) return Error::invalid("jwks: it is not a usable key set: " + keys.error().message);
  draft.record.keys = {(*keys)->to_jwks(), *keys};
  draft.record.registration->keys_changed = now;
  return {};
}

void set_access(aws::Call& call, Draft& draft, std::optional<ClusterAccessRecord> access) {
  draft.access = std::move(access);
  auto& registration = *draft.record.registration;
  registration.id = call.random().uuid();
  registration.reads_keys = draft.access.has_value();
  auto& cluster = draft.record.cluster;
  cluster.endpoint.reset();
  cluster.certificateAuthority.reset();
  if (!draft.access || draft.access->only_keys) return;
  cluster.endpoint = draft.access->endpoint;
  if (!draft.access->certificate_authority.empty()) {
    cluster.certificateAuthority = Certificate{codec::base64_encode(draft.access->certificate_authority)};
  }
}

Result<void> check_whole(const Draft& draft) {
  const bool can_ask = draft.access && !draft.access->only_keys;
  if (draft.record.registration->token_review && !can_ask) {
    return Error::invalid("tokenReview: there is no API server that could be asked. Give apiServer.");
  }
  return {};
}

// How the request says that the cluster is reached; nothing if it says nothing.
Result<std::optional<ClusterAccessRecord>> requested_access(aws::Call& call, const std::string& name,
                                                            const std::optional<ApiServerRequest>& server,
                                                            const std::optional<ApiServerCredentials>& credentials,
                                                            const std::optional<std::string>& jwks_uri) {
  if (server && jwks_uri) return Error::invalid("jwksUri: the API server has the keys. Give one of the two.");
  std::optional<ClusterAccessRecord> access;
  if (jwks_uri) access = TRY(make_keys_access(*jwks_uri));
  if (server) {
    access = TRY(make_access(call.deployment, cluster_arn(call.deployment, name), *server, credentials));
  } else if (credentials) {
    return Error::invalid("credentials: there is no API server that they are for. Give apiServer.");
  }
  return access;
}

// The API server as it is known, for other credentials.
ApiServerRequest as_request(const ClusterAccessRecord& access) {
  ApiServerRequest server{access.endpoint, {}, {}};
  if (!access.server_name.empty()) server.tlsServerName = access.server_name;
  if (!access.certificate_authority.empty()) {
    server.certificateAuthorityData = codec::base64_encode(access.certificate_authority);
  }
  return server;
}

void save(aws::Call& call, const Draft& draft) {
  const auto key = cluster_key(call, draft.name);
  if (draft.access) {
    call.tx.put(kClusterAccess, key, *draft.access);
  } else {
    call.tx.erase(kClusterAccess, key);
  }
  call.tx.put(kClusters, key, draft.record);
}

std::vector<std::string> key_ids(const codec::Value& jwks) {
  std::vector<std::string> ids;
  const auto* keys = jwks.find("keys");
  const auto* list = keys ? keys->as<codec::Value::List>() : nullptr;
  if (!list) return ids;
  for (const auto& key : *list) ids.emplace_back(key.text("kid"));
  return ids;
}

bool shares_issuer(const aws::Call& call, const std::string& name, const std::string& issuer) {
  const auto clusters = clusters_of_issuer(call.tx, call.deployment, issuer);
  return std::ranges::any_of(clusters, [&](const auto* cluster) { return cluster->cluster.name != name; });
}

ClusterRegistration shape(const aws::Call& call, const std::string& name, const ClusterRecord& record,
                          const ClusterAccessRecord* access) {
  ClusterRegistration out;
  out.clusterName = name;
  out.clusterArn = cluster_arn(call.deployment, name);
  out.kind = record.registration ? "REGISTERED" : "LOCAL";
  out.status = record.cluster.status.value_or("ACTIVE");
  if (!record.issuer.empty()) {
    out.issuer = record.issuer;
    out.sharesIssuer = shares_issuer(call, name, record.issuer);
  }
  out.keyIds = key_ids(record.keys.document);
  out.keysFingerprint = hex(record.keys.keys->fingerprint().view());
  if (!record.registration) return out;
  out.keysChangedAt = record.registration->keys_changed;
  out.tokenReview = record.registration->token_review;
  if (!access) return out;
  (access->only_keys ? out.jwksUri : out.apiServerEndpoint) = access->endpoint;
  out.credentials = credentials_kind(*access);
  if (!call.deployment.clusters) return out;
  auto status = call.deployment.clusters->keys_status(name);
  out.keysReadAt = status.read;
  out.lastFailureAt = status.failed;
  if (!status.failure.empty()) out.lastFailure = std::move(status.failure);
  return out;
}

Error still_pending(const std::string& name) {
  return Error::invalid(
      fmt::format("Cluster {} is pending. Complete it first with `podpass cluster register {}`.", name, name));
}

Result<void> check_pending(const aws::Call& call, const ClusterRecord& record, const std::string& name) {
  const auto& connector = record.cluster.connectorConfig;
  if (!connector || !connector->activationExpiry || call.now < *connector->activationExpiry) return {};
  return Error::invalid(
      fmt::format("The registration of cluster {} was not completed in time and expired at {}. Remove it with "
                  "DeregisterCluster, and register it again.",
                  name, format_iso8601(*connector->activationExpiry)));
}

}  // namespace

Result<aws::Resource> RegisterExternalCluster::resource(aws::Call& call, const Request& request) {
  TRY(check_cluster_name(request.clusterName));
  return cluster_resource(call, request.clusterName).request_tags(request.tags);
}

Result<RegistrationResponse> RegisterExternalCluster::handle(aws::Call& call, const Request& request) {
  const auto& name = request.clusterName;
  if (!request.tags.empty()) {
    TRY(call.authorize("eks:TagResource", cluster_resource(call, name).request_tags(request.tags)));
  }
  Draft draft{name, {}, {}};
  const auto* existing = find_cluster(call.tx, call.deployment, name);
  if (existing && existing->cluster.status == "PENDING") {
    TRY(check_pending(call, *existing, name));
    draft.record = *existing;
    auto& connector = draft.record.cluster.connectorConfig;
    if (connector) connector = ConnectorConfig{{}, {}, {}, connector->provider, connector->roleArn};
  } else {
    TRY(check_new_cluster(call.tx, call.deployment, name));
    auto& cluster = draft.record.cluster;
    cluster.name = name;
    cluster.arn = cluster_arn(call.deployment, name);
    cluster.createdAt = call.now;
    cluster.tags.emplace();
    cluster.health = ClusterHealth{std::vector<ClusterIssue>{}};
  }
  draft.record.cluster.status = "ACTIVE";
  for (const auto& [key, value] : request.tags) (*draft.record.cluster.tags)[key] = value;
  TRY(check_tags(*draft.record.cluster.tags));  // with those of before
  draft.record.registration.emplace().token_review = request.tokenReview.value_or(false);
  TRY(set_issuer(draft, request.issuer));
  TRY(set_keys(draft, request.jwks, call.now));
  auto access = TRY(requested_access(call, name, request.apiServer, request.credentials, request.jwksUri));
  set_access(call, draft, std::move(access));
  TRY(check_whole(draft));
  save(call, draft);
  return Response{shape(call, name, draft.record, draft.access ? &*draft.access : nullptr)};
}

Result<aws::Resource> UpdateClusterRegistration::resource(aws::Call& call, const Request& request) {
  TRY(check_cluster_name(request.clusterName));
  return cluster_resource(call, request.clusterName);
}

Result<RegistrationResponse> UpdateClusterRegistration::handle(aws::Call& call, const Request& request) {
  const auto& name = request.clusterName;
  const auto* existing = TRY(require_cluster(call.tx, call.deployment, name));
  if (!existing->registration) {
    return Error::invalid(fmt::format("Cluster {} was created here and issues its own tokens.", name));
  }
  if (existing->cluster.status == "PENDING") return still_pending(name);
  if (!request.issuer && !request.jwks && !request.apiServer && !request.credentials && !request.jwksUri &&
      !request.tokenReview) {
    return Error::invalid(
        "Nothing to update: give at least one of issuer, jwks, apiServer, credentials, jwksUri and tokenReview.");
  }
  const auto* access = call.tx.find(kClusterAccess, cluster_key(call, name));
  Draft draft{name, *existing, access ? std::optional(*access) : std::nullopt};
  if (request.tokenReview) draft.record.registration->token_review = *request.tokenReview;
  if (request.issuer) TRY(set_issuer(draft, *request.issuer));
  if (request.jwks) TRY(set_keys(draft, *request.jwks, call.now));
  if (request.apiServer || request.jwksUri || request.credentials) {
    auto server = request.apiServer;
    auto jwks_uri = request.jwksUri;
    if (server && server->endpoint.empty()) server.reset();  // both may be given empty: to forget
    if (jwks_uri && jwks_uri->empty()) jwks_uri.reset();
    if (!request.apiServer && !request.jwksUri && access && !access->only_keys) server = as_request(*access);
    auto changed = TRY(requested_access(call, name, server, request.credentials, jwks_uri));
    set_access(call, draft, std::move(changed));
  }
  TRY(check_whole(draft));
  save(call, draft);
  return Response{shape(call, name, draft.record, draft.access ? &*draft.access : nullptr)};
}

Result<aws::Resource> DescribeClusterRegistration::resource(aws::Call& call, const Request& request) {
  TRY(check_cluster_name(request.clusterName));
  return cluster_resource(call, request.clusterName);
}

Result<RegistrationResponse> DescribeClusterRegistration::handle(aws::Call& call, const Request& request) {
  const auto* record = TRY(require_cluster(call.tx, call.deployment, request.clusterName));
  const auto* access = call.tx.find(kClusterAccess, cluster_key(call, request.clusterName));
  return Response{shape(call, request.clusterName, *record, access)};
}

}  // namespace podpass::eks
