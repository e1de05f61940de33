#include "iam/roles.h"

#include <fmt/format.h>

#include "iam/documents.h"
#include "iam/entity_policies.h"
#include "iam/entity_tags.h"
#include "iam/lookup.h"

namespace podpass::iam {
namespace {

constexpr std::int64_t kLeastSession = 3'600, kMostSession = 43'200;  // seconds

Constraints& check_settings(Constraints& constraints, const std::optional<std::string>& description,
                            std::optional<std::int64_t> session_seconds) {
  return constraints.text("description", description, Rule::role_description)
      .number("maxSessionDuration", session_seconds, kLeastSession, kMostSession);
}

}  // namespace

Result<aws::Resource> CreateRole::resource(aws::Call& call, const Request& request) {
  Constraints constraints;
  constraints.text("path", request.Path, Rule::path)
      .text("roleName", request.RoleName, Rule::role_name)
      .text("assumeRolePolicyDocument", request.AssumeRolePolicyDocument, Rule::document);
  TRY(check_settings(constraints, request.Description, request.MaxSessionDuration).result());
  auto resource = new_entity_resource<RoleEntity>(call, request.Path.value_or("/"), request.RoleName);
  resource.request_tags(TRY(request_tags(request.Tags)));
  if (request.PermissionsBoundary) {
    TRY(check_policy_arn("permissionsBoundary", *request.PermissionsBoundary));
    resource.key("iam:PermissionsBoundary", *request.PermissionsBoundary);
  }
  return resource;
}

Result<CreateRole::Response> CreateRole::handle(aws::Call& call, const Request& request) {
  const auto& account = call.caller.account;
  if (find_entity<RoleEntity>(call, request.RoleName)) {
    return already_exists(fmt::format("Role with name {} already exists.", request.RoleName));
  }
  if (request.Path.value_or("/").starts_with(kServiceRolePath)) {
    return invalid_input(fmt::format("The path {} is kept for roles of AWS services.", kServiceRolePath));
  }
  RoleRecord role;
  role.trust = TRY(parse_trust_policy(call, request.AssumeRolePolicyDocument));
  if (!call.tx.has_room(kRoles, {account}, call.deployment.quotas.roles)) {
    return quota_exceeded("RolesPerAccount", call.deployment.quotas.roles);
  }
  role.name = request.RoleName;
  role.id = aws::unique_id(call.random(), "AROA");
  role.path = request.Path.value_or("/");
  role.created = call.now;
  role.description = request.Description.value_or("");
  role.max_session_seconds = request.MaxSessionDuration.value_or(kLeastSession);
  role.tags = TRY(request_tags(request.Tags));
  TRY(set_boundary<RoleEntity>(call, role, request.PermissionsBoundary));
  auto shape = role_shape(call, role, Detail::full);
  shape.RoleLastUsed.reset();
  put_entity<RoleEntity>(call, std::move(role));
  return Response{std::move(shape)};
}

Result<aws::Resource> GetRole::resource(aws::Call& call, const Request& request) {
  return named_entity_resource<RoleEntity>(call, request.RoleName);
}

Result<GetRole::Response> GetRole::handle(aws::Call& call, const Request& request) {
  const auto* role = TRY(existing_entity<RoleEntity>(call, request.RoleName));
  return Response{role_shape(call, *role, Detail::full)};
}

Result<aws::Resource> ListRoles::resource(aws::Call& call, const Request& request) {
  TRY(Constraints().text("pathPrefix", request.PathPrefix, Rule::path_prefix).result());
  return entity_list_resource<RoleEntity>(call, request.PathPrefix);
}

Result<ListRoles::Response> ListRoles::handle(aws::Call& call, const Request& request) {
  auto prefix = request.PathPrefix.value_or("/");
  auto page = TRY(record_page(call.tx, kRoles, {call.caller.account}, request.Marker, request.MaxItems,
                              [&](const RoleRecord& role) { return role.path.starts_with(prefix); }));
  Response response{{}, page.more, std::move(page.marker)};
  for (const auto* role : page.items) response.Roles.push_back(role_shape(call, *role, Detail::listed));
  return response;
}

Result<aws::Resource> DeleteRole::resource(aws::Call& call, const Request& request) {
  return named_entity_resource<RoleEntity>(call, request.RoleName);
}

Result<NoOutput> DeleteRole::handle(aws::Call& call, const Request& request) {
  auto role = TRY(changeable_entity<RoleEntity>(call, request.RoleName));
  TRY(check_no_policies(role));
  TRY(set_boundary<RoleEntity>(call, role, std::nullopt));
  call.tx.erase(kRoles, {call.caller.account, to_lower(role.name)});
  return NoOutput{};
}

Result<aws::Resource> UpdateRole::resource(aws::Call& call, const Request& request) {
  Constraints constraints;
  TRY(check_settings(constraints, request.Description, request.MaxSessionDuration).result());
  return named_entity_resource<RoleEntity>(call, request.RoleName);
}

Result<UpdateRole::Response> UpdateRole::handle(aws::Call& call, const Request& request) {
  auto role = TRY(changeable_entity<RoleEntity>(call, request.RoleName));
  if (request.Description) role.description = *request.Description;
  if (request.MaxSessionDuration) role.max_session_seconds = *request.MaxSessionDuration;
  put_entity<RoleEntity>(call, std::move(role));
  return Response{};
}

Result<aws::Resource> UpdateRoleDescription::resource(aws::Call& call, const Request& request) {
  TRY(Constraints().text("description", request.Description, Rule::role_description).result());
  return named_entity_resource<RoleEntity>(call, request.RoleName);
}

Result<UpdateRoleDescription::Response> UpdateRoleDescription::handle(aws::Call& call, const Request& request) {
  auto role = TRY(changeable_entity<RoleEntity>(call, request.RoleName));
  role.description = request.Description;
  auto shape = role_shape(call, role, Detail::full);
  put_entity<RoleEntity>(call, std::move(role));
  return Response{std::move(shape)};
}

Result<aws::Resource> UpdateAssumeRolePolicy::resource(aws::Call& call, const Request& request) {
  TRY(Constraints().text("policyDocument", request.PolicyDocument, Rule::document).result());
  return named_entity_resource<RoleEntity>(call, request.RoleName);
}

Result<NoOutput> UpdateAssumeRolePolicy::handle(aws::Call& call, const Request& request) {
  auto role = TRY(changeable_entity<RoleEntity>(call, request.RoleName));
  role.trust = TRY(parse_trust_policy(call, request.PolicyDocument));
  put_entity<RoleEntity>(call, std::move(role));
  return NoOutput{};
}

Result<aws::Resource> ListInstanceProfilesForRole::resource(aws::Call& call, const Request& request) {
  return named_entity_resource<RoleEntity>(call, request.RoleName);
}

Result<ListInstanceProfilesForRole::Response> ListInstanceProfilesForRole::handle(aws::Call& call,
                                                                                  const Request& request) {
  TRY(existing_entity<RoleEntity>(call, request.RoleName));
  TRY(page_items(request.MaxItems));
  return Response{};
}

}  // namespace podpass::iam
