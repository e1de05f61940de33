// What the checking of signatures and credentials calls its errors. One table a dialect; sources: "Common errors" of
// IAM, STS and EKS, "Error responses" of S3, and what the services answer in fact.
//
// Pure functions, safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace podpass::aws {

// How a service speaks of authentication: the query protocol (IAM, STS, CloudFormation), JSON (EKS, EKS Auth), or S3.
enum class Dialect : unsigned char { query, json, s3 };

Error missing_authentication(Dialect dialect);                     // nothing signed where a signature is needed
Error incomplete_signature(Dialect dialect, std::string message);  // 400
Error signature_mismatch(Dialect dialect);                         // computed, and different
Error signature_refused(Dialect dialect, std::string message);     // not computed: expired, scope, unsigned headers
Error unknown_access_key(Dialect dialect);
Error invalid_session_token(Dialect dialect);
Error expired_session_token(Dialect dialect);

}  // namespace podpass::aws
