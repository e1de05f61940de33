// The shapes that several operations answer with, and how records become them. Values; nothing is shared.
// Documents are percent-encoded in them (RFC 3986), as IAM does. Source: IAM API reference, "Data types".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/call.h"
#include "aws/tags.h"
#include "iam/records.h"

namespace podpass::iam {

// The response of an operation that has none: written without a result element.
struct NoOutput {};
BOOST_DESCRIBE_STRUCT(NoOutput, (), ())
codec::Value to_value(const NoOutput&);

struct AttachedPermissionsBoundary {
  std::string PermissionsBoundaryType, PermissionsBoundaryArn;
};
BOOST_DESCRIBE_STRUCT(AttachedPermissionsBoundary, (), (PermissionsBoundaryType, PermissionsBoundaryArn))

// Empty: Podpass keeps no record of each use of a role.
struct RoleLastUsed {
  std::optional<Time> LastUsedDate;
  std::optional<std::string> Region;
};
BOOST_DESCRIBE_STRUCT(RoleLastUsed, (), (LastUsedDate, Region))

struct Role {
  std::string Path, RoleName, RoleId, Arn;
  Time CreateDate{};
  std::optional<std::string> AssumeRolePolicyDocument, Description;
  std::optional<std::int64_t> MaxSessionDuration;
  std::optional<AttachedPermissionsBoundary> PermissionsBoundary;
  std::optional<std::vector<aws::Tag>> Tags;
  std::optional<iam::RoleLastUsed> RoleLastUsed;
};
BOOST_DESCRIBE_STRUCT(Role, (),
                      (Path, RoleName, RoleId, Arn, CreateDate, AssumeRolePolicyDocument, Description,
                       MaxSessionDuration, PermissionsBoundary, Tags, RoleLastUsed))

// The root user has no name, path or known date.
struct User {
  std::optional<std::string> Path, UserName;
  std::string UserId, Arn;
  std::optional<Time> CreateDate, PasswordLastUsed;
  std::optional<AttachedPermissionsBoundary> PermissionsBoundary;
  std::optional<std::vector<aws::Tag>> Tags;
};
BOOST_DESCRIBE_STRUCT(User, (), (Path, UserName, UserId, Arn, CreateDate, PasswordLastUsed, PermissionsBoundary, Tags))

struct Policy {
  std::string PolicyName, PolicyId, Arn, Path, DefaultVersionId;
  std::int64_t AttachmentCount = 0, PermissionsBoundaryUsageCount = 0;
  bool IsAttachable = true;
  std::optional<std::string> Description;
  Time CreateDate{}, UpdateDate{};
  std::optional<std::vector<aws::Tag>> Tags;
};
BOOST_DESCRIBE_STRUCT(Policy, (),
                      (PolicyName, PolicyId, Arn, Path, DefaultVersionId, AttachmentCount,
                       PermissionsBoundaryUsageCount, IsAttachable, Description, CreateDate, UpdateDate, Tags))

struct PolicyVersion {
  std::optional<std::string> Document;
  std::string VersionId;
  bool IsDefaultVersion = false;
  Time CreateDate{};
};
BOOST_DESCRIBE_STRUCT(PolicyVersion, (), (Document, VersionId, IsDefaultVersion, CreateDate))

struct AttachedPolicy {
  std::string PolicyName, PolicyArn;
};
BOOST_DESCRIBE_STRUCT(AttachedPolicy, (), (PolicyName, PolicyArn))

// Lists leave out what AWS leaves out of them: tags, boundary, last use, a policy's description.
enum class Detail { listed, full };

Role role_shape(aws::Call& call, const RoleRecord& role, Detail detail);
User user_shape(aws::Call& call, const UserRecord& user, Detail detail);
Policy policy_shape(aws::Call& call, const PolicyRecord& policy, Detail detail);
PolicyVersion version_shape(const PolicyRecord& policy, const PolicyVersionRecord& version, Detail detail);
std::string version_id(std::int64_t number);  // "v3"

}  // namespace podpass::iam
