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

// clusters/<account>/<region>/<name>
struct ClusterRecord {
  Cluster cluster;
  std::string issuer;
  StoredKeySet keys;
};
BOOST_DESCRIBE_STRUCT(ClusterRecord, (), (cluster, issuer, keys))
inline constexpr store::Table<ClusterRecord> kClusters{"clusters"};

// cluster_signing_keys/<account>/<region>/<name>: the private key of a local cluster's issuer, PEM, sealed at rest with
// the issuer as associated data; base64. Clusters that have an API server of their own have no such record.
struct SigningKeyRecord {
  std::string sealed;
};
BOOST_DESCRIBE_STRUCT(SigningKeyRecord, (), (sealed))
inline constexpr store::Table<SigningKeyRecord> kSigningKeys{"cluster_signing_keys"};

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
inline constexpr store::Table<AssociationRecord> kAssociations{"pod_identity_associations", store::Decoded::fresh};

// pod_identity_association_ids/<account>/<region>/<cluster>/<association id>
struct AssociationIdRecord {
  std::string namespace_, service_account;
};
BOOST_DESCRIBE_STRUCT(AssociationIdRecord, (), (namespace_, service_account))
inline constexpr store::Table<AssociationIdRecord> kAssociationIds{"pod_identity_association_ids",
                                                                   store::Decoded::fresh};

}  // namespace podpass::eks
