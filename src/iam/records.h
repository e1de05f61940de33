// IAM's records and tables. What is read together stands in one record: a role carries its attachments and inline
// policies. Keys use the lower-case name, because names are unique without regard to case.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/caller.h"
#include "codec/fields.h"
#include "iam/stored_policy.h"
#include "store/store.h"

namespace podpass::iam {

// roles/<account>/<lower name>
struct RoleRecord {
  std::string name, id, path;
  Time created{};
  std::string description;
  std::int64_t max_session_seconds = 3600;
  StoredTrustPolicy trust;
  std::optional<std::string> boundary;                  // ARN of a managed policy
  std::vector<std::string> attached;                    // ARNs of managed policies, in order of attachment
  std::map<std::string, StoredIdentityPolicy> inlined;  // by policy name
  aws::TagMap tags;
};
BOOST_DESCRIBE_STRUCT(RoleRecord, (),
                      (name, id, path, created, description, max_session_seconds, trust, boundary, attached, inlined,
                       tags))
inline constexpr store::Table<RoleRecord> kRoles{"roles"};

// users/<account>/<lower name>
struct UserRecord {
  std::string name, id, path;
  Time created{};
  std::optional<std::string> boundary;
  std::vector<std::string> attached;
  std::map<std::string, StoredIdentityPolicy> inlined;
  aws::TagMap tags;
};
BOOST_DESCRIBE_STRUCT(UserRecord, (), (name, id, path, created, boundary, attached, inlined, tags))
inline constexpr store::Table<UserRecord> kUsers{"users"};

struct PolicyVersionRecord {
  std::int64_t number = 1;
  Time created{};
  StoredIdentityPolicy document;
};
BOOST_DESCRIBE_STRUCT(PolicyVersionRecord, (), (number, created, document))

// policies/<account>/<lower name>
struct PolicyRecord {
  std::string name, id, path;
  std::string description;
  Time created{}, updated{};
  std::int64_t default_version = 1, last_version = 1;
  std::vector<PolicyVersionRecord> versions;
  aws::TagMap tags;
};
BOOST_DESCRIBE_STRUCT(PolicyRecord, (),
                      (name, id, path, description, created, updated, default_version, last_version, versions, tags))
inline constexpr store::Table<PolicyRecord> kPolicies{"policies"};

// Who uses a managed policy: policy_uses/<account>/<lower policy name>/<use>/<kind>/<lower name>, use: "attached" |
// "boundary", kind: "role" | "user". Written in the same transaction as the role or user. So AttachmentCount is a
// count, and deletion knows of all uses.
struct PolicyUseRecord {
  std::string name;  // of the role or user, as spelled
};
BOOST_DESCRIBE_STRUCT(PolicyUseRecord, (), (name))
inline constexpr store::Table<PolicyUseRecord> kPolicyUses{"policy_uses", store::Decoded::fresh};

// oidc_providers/<account>/<name>: the name is the issuer's URL without its scheme, as spelled.
struct OidcProviderRecord {
  std::string url;  // with its scheme: what a token's `iss` must be
  Time created{};
  std::vector<std::string> client_ids, thumbprints;
  aws::TagMap tags;
};
BOOST_DESCRIBE_STRUCT(OidcProviderRecord, (), (url, created, client_ids, thumbprints, tags))
inline constexpr store::Table<OidcProviderRecord> kOidcProviders{"oidc_providers"};

// access_keys/<account>/<lower user name>/<key id>; the root user's name is empty.
struct AccessKeyRecord {
  std::string id;
  std::string status;  // Active | Inactive
  Time created{};
};
BOOST_DESCRIBE_STRUCT(AccessKeyRecord, (), (id, status, created))
inline constexpr store::Table<AccessKeyRecord> kAccessKeys{"access_keys"};

// access_key_secrets/<key id>: what authentication reads. Sealed under the key at rest with the key id as associated
// data; base64.
struct AccessKeySecretRecord {
  std::string account, user;  // user: as spelled; empty: root
  bool active = true;
  std::string sealed;
};
BOOST_DESCRIBE_STRUCT(AccessKeySecretRecord, (), (account, user, active, sealed))
inline constexpr store::Table<AccessKeySecretRecord> kAccessKeySecrets{"access_key_secrets"};

}  // namespace podpass::iam

namespace podpass::store {

extern template struct RecordCodec<iam::RoleRecord>;
extern template struct RecordCodec<iam::UserRecord>;
extern template struct RecordCodec<iam::PolicyRecord>;
extern template struct RecordCodec<iam::PolicyUseRecord>;
extern template struct RecordCodec<iam::OidcProviderRecord>;
extern template struct RecordCodec<iam::AccessKeyRecord>;
extern template struct RecordCodec<iam::AccessKeySecretRecord>;

}  // namespace podpass::store
