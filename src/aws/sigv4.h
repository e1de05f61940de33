// Signature Version 4, the checking side: who signed a request, and is the signature good.
//
// Steps: read_authorization() takes the request's claims apart, check_scope() looks at dates, region and service, then
// the caller finds the secret of the access key, and verify_signature() computes. The whole body must be there for all
// services but S3; S3's declared hash is what is signed, and sigv4_chunked.h checks the body against it.
//
// Threads: pure functions, safe from any thread; scratch memory is kept by thread, so the steady state doesn't
// allocate. Lifetimes: Credentialed's views point into the request (or into `decoded`, which it owns). Limits: kMaxSkew
// either way, kMaxSignedHeaders, X-Amz-Expires from 1 to kMaxPresignedSeconds. Errors: code, status and text as AWS
// gives them in the service's dialect; see sigv4_errors.h. None holds a secret. Sources: IAM user guide, "Signing AWS
// API requests"; S3 API reference, "Authenticating Requests (SigV4)".
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/sigv4_errors.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "http/message.h"

namespace podpass::aws {

inline constexpr std::string_view kSigV4Algorithm = "AWS4-HMAC-SHA256";
inline constexpr Seconds kMaxSkew{15 * 60};
inline constexpr std::int64_t kMaxPresignedSeconds = 604'800;
inline constexpr std::size_t kMaxSignedHeaders = 256;

// What the signature says about an S3 body (x-amz-content-sha256).
enum class PayloadMode : unsigned char {
  hashed,                   // the hex SHA-256 of the body
  unsigned_payload,         // UNSIGNED-PAYLOAD
  chunks_signed,            // STREAMING-AWS4-HMAC-SHA256-PAYLOAD
  chunks_signed_trailer,    // STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER
  chunks_unsigned_trailer,  // STREAMING-UNSIGNED-PAYLOAD-TRAILER
};

// What a request says about who signed it. Nothing of it is proven before verify_signature().
struct Credentialed {
  enum class Form : unsigned char { anonymous, header, query };

  Form form = Form::anonymous;
  Dialect dialect = Dialect::query;
  std::string_view access_key_id;
  std::string_view scope;                  // <date>/<region>/<service>/aws4_request
  std::string_view date, region, service;  // of the scope
  std::string_view signed_headers;         // as sent: host;x-amz-date
  std::string_view signature;              // 64 lower-case hex digits
  std::string_view session_token;          // empty if none
  std::array<char, 16> amz_date{};         // 20260101T000000Z
  Time time{};                             // the same
  Seconds expires{0};                      // query form; 0 if not given
  PayloadMode payload = PayloadMode::hashed;
  std::string_view content_sha256;             // S3: the payload's declaration, which is what the signature covers
  std::shared_ptr<const std::string> decoded;  // query form: the decoded parameters that the views point into

  bool anonymous() const { return form == Form::anonymous; }
  std::string_view amz_date_text() const { return {amz_date.data(), amz_date.size()}; }
};

// The service named in the scope of the request's credential, unchecked, for routing; empty if there is none.
std::string_view claimed_service(const http::Request& request);

// Anonymous is a result, not an error: missing_authentication() is the error where a service wants a signature.
Result<Credentialed> read_authorization(const http::Request& request, Dialect dialect);

// Is it scoped to this service and region (empty: any), and is now within its time? Header form and presigned requests
// of all services but S3: kMaxSkew around the date (STS doesn't look at X-Amz-Expires beyond its form, and neither do
// others); presigned for S3: until X-Amz-Expires is over.
Result<void> check_scope(const Credentialed& credentialed, std::string_view region, std::string_view service, Time now);

// The signing key of one secret, day, region and service.
struct DerivedKey {
  crypto::HmacKey key;
};
DerivedKey derive_key(const Secret& secret, std::string_view date, std::string_view region, std::string_view service);

// Derived keys of late, one slot each, overwritten by the next one that falls on it. For one thread. An entry holds for
// one access key, secret and scope; the secret is compared, so a changed secret never finds its old key.
class DerivedKeyCache {
 public:
  static constexpr std::size_t kSlots = 2'048;
  // Valid until the next call.
  const DerivedKey& get(const Credentialed& credentialed, const Secret& secret);

 private:
  struct Slot {
    std::string access_key_id, scope;
    Secret secret;
    DerivedKey key;
  };
  std::vector<Slot> slots_;  // made on first use
};

// The same from a cache of the calling thread's.
const DerivedKey& derived_key(const Credentialed& credentialed, const Secret& secret);

// Is the signature that of this request by this key, and does it cover host and every x-amz-* header? For all services
// but S3, `request.body` must be the whole body and is covered; for S3 the declaration is. Gives the SHA-256 of the
// body where it is covered.
Result<std::optional<crypto::Sha256Digest>> verify_signature(const Credentialed& credentialed,
                                                             const http::Request& request, const DerivedKey& key);

}  // namespace podpass::aws
