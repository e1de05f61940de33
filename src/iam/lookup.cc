#include "iam/lookup.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/strings.h"
#include "codec/base64.h"
#include "iam/arns.h"
#include "iam/errors.h"
#include "iam/provider_urls.h"

namespace podpass::iam {
namespace {

constexpr std::string_view kIdAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::size_t kAccessKeyIdCharacters = 16;
constexpr std::size_t kSecretBytes = 30;  // 40 characters of base64

const PolicyVersionRecord* default_version(const PolicyRecord& policy) {
  for (const auto& version : policy.versions) {
    if (version.number == policy.default_version) return &version;
  }
  return nullptr;
}

// What stands in for a boundary that is gone.
const std::shared_ptr<const policy::Policy>& nothing_allowed() {
  static const std::shared_ptr<const policy::Policy> kNothing = [] {
    auto parsed =
        policy::Policy::parse(R"({"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}})",
                              policy::Kind::identity);
    CHECK(parsed.has_value());
    return *parsed;
  }();
  return kNothing;
}

template <class Record>
const Record* find_by_id(store::Transaction& tx, const store::Table<Record>& table, std::string_view account,
                         std::string_view id) {
  constexpr std::size_t kAtOnce = 1'000;
  std::vector<std::string> last;
  while (true) {
    auto rows = tx.scan(table, {account}, kAtOnce, store::KeyParts(last.begin(), last.end()));
    for (const auto& row : rows) {
      if (row.record->id == id) return row.record;
    }
    if (rows.size() < kAtOnce) return nullptr;
    last = rows.back().key;
  }
}

bool is_unique_id(std::string_view text, std::string_view prefix) {
  return text.size() >= 16 && text.starts_with(prefix) && only_alnum_and(text, "");
}

template <class Record>
aws::Authority authority(store::Transaction& tx, const Record& record) {
  aws::Authority result;
  for (const auto& arn : record.attached) {
    if (auto policy = find_managed_policy(tx, arn)) {
      result.add_identity(std::move(policy), arn);
    } else if (find_policy_by_arn(tx, arn) != nullptr) {
      result.add_identity(nothing_allowed(), arn);  // it is there and cannot be read: it might deny anything
    }
  }
  for (const auto& [name, policy] : record.inlined) {
    result.add_identity(policy.compiled ? policy.compiled : nothing_allowed(), "", name);
  }
  if (record.boundary) {
    auto boundary = find_managed_policy(tx, *record.boundary);
    result.set_boundary(boundary ? std::move(boundary) : nothing_allowed(), *record.boundary);
  }
  return result;
}

}  // namespace

std::string role_arn(const aws::Deployment& deployment, std::string_view account, const RoleRecord& role) {
  return make_arn(deployment.partition, account, "role", role.path, role.name);
}

std::string user_arn(const aws::Deployment& deployment, std::string_view account, const UserRecord& user) {
  return make_arn(deployment.partition, account, "user", user.path, user.name);
}

std::string policy_arn(const aws::Deployment& deployment, std::string_view account, const PolicyRecord& policy) {
  return make_arn(deployment.partition, account, "policy", policy.path, policy.name);
}

const RoleRecord* find_role(store::Transaction& tx, std::string_view account, std::string_view name) {
  return tx.find(kRoles, {account, to_lower(name)});
}

const UserRecord* find_user(store::Transaction& tx, std::string_view account, std::string_view name) {
  return tx.find(kUsers, {account, to_lower(name)});
}

const RoleRecord* find_role_by_arn(store::Transaction& tx, const aws::Deployment& deployment, std::string_view arn) {
  auto parts = parse_arn(arn, "role");
  if (!parts || parts->partition != deployment.partition) return nullptr;
  const auto* role = find_role(tx, parts->account, parts->name);
  return role && role->name == parts->name && role->path == parts->path ? role : nullptr;
}

const UserRecord* find_user_by_arn(store::Transaction& tx, const aws::Deployment& deployment, std::string_view arn) {
  auto parts = parse_arn(arn, "user");
  if (!parts || parts->partition != deployment.partition) return nullptr;
  const auto* user = find_user(tx, parts->account, parts->name);
  return user && user->name == parts->name && user->path == parts->path ? user : nullptr;
}

const PolicyRecord* find_policy_by_arn(store::Transaction& tx, std::string_view arn) {
  auto parts = parse_arn(arn, "policy");
  if (!parts) return nullptr;
  const auto* policy = tx.find(kPolicies, {parts->account, to_lower(parts->name)});
  return policy && policy->name == parts->name && policy->path == parts->path ? policy : nullptr;
}

const OidcProviderRecord* find_oidc_provider(store::Transaction& tx, std::string_view account,
                                             std::string_view issuer) {
  const auto* provider = tx.find(kOidcProviders, {account, provider_name(issuer)});
  return provider && provider->url == issuer ? provider : nullptr;  // http and https are two
}

std::string_view oidc_provider_name(std::string_view issuer) {
  return provider_name(issuer);
}

std::string oidc_provider_arn(const aws::Deployment& deployment, std::string_view account, std::string_view issuer) {
  return concat({"arn:", deployment.partition, ":iam::", account, ":oidc-provider/", provider_name(issuer)});
}

