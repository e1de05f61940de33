// What an editor of policies asks: ValidatePolicy finds what AWS would refuse and what will not do what its author
// means (policy/lint.h), with line and column; ListActions completes the names of actions, AWS's and Podpass's own.
// Both know nothing of what is stored. Permissions: podpass:ValidatePolicy and podpass:ListActions, on "*".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/operation.h"

namespace podpass::own_api {

struct PolicyFinding {
  std::string severity;  // error, warning
  std::string message;
  std::int64_t line = 1, column = 1;
};
BOOST_DESCRIBE_STRUCT(PolicyFinding, (), (severity, message, line, column))

struct ValidatePolicy {
  struct Request {
    std::string document;
    std::string kind;  // identity, trust, resource, session
  };
  struct Response {
    std::vector<PolicyFinding> findings;  // in the order of the document
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ValidatePolicy::Request, (), (document, kind))
BOOST_DESCRIBE_STRUCT(ValidatePolicy::Response, (), (findings))

struct ListActions {
  struct Request {
    std::optional<std::string> prefix;       // of an action, in any case; without a colon: of services
    std::optional<std::int64_t> maxResults;  // 1 to 1,000; 100 unless told
  };
  struct Response {
    std::vector<std::string> actions;  // "s3:GetObject"; services are "s3:"
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListActions::Request, (), (prefix, maxResults))
BOOST_DESCRIBE_STRUCT(ListActions::Response, (), (actions))

}  // namespace podpass::own_api
