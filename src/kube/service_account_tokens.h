// Projected service account tokens: what is in them, checking one against a cluster's keys, and minting one for
// clusters without an API server. Pure but for a per-thread memory of verified signatures, which depends on nothing but
// token and keys; safe from any thread. Source: Kubernetes, "Managing Service Accounts", bound tokens; RFC 7519.
//
// Errors of verify(): code InvalidTokenException or ExpiredTokenException, whose text says what is wrong and never
// holds the token. Kind unauthenticated; but not_found if the token is of a key that is not among the keys: they may be
// old.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "crypto/jwt.h"
#include "crypto/sign.h"

namespace podpass::kube {

inline constexpr std::string_view kPodIdentityAudience = "pods.eks.amazonaws.com";
inline constexpr Seconds kTokenSkew{60};                   // for nbf; none for exp: what has expired stays so
inline constexpr std::size_t kMaxNameBytes = 253;          // of a service account or pod
inline constexpr std::size_t kVerifiedTokensKept = 8'192;  // a thread

struct PodToken {
  Time issued{}, not_before{}, expires{};
  std::string issuer, audience;
  std::string namespace_, service_account, service_account_uid;
  std::string pod_name, pod_uid;
  std::optional<std::string> node_name, node_uid;
};

// Is it a token of this issuer for this audience, signed by one of its keys, valid now, of a pod? Never null.
Result<std::shared_ptr<const PodToken>> verify(std::string_view token, const crypto::KeySet& keys,
                                               std::string_view issuer, std::string_view audience, Time now);
// The same for who has a hash already that stands for the token and can't stand for another one: the SHA-256 of the
// token, or of the one message that says which token it is. Tells whether the token was seen before.
struct SeenToken {
  std::shared_ptr<const PodToken> token;  // never null
  bool before = false;                    // this thread has verified it already
};
Result<SeenToken> verify(std::string_view token, const crypto::Sha256Digest& hash, const crypto::KeySet& keys,
                         std::string_view issuer, std::string_view audience, Time now);

// Is a token that was good still in its time?
Result<void> check_time(const PodToken& token, Time now);

// What Kubernetes would call a pod of that service account: both with a hyphen between, cut to what a name may have.
std::string pod_name_for(std::string_view service_account, std::string_view suffix);
bool is_pod_uid(std::string_view text);

// system:serviceaccount:<namespace>:<name>: how Kubernetes calls the token's service account as a user.
std::string user_of(const PodToken& token);

std::string mint(const PodToken& token, const crypto::SigningKey& key, Random& random);

}  // namespace podpass::kube
