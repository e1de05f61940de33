#include "aws/sigv4_errors.h"

#include <array>

namespace podpass::aws {
namespace {

struct ErrorRow {
  std::string_view code;
  int status;
  std::string_view message;
};
using Table = std::array<ErrorRow, 3>;  // query, json, s3

constexpr Table kMissing = {{
    {"MissingAuthenticationToken", 403, "Request is missing Authentication Token"},
    {"MissingAuthenticationTokenException", 403, "Missing Authentication Token"},
    {"AccessDenied", 403, "Access Denied"},
}};
constexpr Table kIncomplete = {{
    {"IncompleteSignature", 400, ""},
    {"IncompleteSignatureException", 400, ""},
    {"AuthorizationHeaderMalformed", 400, ""},
}};
constexpr Table kMismatch = {{
    {"SignatureDoesNotMatch", 403,
     "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
     "and signing method. Consult the service documentation for details."},
    {"InvalidSignatureException", 403,
     "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
     "and signing method. Consult the service documentation for details."},
    {"SignatureDoesNotMatch", 403,
     "The request signature we calculated does not match the signature you provided. Check your key and signing "
     "method."},
}};
constexpr Table kUnknownKey = {{
    {"InvalidClientTokenId", 403, "The security token included in the request is invalid."},
    {"UnrecognizedClientException", 403, "The security token included in the request is invalid."},
    {"InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."},
}};
constexpr Table kInvalidToken = {{
    {"InvalidClientTokenId", 403, "The security token included in the request is invalid."},
    {"UnrecognizedClientException", 403, "The security token included in the request is invalid."},
    {"InvalidToken", 400, "The provided token is malformed or otherwise invalid."},
}};
constexpr Table kExpiredToken = {{
    {"ExpiredToken", 403, "The security token included in the request is expired"},
    {"ExpiredTokenException", 403, "The security token included in the request is expired"},
    {"ExpiredToken", 400, "The provided token has expired."},
}};

Error make(const Table& table, Dialect dialect) {
  const auto& row = table[static_cast<std::size_t>(dialect)];
  return {ErrorKind::unauthenticated, std::string(row.code), row.status, std::string(row.message), {}, {}};
}

Error make(const Table& table, Dialect dialect, std::string message) {
  auto error = make(table, dialect);
  error.message = std::move(message);
  return error;
}

}  // namespace

Error missing_authentication(Dialect dialect) {
  return make(kMissing, dialect);
}
Error incomplete_signature(Dialect dialect, std::string message) {
  return make(kIncomplete, dialect, std::move(message));
}
Error signature_mismatch(Dialect dialect) {
  return make(kMismatch, dialect);
}
Error signature_refused(Dialect dialect, std::string message) {
  return make(kMismatch, dialect, std::move(message));
}
Error unknown_access_key(Dialect dialect) {
  return make(kUnknownKey, dialect);
}
Error invalid_session_token(Dialect dialect) {
  return make(kInvalidToken, dialect);
}
Error expired_session_token(Dialect dialect) {
  return make(kExpiredToken, dialect);
}

}  // namespace podpass::aws
