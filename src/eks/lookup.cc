#include "eks/lookup.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "base/strings.h"
#include "codec/base64.h"
#include "crypto/sign.h"
#include "kube/cluster_access.h"

namespace podpass::eks {
namespace {

// Whatever the quota: it may have been higher when they were made.
template <class T>
void erase_below(store::Transaction& tx, const store::Table<T>& table, const store::KeyParts& prefix) {
  while (true) {  // the transaction sees what it has erased
    auto rows = tx.scan(table, prefix, 1'000);
    if (rows.empty()) return;
    for (const auto& row : rows) tx.erase(table, store::KeyParts(row.key.begin(), row.key.end()));
  }
}

}  // namespace

codec::Value to_value(const StoredKeySet& stored) {
  return stored.document;
}

Result<void> from_value(const codec::Value& value, codec::Reading, StoredKeySet& stored) {
  stored.document = value;
  const auto* keys = value.find("keys");
  const bool none = keys && keys->as<codec::Value::List>() && keys->as<codec::Value::List>()->empty();
  stored.keys = none ? crypto::KeySet::of({}) : TRY(crypto::KeySet::from_jwks(value));
  return {};
}

std::string cluster_arn(const aws::Deployment& deployment, std::string_view name) {
  return concat({"arn:", deployment.partition, ":eks:", deployment.region, ":", deployment.account, ":cluster/", name});
}

std::string association_arn(const aws::Deployment& deployment, std::string_view cluster, std::string_view id) {
  return concat({"arn:", deployment.partition, ":eks:", deployment.region, ":", deployment.account,
                 ":podidentityassociation/", cluster, "/", id});
}

const ClusterRecord* find_cluster(store::Transaction& tx, const aws::Deployment& deployment, std::string_view name) {
  return tx.find(kClusters, {deployment.account, deployment.region, name});
}

Result<const ClusterRecord*> require_cluster(store::Transaction& tx, const aws::Deployment& deployment,
                                             std::string_view name) {
  if (const auto* record = find_cluster(tx, deployment, name)) return record;
  return Error{ErrorKind::not_found,
               {},
               0,
               fmt::format("No cluster found for name: {}.", name),
               {},
               {{"clusterName", std::string(name)}}};
}

Result<void> check_new_cluster(store::Transaction& tx, const aws::Deployment& deployment, const std::string& name) {
  if (find_cluster(tx, deployment, name)) {
    return Error{ErrorKind::conflict, {}, 0, "Cluster already exists with name: " + name, {}, {{"clusterName", name}}};
  }
  if (!tx.has_room(kClusters, {deployment.account, deployment.region}, deployment.quotas.clusters)) {
    return Error{ErrorKind::limit,
                 {},
                 0,
                 fmt::format("The limit of {} clusters is reached.", deployment.quotas.clusters),
                 {},
                 {}};
  }
  return {};
}

aws::Resource cluster_resource(std::string arn, const ClusterRecord* record) {
  aws::Resource resource(std::move(arn));
  if (record && record->cluster.tags) resource.resource_tags(*record->cluster.tags);
  return resource;
}

aws::Resource cluster_resource(aws::Call& call, std::string_view name) {
  return cluster_resource(cluster_arn(call.deployment, name), find_cluster(call.tx, call.deployment, name));
}

const AssociationRecord* find_association(store::Transaction& tx, const aws::Deployment& deployment,
                                          std::string_view cluster, std::string_view namespace_,
                                          std::string_view service_account) {
  return tx.find(kAssociations, {deployment.account, deployment.region, cluster, namespace_, service_account});
}

Result<FoundAssociation> require_association(aws::Call& call, const std::string& cluster, const std::string& id) {
  TRY(require_cluster(call.tx, call.deployment, cluster));
  const auto* names = call.tx.find(kAssociationIds, {call.deployment.account, call.deployment.region, cluster, id});
  const auto* record =
      names ? find_association(call.tx, call.deployment, cluster, names->namespace_, names->service_account) : nullptr;
  if (record && record->id == id) return FoundAssociation{names->namespace_, names->service_account, record};
  return Error{ErrorKind::not_found,
               {},
               0,
               fmt::format("No pod identity association found for ID: {} in cluster: {}.", id, cluster),
               {},
               {{"clusterName", cluster}}};
}

aws::Resource association_resource(aws::Call& call, const std::string& cluster, const std::string& id) {
  aws::Resource resource(association_arn(call.deployment, cluster, id));
  if (auto found = require_association(call, cluster, id); found && found->record->tags) {
    resource.resource_tags(*found->record->tags);
  }
  return resource;
}

policy::Principal pods_principal() {
  policy::Principal pods;
  pods.type = policy::PrincipalType::service;
  pods.service = kPodsService;
  return pods;
}

std::span<const std::string_view> exchange_actions(std::optional<bool> disable_session_tags) {
  static constexpr std::string_view kActions[] = {"sts:AssumeRole", "sts:TagSession"};
  return std::span(kActions).first(disable_session_tags.value_or(false) ? 1 : 2);
}

bool trusts_pods(const policy::Policy* trust, std::span<const std::string_view> actions) {
  const auto pods = pods_principal();
  return trust && std::ranges::all_of(actions, [&](auto action) { return trust->may_allow(pods, action); });
}

std::string external_id(const aws::Deployment& deployment, std::string_view cluster, std::string_view namespace_,
                        std::string_view service_account) {
  return fmt::format("{}/{}/{}/{}/{}", deployment.region, deployment.account, cluster, namespace_, service_account);
}

std::optional<std::string> cluster_of_issuer(store::Transaction& tx, std::string_view issuer) {
  const auto* local = tx.find(kIssuers, {issuer.substr(issuer.rfind('/') + 1)});
  if (local) {
    const auto* record = tx.find(kClusters, {local->account, local->region, local->cluster});
    if (record && record->issuer == issuer) return local->cluster;
  }
  std::optional<std::string> found;
  for (const auto& row : tx.scan(kClusters, {}, kMostClusters)) {
    if (!row.record->registration || row.record->issuer != issuer) continue;
    if (found) return std::nullopt;
    found = row.key.back();
  }
  return found;
}

std::optional<Error> read_new_keys(const aws::Call& call, const std::vector<const ClusterRecord*>& clusters) {
  auto* access = call.deployment.clusters;
  if (!access || call.waits > 0) return std::nullopt;
  std::vector<std::string> names;
  for (const auto* cluster : clusters) {
    if (cluster->registration && cluster->registration->reads_keys) names.push_back(cluster->cluster.name.value_or(""));
  }
  if (names.empty()) return std::nullopt;
  return call.wait_for([access, names = std::move(names)](std::function<void()> done) {
    auto rest = std::make_shared<std::atomic<std::size_t>>(names.size());
    for (const auto& name : names) {
      access->read_keys(name, [rest, done] {
        if (--*rest == 0) done();
      });
    }
  });
}

void erase_cluster(store::Transaction& tx, const aws::Deployment& deployment, const std::string& name,
                   const ClusterRecord& record) {
  const store::KeyParts cluster_key{deployment.account, deployment.region, name};
  erase_below(tx, kAssociations, cluster_key);
  erase_below(tx, kAssociationIds, cluster_key);
  if (record.registration) {
    tx.erase(kClusterAccess, cluster_key);
  } else {
    tx.erase(kIssuers, {std::string_view(record.issuer).substr(record.issuer.rfind('/') + 1)});
    tx.erase(kSigningKeys, cluster_key);
  }
  tx.erase(kClusters, cluster_key);
}

std::vector<const ClusterRecord*> clusters_of_issuer(store::Transaction& tx, const aws::Deployment& deployment,
                                                     std::string_view issuer) {
  std::vector<const ClusterRecord*> clusters;
  // The quota bounds how many there are, and they are in memory.
  for (const auto& row : tx.scan(kClusters, {deployment.account, deployment.region}, deployment.quotas.clusters)) {
    if (row.record->issuer == issuer) clusters.push_back(row.record);
  }
  return clusters;
}

std::optional<IssuerDocuments> issuer_documents(store::Transaction& tx, std::string_view issuer_id) {
  const auto* issuer = tx.find(kIssuers, {issuer_id});
  if (!issuer) return std::nullopt;
  const auto* record = tx.find(kClusters, {issuer->account, issuer->region, issuer->cluster});
  if (!record) return std::nullopt;
  using codec::Value;
  auto discovery = Value::map({{"issuer", record->issuer},
                               {"jwks_uri", record->issuer + "/keys"},
                               {"authorization_endpoint", "urn:kubernetes:programmatic_authorization"},
                               {"response_types_supported", Value::list({"id_token"})},
                               {"subject_types_supported", Value::list({"public"})},
                               {"claims_supported", Value::list({"sub", "iss"})},
                               {"id_token_signing_alg_values_supported", Value::list({"RS256"})}});
  return IssuerDocuments{std::move(discovery), record->keys.document};
}

IssuerKey make_issuer_key(Random& random) {
  auto key = crypto::SigningKey::generate_rsa();
  return {random.text("0123456789ABCDEF", 32), key.to_pem(), crypto::KeySet::to_jwks({key.public_key()})};
}

Result<ClusterRecord> add_cluster(store::Transaction& tx, const aws::Deployment& deployment, Cluster cluster,
                                  const IssuerKey& key, Time now) {
  const auto name = cluster.name.value();
  store::KeyParts cluster_key{deployment.account, deployment.region, name};
  TRY(check_new_cluster(tx, deployment, name));
  ClusterRecord record;
  record.issuer = fmt::format("{}/id/{}", deployment.endpoint, key.id);
  record.keys.document = key.jwks;
  record.keys.keys = TRY(crypto::KeySet::from_jwks(key.jwks));
  cluster.arn = cluster_arn(deployment, name);
  cluster.createdAt = now;
  cluster.status = "ACTIVE";
  cluster.platformVersion = "podpass.1";
  cluster.identity = Identity{Oidc{record.issuer}};
  if (!cluster.tags) cluster.tags.emplace();
  cluster.health = ClusterHealth{std::vector<ClusterIssue>{}};
  record.cluster = std::move(cluster);
  auto sealed = deployment.at_rest->seal(key.private_key_pem.reveal(), record.issuer);
  tx.put(kSigningKeys, cluster_key, SigningKeyRecord{codec::base64_encode(sealed)});
  tx.put(kIssuers, {key.id}, IssuerRecord{deployment.account, deployment.region, name});
  tx.put(kClusters, cluster_key, record);
  return record;
}

}  // namespace podpass::eks
