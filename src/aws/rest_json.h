// The rest-json protocol (eks, eks-auth): between an HTTP message and a Value. One rule places every request member:
// named in the path template -> path; else GET and DELETE -> query string; else -> JSON body. Pure functions. Source:
// Smithy, "AWS restJson1 protocol".
#pragma once

#include <optional>
#include <string_view>

#include "aws/operation.h"
#include "base/result.h"
#include "codec/value.h"
#include "http/message.h"

namespace podpass::aws::rest_json {

struct Match {
  const Operation* operation = nullptr;
  codec::Value labels;  // a map: label -> decoded text
};

// The operation for method and path. ErrorKind::not_found (code UnknownOperationException) if there is none.
Result<Match> match(std::span<const Operation> operations, const http::Request& request);

struct Input {
  codec::Value value;
  codec::Reading reading;
};
Result<Input> read(Match match, const http::Request& request);  // ErrorKind::invalid, code SerializationException

http::Response write(std::string json);
http::Response write_error(const Error& error);  // the error has its code and status

}  // namespace podpass::aws::rest_json
