// The canonical request of Signature Version 4, and the string to sign made from it. Shared by the checking and the
// signing side.
//
// Total functions: whatever the request holds has one canonical form; a form that the client didn't mean is a signature
// that doesn't match. Threads: any; the result stands in scratch memory of the calling thread until its next call.
// Source: IAM user guide, "Create a signed AWS API request".
#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"
#include "crypto/hash.h"
#include "http/message.h"

namespace podpass::aws {

enum class PathRule : unsigned char {
  as_is,       // S3: the path encoded once
  normalized,  // the others: dot segments and empty ones removed, what is on the wire encoded again
};

struct CanonicalInput {
  const http::Request& request;
  PathRule path;
  std::string_view signed_headers;  // lower case, sorted, ';' between
  std::string_view payload_hash;
};

// X-Amz-Signature in the query is left out. `unsigned_header`: the first x-amz-* header that signed_headers doesn't
// name; empty if all are covered.
struct Canonical {
  std::string_view text;
  std::string_view unsigned_header;
};
Canonical canonical_request(const CanonicalInput& input);

// HMAC of "AWS4-HMAC-SHA256\n<date>\n<scope>\n<hash of the canonical request>".
crypto::HexDigest sign_canonical(std::string_view canonical, std::string_view amz_date, std::string_view scope,
                                 const crypto::HmacKey& key);

}  // namespace podpass::aws
