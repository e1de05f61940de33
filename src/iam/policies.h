// Operations on customer managed policies: create, read, list, delete, and who uses them. AWS's own managed policies
// are not here. Rerunnable, as all operations; the errors are those of IAM's API reference.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iam/pages.h"
#include "iam/shapes.h"

namespace podpass::iam {

struct CreatePolicy {
  struct Request {
    std::string PolicyName;
    std::optional<std::string> Path;
    std::string PolicyDocument;
    std::optional<std::string> Description;
    std::vector<aws::Tag> Tags;
  };
  struct Response {
    iam::Policy Policy;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(CreatePolicy::Request, (), (PolicyName, Path, PolicyDocument, Description, Tags))
BOOST_DESCRIBE_STRUCT(CreatePolicy::Response, (), (Policy))

struct GetPolicy {
  struct Request {
    std::string PolicyArn;
  };
  struct Response {
    iam::Policy Policy;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(GetPolicy::Request, (), (PolicyArn))
BOOST_DESCRIBE_STRUCT(GetPolicy::Response, (), (Policy))

struct ListPolicies {
  struct Request {
    std::optional<std::string> Scope;
    std::optional<bool> OnlyAttached;
    std::optional<std::string> PathPrefix, PolicyUsageFilter;
    iam::Marker Marker;
    iam::MaxItems MaxItems;
  };
  struct Response {
    std::vector<Policy> Policies;
    bool IsTruncated = false;
    iam::Marker Marker;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListPolicies::Request, (), (Scope, OnlyAttached, PathPrefix, PolicyUsageFilter, Marker, MaxItems))
BOOST_DESCRIBE_STRUCT(ListPolicies::Response, (), (Policies, IsTruncated, Marker))

struct DeletePolicy {
  struct Request {
    std::string PolicyArn;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DeletePolicy::Request, (), (PolicyArn))

struct PolicyGroup {
  std::string GroupName, GroupId;
};
BOOST_DESCRIBE_STRUCT(PolicyGroup, (), (GroupName, GroupId))

struct PolicyUser {
  std::string UserName, UserId;
};
BOOST_DESCRIBE_STRUCT(PolicyUser, (), (UserName, UserId))

struct PolicyRole {
  std::string RoleName, RoleId;
};
BOOST_DESCRIBE_STRUCT(PolicyRole, (), (RoleName, RoleId))

// There are no groups, so PolicyGroups is always empty.
struct ListEntitiesForPolicy {
  struct Request {
    std::string PolicyArn;
    std::optional<std::string> EntityFilter, PathPrefix, PolicyUsageFilter;
    iam::Marker Marker;
    iam::MaxItems MaxItems;
  };
  struct Response {
    std::vector<PolicyGroup> PolicyGroups;
    std::vector<PolicyUser> PolicyUsers;
    std::vector<PolicyRole> PolicyRoles;
    bool IsTruncated = false;
    iam::Marker Marker;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListEntitiesForPolicy::Request, (),
                      (PolicyArn, EntityFilter, PathPrefix, PolicyUsageFilter, Marker, MaxItems))
BOOST_DESCRIBE_STRUCT(ListEntitiesForPolicy::Response, (),
                      (PolicyGroups, PolicyUsers, PolicyRoles, IsTruncated, Marker))

}  // namespace podpass::iam
