// What the agent reads of a token without verifying it: enough to refuse at once what cannot work. EKS Auth verifies.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace podpass::agent {

struct TokenLife {
  std::optional<Time> not_before, expires;
  std::string issuer;  // empty if the token names none
};

// Error texts begin as the known agent's do: "Service account token cannot be parsed: ...".
Result<TokenLife> read_token(std::string_view token);
// "Service account token failed basic claim validations: token is expired" / "... is not valid yet".
Result<void> check_life(const TokenLife& life, Time now);

}  // namespace podpass::agent
