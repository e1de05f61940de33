// Where the agent's answers come from: one exchange of a pod's token for credentials. Two kinds: EKS Auth over HTTP
// (upstream.h), and a scripted one in tests.
#pragma once

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes the inlined allocation of a coroutine's frame for a mismatch; this is for whoever writes coroutines.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace podpass::agent {

struct PodCredentials {
  std::string access_key_id;
  Secret secret_access_key, session_token;
  std::string account_id;  // from the session's ARN
  std::string association_id;
  Time expiration{};
};

// What an exchange failed with. `status` 0: there was no answer.
struct ExchangeFailure {
  int status = 0;
  std::string request_id, code, message;
  bool fatal = false;  // the answer is a definite no: what is cached must go
};

// EKS Auth has looked at the token and found it genuine before it said this: the token's claims may be believed.
inline bool is_about_verified_token(const ExchangeFailure& failure) {
  if (!failure.fatal) return false;
  return failure.code == "AccessDeniedException" ||
         (failure.code == "ResourceNotFoundException" && !failure.message.starts_with("No cluster found"));
}

struct ExchangeResult {
  std::optional<PodCredentials> credentials;
  ExchangeFailure failure;  // if there are no credentials
};

class CredentialsSource {
 public:
  virtual ~CredentialsSource() = default;
  virtual boost::asio::awaitable<ExchangeResult> exchange(std::string token) = 0;
};

}  // namespace podpass::agent
