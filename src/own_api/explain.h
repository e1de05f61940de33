// Explain: the decision that a request would get now, layer by layer, from the policies that are in the store.
//
// The request is as aws/request_json.h has it; its principal may also be {"podIdentity": {"cluster", "namespace",
// "serviceAccount"}}: the session that a pod of that service account gets. Condition keys of the principal and of the
// time are added, and those given win; `recorded` says that the context is whole, as an audit record has it.
// The explanation is policy::report's, and `notes` says what could not be known. Permission: podpass:Explain.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/operation.h"

namespace podpass::own_api {

struct Explain {
  struct Request {
    codec::Value request;
    std::optional<bool> recorded;
  };
  struct Response {
    codec::Value explanation;
    std::vector<std::string> notes;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(Explain::Request, (), (request, recorded))
BOOST_DESCRIBE_STRUCT(Explain::Response, (), (explanation, notes))

}  // namespace podpass::own_api
