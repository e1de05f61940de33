// What an OpenID Connect ID token says, as far as sts:AssumeRoleWithWebIdentity asks: who it is about, for whom, when,
// and what it passes on to the session. To be read from a token whose signature is good.
//
// A token has iss, sub, aud, iat and exp. With `azp` that is who it is for; else `aud` has to name one. Session tags
// stand under "https://aws.amazon.com/tags", nested or flat; the source identity under
// "https://aws.amazon.com/source_identity". Values; pure functions, safe from any thread. Limits: kMaxSkew for nbf,
// none for exp; aws::kMaxTags. Errors: InvalidIdentityToken, ExpiredTokenException, IDPRejectedClaim, never with the
// token in them. Sources: IAM user guide, "Passing session tags using AssumeRoleWithWebIdentity" and "Available keys
// for AWS OIDC federation"; OpenID Connect Core 1.0, section 2.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/caller.h"
#include "base/result.h"
#include "base/time.h"
#include "codec/value.h"

namespace podpass::web_identity {

inline constexpr Seconds kMaxSkew{60};

struct Claims {
  std::string issuer, subject;
  std::string audience;                // who it is for
  std::vector<std::string> audiences;  // `aud`
  std::vector<std::string> methods;    // `amr`
  std::optional<std::string> email;
  Time not_before{}, expires{};
  aws::SessionTags tags;
  std::optional<std::string> source_identity;
  std::string node;  // of a Kubernetes service account's token: the node that its pod runs on
};

Result<Claims> read_claims(const codec::Value& claims);
Result<void> check_time(const Claims& claims, Time now);

Error invalid_token(std::string message, std::string cause = {});  // InvalidIdentityToken

}  // namespace podpass::web_identity
