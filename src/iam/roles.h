// Operations on roles themselves: create, read, list, change, delete. Policies, boundary and tags have files of their
// own. Rerunnable, as all operations; the errors are those of IAM's API reference.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iam/pages.h"
#include "iam/shapes.h"

namespace podpass::iam {

struct CreateRole {
  struct Request {
    std::optional<std::string> Path;
    std::string RoleName;
    std::string AssumeRolePolicyDocument;
    std::optional<std::string> Description;
    std::optional<std::int64_t> MaxSessionDuration;
    std::optional<std::string> PermissionsBoundary;
    std::vector<aws::Tag> Tags;
  };
  struct Response {
    iam::Role Role;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(CreateRole::Request, (),
                      (Path, RoleName, AssumeRolePolicyDocument, Description, MaxSessionDuration, PermissionsBoundary,
                       Tags))
BOOST_DESCRIBE_STRUCT(CreateRole::Response, (), (Role))

struct GetRole {
  struct Request {
    std::string RoleName;
  };
  struct Response {
    iam::Role Role;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(GetRole::Request, (), (RoleName))
BOOST_DESCRIBE_STRUCT(GetRole::Response, (), (Role))

struct ListRoles {
  struct Request {
    std::optional<std::string> PathPrefix;
    iam::Marker Marker;
    iam::MaxItems MaxItems;
  };
  struct Response {
    std::vector<Role> Roles;
    bool IsTruncated = false;
    iam::Marker Marker;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListRoles::Request, (), (PathPrefix, Marker, MaxItems))
BOOST_DESCRIBE_STRUCT(ListRoles::Response, (), (Roles, IsTruncated, Marker))

struct DeleteRole {
  struct Request {
    std::string RoleName;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DeleteRole::Request, (), (RoleName))

struct UpdateRole {
  struct Request {
    std::string RoleName;
    std::optional<std::string> Description;
    std::optional<std::int64_t> MaxSessionDuration;
  };
  struct Response {};
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(UpdateRole::Request, (), (RoleName, Description, MaxSessionDuration))
BOOST_DESCRIBE_STRUCT(UpdateRole::Response, (), ())

struct UpdateRoleDescription {
  struct Request {
    std::string RoleName;
    std::string Description;
  };
  struct Response {
    iam::Role Role;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(UpdateRoleDescription::Request, (), (RoleName, Description))
BOOST_DESCRIBE_STRUCT(UpdateRoleDescription::Response, (), (Role))

struct UpdateAssumeRolePolicy {
  struct Request {
    std::string RoleName;
    std::string PolicyDocument;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(UpdateAssumeRolePolicy::Request, (), (RoleName, PolicyDocument))

struct InstanceProfile {
  std::string Path, InstanceProfileName, InstanceProfileId, Arn;
  Time CreateDate{};
  std::vector<Role> Roles;
  std::vector<aws::Tag> Tags;
};
BOOST_DESCRIBE_STRUCT(InstanceProfile, (), (Path, InstanceProfileName, InstanceProfileId, Arn, CreateDate, Roles, Tags))

// Always empty: there are no instance profiles. Clients ask before they delete a role.
struct ListInstanceProfilesForRole {
  struct Request {
    std::string RoleName;
    iam::Marker Marker;
    iam::MaxItems MaxItems;
  };
  struct Response {
    std::vector<InstanceProfile> InstanceProfiles;
    bool IsTruncated = false;
    iam::Marker Marker;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListInstanceProfilesForRole::Request, (), (RoleName, Marker, MaxItems))
BOOST_DESCRIBE_STRUCT(ListInstanceProfilesForRole::Response, (), (InstanceProfiles, IsTruncated, Marker))

}  // namespace podpass::iam
