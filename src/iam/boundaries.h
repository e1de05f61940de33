// Operations that set and remove the permissions boundary of a role or user.
// Rerunnable, as all operations; the errors are those of IAM's API reference.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iam/shapes.h"

namespace podpass::iam {

struct PutRolePermissionsBoundary {
  struct Request {
    std::string RoleName;
    std::string PermissionsBoundary;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(PutRolePermissionsBoundary::Request, (), (RoleName, PermissionsBoundary))

struct DeleteRolePermissionsBoundary {
  struct Request {
    std::string RoleName;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DeleteRolePermissionsBoundary::Request, (), (RoleName))

struct PutUserPermissionsBoundary {
  struct Request {
    std::string UserName;
    std::string PermissionsBoundary;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(PutUserPermissionsBoundary::Request, (), (UserName, PermissionsBoundary))

struct DeleteUserPermissionsBoundary {
  struct Request {
    std::string UserName;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DeleteUserPermissionsBoundary::Request, (), (UserName))

}  // namespace podpass::iam
