// Who a web identity token proves its holder to be: a token that an OpenID Connect provider of the account vouches for,
// signed by a key of a cluster that has this issuer.
//
// Several clusters may have one issuer URL, so each one's keys are tried, and the one whose key it is stands in the
// result. For a key that is not stored, the keys of registered clusters are read again; where the registration says so,
// the cluster's API server reviews the token: both by waiting outside (aws/call.h). Keys of providers that are no
// cluster here are not fetched; see docs/decisions/063_web_identities.md. Reads only; the Call's rules hold. Errors:
// those of claims.h, IDPRejectedClaim for what a review refuses, IDPCommunicationError where a cluster can't be asked;
// their `cause` says what the caller is not told. Source: STS API reference, AssumeRoleWithWebIdentity.
#pragma once

#include <string>
#include <string_view>

#include "aws/call.h"
#include "web_identity/claims.h"

namespace podpass::web_identity {

struct Identity {
  Claims claims;
  std::string provider_arn;
  std::string provider_name;         // the issuer without its scheme: what condition keys begin with
  std::string cluster, cluster_arn;  // whose key signed the token
  bool shares_issuer = false;        // other clusters here issue tokens as the same issuer
};

Result<Identity> identify(const aws::Call& call, std::string_view token, std::string_view account);

}  // namespace podpass::web_identity
