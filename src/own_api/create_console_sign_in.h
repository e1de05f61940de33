// CreateConsoleSignIn: a code that signs a browser in to the console, once, as whoever calls. Permission:
// podpass:CreateConsoleSignIn.
#pragma once

#include <string>

#include "aws/operation.h"

namespace podpass::own_api {

struct CreateConsoleSignIn {
  struct Request {};
  struct Response {
    std::string code, url;
    Time expiresAt{};
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(CreateConsoleSignIn::Request, (), ())
BOOST_DESCRIBE_STRUCT(CreateConsoleSignIn::Response, (), (code, url, expiresAt))

}  // namespace podpass::own_api
