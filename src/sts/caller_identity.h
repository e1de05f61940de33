// GetCallerIdentity: who the caller is. Needs no permission. Source: STS API reference.
#pragma once

#include <string>

#include "aws/operation.h"

namespace podpass::sts {

struct GetCallerIdentity {
  struct Request {};
  struct Response {
    std::string UserId, Account, Arn;
  };
  static Result<aws::Resource> resource(aws::Call&, const Request&) { return aws::Resource::unguarded(); }
  static Result<Response> handle(aws::Call& call, const Request&) {
    return Response{call.caller.user_id, call.caller.account, call.caller.arn};
  }
};
BOOST_DESCRIBE_STRUCT(GetCallerIdentity::Request, (), ())
BOOST_DESCRIBE_STRUCT(GetCallerIdentity::Response, (), (UserId, Account, Arn))

}  // namespace podpass::sts
