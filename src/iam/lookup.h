// What other folders may ask of IAM: roles, users, keys, and the policies that bind them. The one header of this folder
// that sts, eks, eks_auth and the gateway include. Reads only; all pointers live as long as the transaction.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aws/call.h"
#include "iam/records.h"

namespace podpass::iam {

std::string role_arn(const aws::Deployment& deployment, std::string_view account, const RoleRecord& role);
std::string user_arn(const aws::Deployment& deployment, std::string_view account, const UserRecord& user);
std::string policy_arn(const aws::Deployment& deployment, std::string_view account, const PolicyRecord& policy);

const RoleRecord* find_role(store::Transaction& tx, std::string_view account, std::string_view name);
const UserRecord* find_user(store::Transaction& tx, std::string_view account, std::string_view name);

// The role that `arn` names exactly: account, path and name. Null if there is none.
const RoleRecord* find_role_by_arn(store::Transaction& tx, const aws::Deployment& deployment, std::string_view arn);

// The account of a well-formed role ARN with a good path and name; nothing if it is not one.
std::optional<std::string> account_of_role_arn(std::string_view arn);

// The user that `arn` names exactly. Null if there is none.
const UserRecord* find_user_by_arn(store::Transaction& tx, const aws::Deployment& deployment, std::string_view arn);

// The customer managed policy that `arn` names exactly. Null if there is none.
const PolicyRecord* find_policy_by_arn(store::Transaction& tx, std::string_view arn);

// The OpenID Connect provider of the account for tokens with this `iss`, exactly. Null if there is none.
const OidcProviderRecord* find_oidc_provider(store::Transaction& tx, std::string_view account, std::string_view issuer);
// What it is called in its ARN and in condition keys: the issuer without its scheme. A view into `issuer`.
std::string_view oidc_provider_name(std::string_view issuer);
std::string oidc_provider_arn(const aws::Deployment& deployment, std::string_view account, std::string_view issuer);

// The user with this unique id; looks at every user of the account.
const UserRecord* find_user_by_id(store::Transaction& tx, std::string_view account, std::string_view id);

// The unique ids of the roles and users that the principals of a trust or bucket policy name by ARN. One of
// `local_account` that does not exist is an error: MalformedPolicyDocument, "Invalid principal in policy: ...". Those
// of other accounts are resolved if they are known here and stay as they are if not.
Result<policy::PrincipalIds> resolve_principals(store::Transaction& tx, const aws::Deployment& deployment,
                                                std::string_view local_account, const policy::Policy& document);

// The quota of trust policies, in characters, white space outside of strings not counted.
inline constexpr std::size_t kMaxTrustPolicy = 2'048;

// The policy's text, with its principals as they are called now: where one's entity is gone its unique id stands in
// place of the ARN, so that saving the text again doesn't let in whoever has the name by then; where it was renamed,
// its new ARN. `ids` is what resolve_principals() found when the text was saved.
std::string with_current_names(store::Transaction& tx, const aws::Deployment& deployment, std::string_view account,
                               const std::string& text, const policy::PrincipalIds& ids);

// A customer managed policy's default version, by ARN; null if it is unknown.
std::shared_ptr<const policy::Policy> find_managed_policy(store::Transaction& tx, std::string_view arn);

// Attached and inline policies and the boundary. A policy that is gone counts as one that allows nothing; a boundary
// that is gone denies all.
aws::Authority authority_of(store::Transaction& tx, const RoleRecord& role);
aws::Authority authority_of(store::Transaction& tx, const UserRecord& user);

struct AccessKeyOwner {
  std::string account, user;  // user: empty for root
  Secret secret;
  bool active = true;
};
// Nothing if the key is unknown; internal if its secret cannot be unsealed.
Result<std::optional<AccessKeyOwner>> find_access_key(store::Transaction& tx, const aws::Deployment& deployment,
                                                      std::string_view access_key_id);

// A new access key id: the prefix ("AKIA", "ASIA") and 16 characters of A-Z2-7 that carry the account, as AWS's do
// (sts:GetAccessKeyInfo).
std::string make_access_key_id(Random& random, std::string_view prefix, std::string_view account);
std::optional<std::string> account_of_access_key_id(std::string_view access_key_id);

// Makes an access key for a user (empty: root) and returns its secret; the caller checks limits and permissions.
struct NewAccessKey {
  std::string id;
  Secret secret;
};
NewAccessKey make_access_key(store::Transaction& tx, const aws::Deployment& deployment, std::string_view account,
                             std::string_view user, Time now);

}  // namespace podpass::iam
