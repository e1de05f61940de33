#include "web_identity/identity.h"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/jwt.h"
#include "eks/lookup.h"
#include "iam/lookup.h"

namespace podpass::web_identity {
namespace {

constexpr std::size_t kMaxShownIssuer = 255;  // no provider's URL is longer

struct Signed {
  codec::Value claims;
  std::string cluster;
};

// The claims, by the first cluster with a key that signed them.
Result<Signed> verify_signature(const aws::Call& call, std::string_view token, const std::string& issuer) {
  const auto clusters = eks::clusters_of_issuer(call.tx, call.deployment, issuer);
  if (clusters.empty()) {
    return invalid_token(
        fmt::format("Couldn't retrieve verification key from your identity provider: no cluster of this Podpass issues "
                    "tokens as {}. Register the cluster; keys of other providers are not fetched.",
                    issuer));
  }
  std::optional<crypto::JwtError> failure;
  for (const auto* cluster : clusters) {
    auto claims = crypto::verify_jwt(token, *cluster->keys.keys);
    if (claims) return Signed{*std::move(claims), cluster->cluster.name.value_or("")};
    const bool tells_more = !failure || failure->kind == crypto::JwtError::Kind::unknown_key;
    if (tells_more) failure = std::move(claims).error();
  }
  if (failure->kind == crypto::JwtError::Kind::unknown_key) {
    if (auto waits = eks::read_new_keys(call, clusters)) return *std::move(waits);
    return invalid_token(
        "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
        "documentation for requirements",
        failure->message);
  }
  return invalid_token(fmt::format("The ID Token provided is not valid: {}.", failure->message));
}

}  // namespace

Result<Identity> identify(const aws::Call& call, std::string_view token, std::string_view account) {
  // Not proven yet: the issuer only says whose keys to ask.
  const auto unproven = crypto::parse_jwt(token);
  if (!unproven) {
    return invalid_token(
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        unproven.error().message);
  }
  const std::string issuer(unproven->claims.text("iss"));
  if (issuer.empty()) return invalid_token("Missing a required claim: iss.");
  const auto* provider = iam::find_oidc_provider(call.tx, account, issuer);
  if (!provider) {
    return invalid_token(fmt::format("No OpenIDConnect provider found in your account for {}",
                                     std::string_view(issuer).substr(0, kMaxShownIssuer)));
  }
  auto proven = TRY(verify_signature(call, token, issuer));
  Identity identity;
  identity.claims = TRY(read_claims(proven.claims));
  TRY(check_time(identity.claims, call.now));
  if (std::ranges::find(provider->client_ids, identity.claims.audience) == provider->client_ids.end()) {
    return invalid_token("Incorrect token audience");
  }
  identity.provider_arn = iam::oidc_provider_arn(call.deployment, account, issuer);
  identity.provider_name = iam::oidc_provider_name(issuer);
  identity.cluster_arn = eks::cluster_arn(call.deployment, proven.cluster);
  identity.cluster = std::move(proven.cluster);
  return identity;
}

}  // namespace podpass::web_identity
