// What other folders may ask of EKS: clusters, their issuers' keys, and the association of a service account. Reads
// only; pointers live as long as the transaction.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aws/call.h"
#include "eks/records.h"

namespace podpass::eks {

std::string cluster_arn(const aws::Deployment& deployment, std::string_view name);
std::string association_arn(const aws::Deployment& deployment, std::string_view cluster, std::string_view id);

const ClusterRecord* find_cluster(store::Transaction& tx, const aws::Deployment& deployment, std::string_view name);
// The same, or "No cluster found for name: X." (not_found).
Result<const ClusterRecord*> require_cluster(store::Transaction& tx, const aws::Deployment& deployment,
                                             std::string_view name);

// A name that no cluster of this deployment has, within the quota.
Result<void> check_new_cluster(store::Transaction& tx, const aws::Deployment& deployment, const std::string& name);

// The cluster as what an operation acts on: its ARN, and its tags if it is there. `record` may be null.
aws::Resource cluster_resource(std::string arn, const ClusterRecord* record);
aws::Resource cluster_resource(aws::Call& call, std::string_view name);

const AssociationRecord* find_association(store::Transaction& tx, const aws::Deployment& deployment,
                                          std::string_view cluster, std::string_view namespace_,
                                          std::string_view service_account);

inline constexpr std::string_view kDefaultVersion = "1.32";  // of Kubernetes, for clusters that name none

// What a target role is told: region/account/cluster/namespace/service-account.
std::string external_id(const aws::Deployment& deployment, std::string_view cluster, std::string_view namespace_,
                        std::string_view service_account);

// The cluster whose tokens have this `iss`; nothing if there is none, or if several registered ones have it.
std::optional<std::string> cluster_of_issuer(store::Transaction& tx, std::string_view issuer);

// An association where it was found: its names and its record.
struct FoundAssociation {
  std::string namespace_, service_account;
  const AssociationRecord* record;
};
// By its id, or "No pod identity association found for ID: ..." (not_found).
Result<FoundAssociation> require_association(aws::Call& call, const std::string& cluster, const std::string& id);
// The association as what an operation acts on: its ARN, and its tags if it is there.
aws::Resource association_resource(aws::Call& call, const std::string& cluster, const std::string& id);

// Who assumes the roles of pods, as trust policies name it and as the policy engine has it.
inline constexpr std::string_view kPodsService = "pods.eks.amazonaws.com";
policy::Principal pods_principal();
// What an exchange asks a role's trust policy for: sts:AssumeRole and, unless session tags are off, sts:TagSession.
std::span<const std::string_view> exchange_actions(std::optional<bool> disable_session_tags);
// Does a role with this trust policy let pod identity in, whatever conditions it puts on the pod? Null: no.
bool trusts_pods(const policy::Policy* trust, std::span<const std::string_view> actions);

// Every cluster whose tokens have this `iss`, exactly: URLs of clusters that run elsewhere need not be unique.
std::vector<const ClusterRecord*> clusters_of_issuer(store::Transaction& tx, const aws::Deployment& deployment,
                                                     std::string_view issuer);

// A token names a key that none of these clusters is known to have. The keys of those that have an API server are read
// anew, once a request: what is returned then is for the handler to return (aws::Call::wait_for). Nothing: they have
// been, or can't be read.
std::optional<Error> read_new_keys(const aws::Call& call, const std::vector<const ClusterRecord*>& clusters);

// Removes the cluster and all that ends with it, as on EKS: its associations. `record` is what find_cluster() gave.
void erase_cluster(store::Transaction& tx, const aws::Deployment& deployment, const std::string& name,
                   const ClusterRecord& record);

// The discovery document and the JWKS of the issuer with this id (the last part of its URL); nothing if it is unknown.
struct IssuerDocuments {
  codec::Value discovery, keys;
};
std::optional<IssuerDocuments> issuer_documents(store::Transaction& tx, std::string_view issuer_id);

inline constexpr std::size_t kMostClusters = 10'000;  // that one scan reads

// Makes a local cluster with a fresh issuer key; conflict if the name is taken. CreateCluster and `podpass up` use it.
// Generating the key takes some 50 ms, so it is made first, outside of the transaction.
struct IssuerKey {
  std::string id;  // 32 upper-case hex digits
  Secret private_key_pem;
  codec::Value jwks;
};
IssuerKey make_issuer_key(Random& random);
Result<ClusterRecord> add_cluster(store::Transaction& tx, const aws::Deployment& deployment, Cluster cluster,
                                  const IssuerKey& key, Time now);

}  // namespace podpass::eks
