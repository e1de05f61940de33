// The query protocol (iam, sts): a form in, XML out. Pure functions. Source: Smithy, "AWS query protocol".
#pragma once

#include <string_view>

#include "aws/operation.h"
#include "base/result.h"
#include "codec/value.h"
#include "http/message.h"

namespace podpass::aws::query {

struct Match {
  const Operation* operation = nullptr;
  codec::Value input;  // read with codec::Reading::text
};

// Reads the form (POST body, else the query string) and finds the operation by Action and Version.
// Errors: MalformedQueryString, MissingAction, InvalidAction.
Result<Match> read(const Service& service, const http::Request& request);

http::Response write(const Service& service, const Operation& operation, const codec::Value& output,
                     std::string_view request_id);
http::Response write_error(const Service& service, const Error& error, std::string_view request_id);

}  // namespace podpass::aws::query
