// The credentials with which a part that runs in a cluster - node agent, webhook - signs its own requests: from a
// projected token (AssumeRoleWithWebIdentity), from the environment, or from a shared credentials file.
//
// Threads: get() and refused() may be called from any thread; a coroutine goes on on its own executor. A provider may
// be destroyed while calls are in flight: those who wait get an error. The clock outlives the executors.
//
// Web identity: the token file is read anew for each renewal. One renewal runs at a time, however many ask. It begins
// when 60 to 70 % of the credentials' life is over, at a moment that differs from node to node, and until the old ones
// have kDeadLife left they are given out meanwhile. After a failure the next try is kFirstPause later, doubling up to
// kLastPause; those who ask in between get what there is: the old credentials, else the last error.
//
// Shared file: read again when it has changed (by inode, size and time of change) and at least every kFileAge. If it
// cannot be read any more, what it held last is given out and a warning logged.
//
// Limits: kMaxTokenBytes of token; the file 1 MiB. Errors say what is missing and how to give it, never a secret.
// Sources: STS API reference, AssumeRoleWithWebIdentity; AWS SDKs and Tools reference guide, "Shared config and
// credentials files" and "Assume role credential provider".
#pragma once

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes the inlined allocation of a coroutine's frame for a mismatch; this is for whoever writes coroutines.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "aws/sigv4_sign.h"
#include "base/clock.h"
#include "base/result.h"
#include "http/client.h"

namespace podpass::cli {

inline constexpr Seconds kDeadLife{15};  // with less, credentials are not given out
inline constexpr Seconds kFirstPause{1}, kLastPause{30};
inline constexpr Seconds kFileAge{60};
inline constexpr std::size_t kMaxTokenBytes = 20'000;

class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;
  virtual boost::asio::awaitable<Result<aws::SigningCredentials>> get() = 0;
  // A server does not know these credentials (any more): if they can be renewed they are, before they are given again.
  virtual void refused(std::string_view access_key_id) { static_cast<void>(access_key_id); }
  virtual std::string source() const = 0;  // for people: "environment variables"
};

// Given once, the same for ever.
std::unique_ptr<CredentialsProvider> static_credentials(aws::SigningCredentials credentials, std::string source);

struct SharedFile {
  std::string path;
  std::string profile = "default";
};
std::unique_ptr<CredentialsProvider> shared_file_credentials(SharedFile file, const Clock& clock);

struct WebIdentity {
  std::string role_arn, token_file;
  std::string session_name = "podpass";          // of STS's alphabet; what is foreign to it becomes '-'
  http::Endpoint sts;                            // where AssumeRoleWithWebIdentity is asked
  std::shared_ptr<const crypto::ClientTls> tls;  // for https; null: the system's authorities
};
std::unique_ptr<CredentialsProvider> web_identity_credentials(WebIdentity identity, const Clock& clock);

enum class CredentialsKind : unsigned char { automatic, web_identity, environment, file };
Result<CredentialsKind> parse_credentials_kind(std::string_view text);  // auto, web-identity, environment, file

// What a program passes on of its environment, e.g. ::getenv. Null: not set.
using Variables = std::function<const char*(const char*)>;

// What the environment names: AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_SESSION_NAME; AWS_ACCESS_KEY_ID,
// AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; AWS_SHARED_CREDENTIALS_FILE (else ~/.aws/credentials) and AWS_PROFILE.
// Automatic takes the first of the three that is there, in this order. `session_name` is for web identity if the
// environment gives none; empty: "podpass".
struct StsAddress {
  http::Endpoint endpoint;
  std::shared_ptr<const crypto::ClientTls> tls;
  std::string session_name;
};
Result<std::unique_ptr<CredentialsProvider>> find_credentials(CredentialsKind kind, StsAddress sts, const Clock& clock,
                                                              const Variables& variables);

// The profile of a shared credentials file's text. `path` is for the error.
Result<aws::SigningCredentials> read_profile(std::string_view text, std::string_view profile, std::string_view path);

}  // namespace podpass::cli
