// One call of STS's AssumeRoleWithWebIdentity, as bytes: the request and what its answer means. Pure. Source: STS API
// reference, AssumeRoleWithWebIdentity.
#pragma once

#include <string>
#include <string_view>

#include "aws/sigv4_sign.h"
#include "base/result.h"
#include "base/time.h"
#include "http/client.h"

namespace podpass::cli {

struct ExpiringCredentials {
  aws::SigningCredentials credentials;
  Time expires{};
};

http::ClientRequest web_identity_request(std::string_view role_arn, std::string_view session_name,
                                         std::string_view token);
Result<ExpiringCredentials> read_web_identity_answer(const http::ClientResponse& response);

}  // namespace podpass::cli
