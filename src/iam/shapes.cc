#include "iam/shapes.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "codec/uri.h"
#include "iam/documents.h"
#include "iam/lookup.h"

namespace podpass::iam {
namespace {

std::optional<AttachedPermissionsBoundary> boundary_shape(const std::optional<std::string>& arn) {
  if (!arn) return std::nullopt;
  return AttachedPermissionsBoundary{"Policy", *arn};
}

// No tags: no element, as AWS answers.
std::optional<std::vector<aws::Tag>> tags_shape(const aws::TagMap& tags) {
  if (tags.empty()) return std::nullopt;
  return aws::tag_list(tags);
}

std::optional<std::string> if_given(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

}  // namespace

codec::Value to_value(const NoOutput&) {
  return {};
}

Role role_shape(aws::Call& call, const RoleRecord& role, Detail detail) {
  Role shape;
  shape.Path = role.path;
  shape.RoleName = role.name;
  shape.RoleId = role.id;
  shape.Arn = role_arn(call.deployment, call.caller.account, role);
  shape.CreateDate = role.created;
  shape.AssumeRolePolicyDocument = codec::percent_encode(render_trust_policy(call, role.trust));
  shape.Description = if_given(role.description);
  shape.MaxSessionDuration = role.max_session_seconds;
  if (detail == Detail::listed) return shape;
  shape.PermissionsBoundary = boundary_shape(role.boundary);
  shape.Tags = tags_shape(role.tags);
  shape.RoleLastUsed.emplace();
  return shape;
}

User user_shape(aws::Call& call, const UserRecord& user, Detail detail) {
  User shape;
  shape.Path = user.path;
  shape.UserName = user.name;
  shape.UserId = user.id;
  shape.Arn = user_arn(call.deployment, call.caller.account, user);
  shape.CreateDate = user.created;
  if (detail == Detail::listed) return shape;
  shape.PermissionsBoundary = boundary_shape(user.boundary);
  shape.Tags = tags_shape(user.tags);
  return shape;
}

Policy policy_shape(aws::Call& call, const PolicyRecord& policy, Detail detail) {
  auto uses = [&](std::string_view use) {
    return static_cast<std::int64_t>(call.tx.count(kPolicyUses, {call.caller.account, to_lower(policy.name), use}));
  };
  Policy shape;
  shape.PolicyName = policy.name;
  shape.PolicyId = policy.id;
  shape.Arn = policy_arn(call.deployment, call.caller.account, policy);
  shape.Path = policy.path;
  shape.DefaultVersionId = version_id(policy.default_version);
  shape.AttachmentCount = uses("attached");
  shape.PermissionsBoundaryUsageCount = uses("boundary");
  shape.CreateDate = policy.created;
  shape.UpdateDate = policy.updated;
  if (detail == Detail::listed) return shape;
  shape.Description = if_given(policy.description);
  shape.Tags = tags_shape(policy.tags);
  return shape;
}

PolicyVersion version_shape(const PolicyRecord& policy, const PolicyVersionRecord& version, Detail detail) {
  PolicyVersion shape;
  shape.VersionId = version_id(version.number);
  shape.IsDefaultVersion = version.number == policy.default_version;
  shape.CreateDate = version.created;
  if (detail == Detail::full) shape.Document = codec::percent_encode(version.document.text);
  return shape;
}

std::string version_id(std::int64_t number) {
  return fmt::format("v{}", number);
}

}  // namespace podpass::iam
