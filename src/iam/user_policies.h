// Operations on a user's policies: managed ones that are attached, and inline ones.
// Rerunnable, as all operations; the errors are those of IAM's API reference. What they do is in entity_policies.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iam/pages.h"
#include "iam/shapes.h"

namespace podpass::iam {

struct AttachUserPolicy {
  struct Request {
    std::string UserName;
    std::string PolicyArn;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(AttachUserPolicy::Request, (), (UserName, PolicyArn))

struct DetachUserPolicy {
  struct Request {
    std::string UserName;
    std::string PolicyArn;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DetachUserPolicy::Request, (), (UserName, PolicyArn))

struct ListAttachedUserPolicies {
  struct Request {
    std::string UserName;
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
BOOST_DESCRIBE_STRUCT(ListAttachedUserPolicies::Request, (), (UserName, PathPrefix, Marker, MaxItems))
BOOST_DESCRIBE_STRUCT(ListAttachedUserPolicies::Response, (), (AttachedPolicies, IsTruncated, Marker))

struct PutUserPolicy {
  struct Request {
    std::string UserName;
    std::string PolicyName;
    std::string PolicyDocument;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(PutUserPolicy::Request, (), (UserName, PolicyName, PolicyDocument))

struct GetUserPolicy {
  struct Request {
    std::string UserName;
    std::string PolicyName;
  };
  struct Response {
    std::string UserName, PolicyName, PolicyDocument;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(GetUserPolicy::Request, (), (UserName, PolicyName))
BOOST_DESCRIBE_STRUCT(GetUserPolicy::Response, (), (UserName, PolicyName, PolicyDocument))

struct DeleteUserPolicy {
  struct Request {
    std::string UserName;
    std::string PolicyName;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DeleteUserPolicy::Request, (), (UserName, PolicyName))

struct ListUserPolicies {
  struct Request {
    std::string UserName;
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
BOOST_DESCRIBE_STRUCT(ListUserPolicies::Request, (), (UserName, Marker, MaxItems))
BOOST_DESCRIBE_STRUCT(ListUserPolicies::Response, (), (PolicyNames, IsTruncated, Marker))

}  // namespace podpass::iam
