// The URL of an OpenID Connect provider, and the name that it has in its ARN and in condition keys: the URL without its
// scheme, "oidc.example.com/id/1". Names are compared as they are spelled.
//
// https://, host, perhaps a port, perhaps a path; no user, query or fragment. http:// only for issuers of our own:
// below the deployment's endpoint, or on a loopback address. AWS refuses ports, which issuers of clusters may have; see
// docs/decisions/063_web_identities.md. Pure functions, safe from any thread; views point into the text given. Source:
// IAM API reference, CreateOpenIDConnectProvider; RFC 3986.
#pragma once

#include <string_view>

#include "base/result.h"

namespace podpass::iam {

// ValidationError where it is no URL, InvalidInput where it is one that can't be a provider's.
Result<void> check_provider_url(std::string_view url, std::string_view endpoint);

std::string_view provider_name(std::string_view url);

}  // namespace podpass::iam
