// What the agent reads of a token without verifying it: enough to refuse at once what cannot work. EKS Auth verifies.
// Pure. Limit: kMaxTokenBytes; the longest names of a pod, and a key of 8192 bits, make half of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace podpass::agent {

inline constexpr std::size_t kMaxTokenBytes = 8 * 1024;

struct TokenClaims {
  std::optional<Time> not_before, expires;
  // Empty if the token names none.
  std::string issuer, namespace_, service_account, pod_name, pod_uid;
};

// Error texts begin as the known agent's do: "Service account token cannot be parsed: ...".
Result<TokenClaims> read_token(std::string_view token);
// "Service account token failed basic claim validations: token is expired" / "... is not valid yet".
Result<void> check_life(const TokenClaims& claims, Time now);

}  // namespace podpass::agent
