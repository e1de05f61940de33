// GetSessionToken: temporary credentials for the caller itself, a user or root. Needs no permission. Source: STS API
// reference.
#pragma once

#include <optional>
#include <string>

#include "aws/operation.h"
#include "sts/credentials.h"

namespace podpass::sts {

struct GetSessionToken {
  struct Request {
    std::optional<std::int64_t> DurationSeconds;
    std::optional<std::string> SerialNumber, TokenCode;
  };
  struct Response {
    sts::Credentials Credentials;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(GetSessionToken::Request, (), (DurationSeconds, SerialNumber, TokenCode))
BOOST_DESCRIBE_STRUCT(GetSessionToken::Response, (), (Credentials))

}  // namespace podpass::sts
