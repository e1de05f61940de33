// Operations on users themselves: create, read, list, rename, delete. Policies, keys, boundary and tags have files of
// their own. Rerunnable, as all operations; the errors are those of IAM's API reference.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iam/pages.h"
#include "iam/shapes.h"

namespace podpass::iam {

struct CreateUser {
  struct Request {
    std::optional<std::string> Path;
    std::string UserName;
    std::optional<std::string> PermissionsBoundary;
    std::vector<aws::Tag> Tags;
  };
  struct Response {
    iam::User User;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(CreateUser::Request, (), (Path, UserName, PermissionsBoundary, Tags))
BOOST_DESCRIBE_STRUCT(CreateUser::Response, (), (User))

struct GetUser {
  struct Request {
    std::optional<std::string> UserName;
  };
  struct Response {
    iam::User User;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(GetUser::Request, (), (UserName))
BOOST_DESCRIBE_STRUCT(GetUser::Response, (), (User))

struct ListUsers {
  struct Request {
    std::optional<std::string> PathPrefix;
    iam::Marker Marker;
    iam::MaxItems MaxItems;
  };
  struct Response {
    std::vector<User> Users;
    bool IsTruncated = false;
    iam::Marker Marker;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListUsers::Request, (), (PathPrefix, Marker, MaxItems))
BOOST_DESCRIBE_STRUCT(ListUsers::Response, (), (Users, IsTruncated, Marker))

struct DeleteUser {
  struct Request {
    std::string UserName;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DeleteUser::Request, (), (UserName))

struct UpdateUser {
  struct Request {
    std::string UserName;
    std::optional<std::string> NewPath, NewUserName;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(UpdateUser::Request, (), (UserName, NewPath, NewUserName))

}  // namespace podpass::iam