const UserRecord* find_user_by_id(store::Transaction& tx, std::string_view account, std::string_view id) {
  return find_by_id(tx, kUsers, account, id);
}

Result<policy::PrincipalIds> resolve_principals(store::Transaction& tx, const aws::Deployment& deployment,
                                                std::string_view local_account, const policy::Policy& document) {
  policy::PrincipalIds ids;
  for (const auto& entry : document.principals()) {
    if (entry.type != "AWS") continue;
    bool known = true;
    auto role = parse_arn(entry.value, "role");
    auto user = parse_arn(entry.value, "user");
    if (const auto* found = find_role_by_arn(tx, deployment, entry.value)) {
      ids.emplace(entry.value, found->id);
    } else if (const auto* owner = find_user_by_arn(tx, deployment, entry.value)) {
      ids.emplace(entry.value, owner->id);
    } else if (role || user) {
      known = (role ? *role : *user).account != local_account;
    } else if (is_unique_id(entry.value, "AROA")) {
      known = find_by_id(tx, kRoles, local_account, entry.value) != nullptr;
    } else if (is_unique_id(entry.value, "AIDA")) {
      known = find_by_id(tx, kUsers, local_account, entry.value) != nullptr;
    }
    if (!known) return malformed_policy(fmt::format("Invalid principal in policy: \"AWS\":\"{}\"", entry.value));
  }
  return ids;
}

std::optional<std::string> account_of_role_arn(std::string_view arn) {
  auto parts = parse_arn(arn, "role");
  if (!parts) return std::nullopt;
  return std::string(parts->account);
}

std::shared_ptr<const policy::Policy> find_managed_policy(store::Transaction& tx, std::string_view arn) {
  const auto* policy = find_policy_by_arn(tx, arn);
  const auto* version = policy ? default_version(*policy) : nullptr;
  return version ? version->document.compiled : nullptr;
}

aws::Authority authority_of(store::Transaction& tx, const RoleRecord& role) {
  return authority(tx, role);
}
aws::Authority authority_of(store::Transaction& tx, const UserRecord& user) {
  return authority(tx, user);
}

Result<std::optional<AccessKeyOwner>> find_access_key(store::Transaction& tx, const aws::Deployment& deployment,
                                                      std::string_view access_key_id) {
  const auto* record = tx.find(kAccessKeySecrets, {access_key_id});
  if (!record) return std::optional<AccessKeyOwner>{};
  auto sealed = codec::base64_decode(record->sealed);
  if (!sealed) return Error::internal(fmt::format("the sealed secret of access key {} is not base64", access_key_id));
  auto secret = deployment.at_rest->open(*sealed, access_key_id);
  if (!secret) {
    return Error::internal(
        fmt::format("the secret of access key {} cannot be unsealed with the present keys", access_key_id));
  }
  return std::optional<AccessKeyOwner>({record->account, record->user, Secret(std::move(*secret)), record->active});
}

// The account stands in bits 46 to 7 of the first 48; the bit before it says that it does. Not documented by AWS, but
// widely read.
std::string make_access_key_id(Random& random, std::string_view prefix, std::string_view account) {
  std::string id(prefix.size() + kAccessKeyIdCharacters, '\0');
  const auto characters = std::span(id).subspan(std::ranges::copy(prefix, id.begin()).out - id.begin());
  random.text(kIdAlphabet, characters);
  auto number = parse_integer(account);
  if (number && *number >= 0 && *number < (std::int64_t{1} << 40)) {
    // Nine characters are 45 bits: the flag, the account, and the first four of the random bits.
    auto bits = (std::uint64_t{1} << 44) | (static_cast<std::uint64_t>(*number) << 4) | (random.number() & 15);
    for (std::size_t i = 9; i-- > 0; bits >>= 5) characters[i] = kIdAlphabet[bits & 31];
  }
  return id;
}

std::optional<std::string> account_of_access_key_id(std::string_view access_key_id) {
  if (access_key_id.size() != 4 + kAccessKeyIdCharacters) return std::nullopt;
  std::uint64_t bits = 0;
  for (char c : access_key_id.substr(4, 9)) {
    auto digit = kIdAlphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 5 | digit;
  }
  if (!(bits >> 44)) return std::nullopt;
  return fmt::format("{:012}", (bits >> 4) & ((std::uint64_t{1} << 40) - 1));
}

NewAccessKey make_access_key(store::Transaction& tx, const aws::Deployment& deployment, std::string_view account,
                             std::string_view user, Time now) {
  unsigned char bytes[kSecretBytes];
  deployment.random->fill(bytes);
  NewAccessKey key{make_access_key_id(*deployment.random, "AKIA", account),
                   Secret(codec::base64_encode({reinterpret_cast<const char*>(bytes), sizeof bytes}))};
  explicit_bzero(bytes, sizeof bytes);
  auto sealed = codec::base64_encode(deployment.at_rest->seal(key.secret.reveal(), key.id));
  tx.put(kAccessKeys, {account, to_lower(user), key.id}, {key.id, "Active", now});
  tx.put(kAccessKeySecrets, {key.id}, {std::string(account), std::string(user), true, std::move(sealed)});
  return key;
}

}  // namespace podpass::iam
