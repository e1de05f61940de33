// EKS's records and tables. Every key begins with <account>/<region>/<cluster name>.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "aws/caller.h"
#include "codec/fields.h"
#include "crypto/jwt.h"
#include "eks/cluster_shapes.h"
#include "store/store.h"

namespace podpass::eks {

// The public keys of a cluster's issuer: the JWKS document, and the keys ready to verify with, made when the record is
// decoded.
struct StoredKeySet {
  codec::Value document;
  std::shared_ptr<const crypto::KeySet> keys;
};
codec::Value to_value(const StoredKeySet& stored);
Result<void> from_value(const codec::Value& value, codec::Reading reading, StoredKeySet& stored);

// How a registered cluster - one that has an API server of its own - is dealt with.
struct Registration {
  std::string id;             // another one whenever its ClusterAccessRecord changes
  bool reads_keys = false;    // there is a ClusterAccessRecord
  bool token_review = false;  // each token is shown to the API server too
  std::optional<Time> keys_changed;
};
BOOST_DESCRIBE_STRUCT(Registration, (), (id, reads_keys, token_review, keys_changed))

// clusters/<account>/<region>/<name>. A cluster that is PENDING has no issuer yet and no keys.
struct ClusterRecord {
  Cluster cluster;
  std::string issuer;
  StoredKeySet keys;
  std::optional<Registration> registration;  // none: a local cluster
};
BOOST_DESCRIBE_STRUCT(ClusterRecord, (), (cluster, issuer, keys, registration))
inline constexpr store::Table<ClusterRecord> kClusters{"clusters"};

// cluster_signing_keys/<account>/<region>/<name>: the private key of a local cluster's issuer, PEM, sealed at rest with
// the issuer as associated data; base64. Clusters that have an API server of their own have no such record.
struct SigningKeyRecord {
  std::string sealed;
};
BOOST_DESCRIBE_STRUCT(SigningKeyRecord, (), (sealed))
inline constexpr store::Table<SigningKeyRecord> kSigningKeys{"cluster_signing_keys"};

// cluster_access/<account>/<region>/<name>: how the signing keys of a registered cluster are read: from its API server,
// or from a URL that has nothing but the keys.
struct ClusterAccessRecord {
  std::string endpoint;  // the API server's URL, or that of the keys
  bool only_keys = false;
  std::string certificate_authority;  // PEM; empty: the system's
  std::string server_name;            // what its certificate must name; empty: the host of the endpoint
  std::string client_certificate;     // PEM; empty: none
  std::string
      sealed;  // AccessSecrets as JSON, sealed at rest with the cluster's ARN as associated data; base64. Or empty
};
BOOST_DESCRIBE_STRUCT(ClusterAccessRecord, (),
                      (endpoint, only_keys, certificate_authority, server_name, client_certificate, sealed))
inline constexpr store::Table<ClusterAccessRecord> kClusterAccess{"cluster_access"};

// cluster_issuers/<issuer id>: 32 hex digits, the last part of a local cluster's issuer URL -> whose it is.
struct IssuerRecord {
  std::string account, region, cluster;
};
BOOST_DESCRIBE_STRUCT(IssuerRecord, (), (account, region, cluster))
inline constexpr store::Table<IssuerRecord> kIssuers{"cluster_issuers"};

// pod_identity_associations/<account>/<region>/<cluster>/<namespace>/<service account>. What the key says is not said
// again: there may be a million.
struct AssociationRecord {
  std::string id;
  std::string role_arn;
  Time created{}, modified{};
  std::optional<aws::TagMap> tags;
  std::optional<bool> disable_session_tags;
  std::optional<std::string> target_role_arn, policy, owner_arn;
  std::optional<std::string> request_token,
      request_hash;  // of the request that made it, both hashed; see docs/decisions
};
BOOST_DESCRIBE_STRUCT(AssociationRecord, (),
                      (id, role_arn, created, modified, tags, disable_session_tags, target_role_arn, policy, owner_arn,
                       request_token, request_hash))
inline constexpr std::size_t kAssociationKeyParts = 5;  // account, region, cluster, namespace, service account
inline constexpr store::Table<AssociationRecord> kAssociations{"pod_identity_associations", store::Decoded::fresh};

// pod_identity_association_ids/<account>/<region>/<cluster>/<association id>
struct AssociationIdRecord {
  std::string namespace_, service_account;
};
BOOST_DESCRIBE_STRUCT(AssociationIdRecord, (), (namespace_, service_account))
inline constexpr store::Table<AssociationIdRecord> kAssociationIds{"pod_identity_association_ids",
                                                                   store::Decoded::fresh};

}  // namespace podpass::eks

namespace podpass::store {

extern template struct RecordCodec<eks::ClusterRecord>;
extern template struct RecordCodec<eks::SigningKeyRecord>;
extern template struct RecordCodec<eks::ClusterAccessRecord>;
extern template struct RecordCodec<eks::IssuerRecord>;
extern template struct RecordCodec<eks::AssociationRecord>;
extern template struct RecordCodec<eks::AssociationIdRecord>;

}  // namespace podpass::store
