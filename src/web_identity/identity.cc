#include "web_identity/identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "crypto/jwt.h"
#include "eks/lookup.h"
#include "iam/lookup.h"
#include "kube/cluster_access.h"

namespace podpass::web_identity {
namespace {

constexpr std::size_t kMaxShownIssuer = 255;  // no provider's URL is longer

using Clusters = std::vector<const eks::ClusterRecord*>;

struct Signed {
  codec::Value claims;
  const eks::ClusterRecord* cluster = nullptr;
  bool shares_issuer = false;
};

// The issuer's side is away. AWS calls it so, and clients try again.
Error communication_error(std::string_view issuer, std::string cause) {
  return {ErrorKind::unavailable,
          "IDPCommunicationError",
          400,
          fmt::format("The identity provider {} cannot be asked about the token just now. Try again.", issuer),
          std::move(cause),
          {}};
}

// The token is of a key that is not stored. Registered clusters may have new ones: they are read, once.
Error unknown_key(const aws::Call& call, std::string_view issuer, const Clusters& clusters, std::string cause) {
  if (auto waits = eks::read_new_keys(call, clusters)) return *std::move(waits);
  for (const auto* cluster : clusters) {
    const bool reads = cluster->registration && cluster->registration->reads_keys;
    if (!reads || !call.deployment.clusters) continue;
    const auto status = call.deployment.clusters->keys_status(*cluster->cluster.name);
    if (!status.failure.empty()) return communication_error(issuer, "the keys could not be read: " + status.failure);
  }
  return invalid_token(
      "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
      "documentation for requirements",
      std::move(cause));
}

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
    if (claims) return Signed{*std::move(claims), cluster, clusters.size() > 1};
    const bool tells_more = !failure || failure->kind == crypto::JwtError::Kind::unknown_key;
    if (tells_more) failure = std::move(claims).error();
  }
  if (failure->kind == crypto::JwtError::Kind::unknown_key) {
    return unknown_key(call, issuer, clusters, std::move(failure->message));
  }
  return invalid_token(fmt::format("The ID Token provided is not valid: {}.", failure->message));
}

// Of a cluster that is registered so: does its API server still know the token? What can't be asked is not let in.
Result<void> review(const aws::Call& call, std::string_view token, const Identity& identity,
                    const eks::ClusterRecord& cluster) {
  if (!cluster.registration || !cluster.registration->token_review) return {};
  const auto& claims = identity.claims;
  auto* access = call.deployment.clusters;
  if (!access) return communication_error(claims.issuer, "this server reaches no API servers");
  kube::ClusterAccess::Question question{identity.cluster, cluster.registration->id, std::string(token), claims.subject,
                                         claims.audience};
  const auto outcome = access->reviewed(question.hash());
  if (!outcome) {
    return call.wait_for([access, question = std::move(question)](std::function<void()> done) {
      access->review(question, std::move(done));
    });
  }
  if (*outcome) return {};
  const auto& error = outcome->error();
  if (error.kind == ErrorKind::unauthenticated) {
    return Error{ErrorKind::denied, "IDPRejectedClaim", 403, error.message, {}, {}};
  }
  return communication_error(claims.issuer, "the token could not be reviewed: " + error.message);
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
  const auto proven = TRY(verify_signature(call, token, issuer));
  Identity identity;
  identity.claims = TRY(read_claims(proven.claims));
  TRY(check_time(identity.claims, call.now));
  if (std::ranges::find(provider->client_ids, identity.claims.audience) == provider->client_ids.end()) {
    return invalid_token("Incorrect token audience");
  }
  identity.provider_arn = iam::oidc_provider_arn(call.deployment, account, issuer);
  identity.provider_name = iam::oidc_provider_name(issuer);
  identity.cluster = *proven.cluster->cluster.name;
  identity.cluster_arn = eks::cluster_arn(call.deployment, identity.cluster);
  identity.shares_issuer = proven.shares_issuer;
  TRY(review(call, token, identity, *proven.cluster));
  return identity;
}

}  // namespace podpass::web_identity
