// Operations on a role's policies: managed ones that are attached, and inline ones.
// Rerunnable, as all operations; the errors are those of IAM's API reference. What they do is in entity_policies.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iam/pages.h"
#include "iam/shapes.h"

namespace podpass::iam {

struct AttachRolePolicy {
  struct Request {
    std::string RoleName;
    std::string PolicyArn;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(AttachRolePolicy::Request, (), (RoleName, PolicyArn))

struct DetachRolePolicy {
  struct Request {
    std::string RoleName;
    std::string PolicyArn;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DetachRolePolicy::Request, (), (RoleName, PolicyArn))

struct ListAttachedRolePolicies {
  struct Request {
    std::string RoleName;
    std::optional<std::string> PathPrefix;
    iam::Marker Marker;
    iam::MaxItems MaxItems;
  };
  struct Response {
    std::vector<AttachedPolicy> AttachedPolicies;
    bool IsTruncated = false;
    iam::Marker Marker;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListAttachedRolePolicies::Request, (), (RoleName, PathPrefix, Marker, MaxItems))
BOOST_DESCRIBE_STRUCT(ListAttachedRolePolicies::Response, (), (AttachedPolicies, IsTruncated, Marker))

struct PutRolePolicy {
  struct Request {
    std::string RoleName;
    std::string PolicyName;
    std::string PolicyDocument;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(PutRolePolicy::Request, (), (RoleName, PolicyName, PolicyDocument))

struct GetRolePolicy {
  struct Request {
    std::string RoleName;
    std::string PolicyName;
  };
  struct Response {
    std::string RoleName, PolicyName, PolicyDocument;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(GetRolePolicy::Request, (), (RoleName, PolicyName))
BOOST_DESCRIBE_STRUCT(GetRolePolicy::Response, (), (RoleName, PolicyName, PolicyDocument))

struct DeleteRolePolicy {
  struct Request {
    std::string RoleName;
    std::string PolicyName;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DeleteRolePolicy::Request, (), (RoleName, PolicyName))

struct ListRolePolicies {
  struct Request {
    std::string RoleName;
    iam::Marker Marker;
    iam::MaxItems MaxItems;
  };
  struct Response {
    std::vector<std::string> PolicyNames;
    bool IsTruncated = false;
    iam::Marker Marker;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListRolePolicies::Request, (), (RoleName, Marker, MaxItems))
BOOST_DESCRIBE_STRUCT(ListRolePolicies::Response, (), (PolicyNames, IsTruncated, Marker))

}  // namespace podpass::iam
