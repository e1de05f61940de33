// Signature Version 4, the signing side: what clients of ours (agent, tests, tools) put on a request.
//
// Pure functions, safe from any thread. The secret is not kept.
#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"
#include "base/time.h"

namespace podpass::http {
struct ClientRequest;
}

namespace podpass::aws {

struct SigningCredentials {
  std::string access_key_id;
  Secret secret;
  std::string session_token;  // empty: none
};

// Adds X-Amz-Date, X-Amz-Security-Token, for S3 X-Amz-Content-Sha256, and Authorization; headers of those names are
// replaced. `host` is what the Host header will say. `target` must be percent-encoded already. Covers every
// header but those that proxies change (user-agent, connection, ...).
void sign_request(http::ClientRequest& request, std::string_view host, const SigningCredentials& credentials,
                  std::string_view region, std::string_view service, Time now);

// A presigned target: `target` with the X-Amz-* parameters added. The body is taken as empty, for S3 as unsigned.
std::string presign_target(std::string_view method, std::string_view target, std::string_view host,
                           const SigningCredentials& credentials, std::string_view region, std::string_view service,
                           Time now, Seconds expires);

}  // namespace podpass::aws
