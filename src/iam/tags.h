// Operations on the tags of roles, users and policies.
// Rerunnable, as all operations; the errors are those of IAM's API reference.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/tags.h"
#include "iam/pages.h"
#include "iam/shapes.h"

namespace podpass::iam {

struct TagRole {
  struct Request {
    std::string RoleName;
    std::vector<aws::Tag> Tags;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(TagRole::Request, (), (RoleName, Tags))

struct UntagRole {
  struct Request {
    std::string RoleName;
    std::vector<std::string> TagKeys;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(UntagRole::Request, (), (RoleName, TagKeys))

struct ListRoleTags {
  struct Request {
    std::string RoleName;
    iam::Marker Marker;
    iam::MaxItems MaxItems;
  };
  struct Response {
    std::vector<aws::Tag> Tags;
    bool IsTruncated = false;
    iam::Marker Marker;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListRoleTags::Request, (), (RoleName, Marker, MaxItems))
BOOST_DESCRIBE_STRUCT(ListRoleTags::Response, (), (Tags, IsTruncated, Marker))

struct TagUser {
  struct Request {
    std::string UserName;
    std::vector<aws::Tag> Tags;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(TagUser::Request, (), (UserName, Tags))

struct UntagUser {
  struct Request {
    std::string UserName;
    std::vector<std::string> TagKeys;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(UntagUser::Request, (), (UserName, TagKeys))

struct ListUserTags {
  struct Request {
    std::string UserName;
    iam::Marker Marker;
    iam::MaxItems MaxItems;
  };
  struct Response {
    std::vector<aws::Tag> Tags;
    bool IsTruncated = false;
    iam::Marker Marker;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListUserTags::Request, (), (UserName, Marker, MaxItems))
BOOST_DESCRIBE_STRUCT(ListUserTags::Response, (), (Tags, IsTruncated, Marker))

struct TagPolicy {
  struct Request {
    std::string PolicyArn;
    std::vector<aws::Tag> Tags;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(TagPolicy::Request, (), (PolicyArn, Tags))

struct UntagPolicy {
  struct Request {
    std::string PolicyArn;
    std::vector<std::string> TagKeys;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(UntagPolicy::Request, (), (PolicyArn, TagKeys))

struct ListPolicyTags {
  struct Request {
    std::string PolicyArn;
    iam::Marker Marker;
    iam::MaxItems MaxItems;
  };
  struct Response {
    std::vector<aws::Tag> Tags;
    bool IsTruncated = false;
    iam::Marker Marker;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListPolicyTags::Request, (), (PolicyArn, Marker, MaxItems))
BOOST_DESCRIBE_STRUCT(ListPolicyTags::Response, (), (Tags, IsTruncated, Marker))

}  // namespace podpass::iam
