// ListActivity: the newest audit records, newest first, those that fit a filter. `after` goes on behind a cursor,
// `before` goes back from one; with waitSeconds, a request behind whose `after` nothing has come yet is answered when
// something does. Cursors are known until the server restarts. A reading that only goes on with an earlier one
// (`after`) makes no record of its own (docs/decisions/071). Permission: podpass:ListActivity, on "*".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/operation.h"

namespace podpass::own_api {

struct ListActivity {
  struct Request {
    std::optional<std::string> clusterName, associationId, roleArn, pod, outcome, eventName, principalArn, text;
    std::optional<std::string> after, before;
    std::optional<std::int64_t> maxResults;   // 1 to 500; 100 unless told
    std::optional<std::int64_t> waitSeconds;  // 0 to 20
  };
  struct Response {
    std::vector<codec::Value> records;
    std::string newest, oldest;
    bool more = false;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListActivity::Request, (),
                      (clusterName, associationId, roleArn, pod, outcome, eventName, principalArn, text, after, before,
                       maxResults, waitSeconds))
BOOST_DESCRIBE_STRUCT(ListActivity::Response, (), (records, newest, oldest, more))

}  // namespace podpass::own_api
