#include "iam/boundaries.h"

#include "iam/entity_policies.h"

namespace podpass::iam {
namespace {

template <class Entity>
Result<aws::Resource> put_resource(aws::Call& call, std::string_view name, const std::string& boundary) {
  TRY(check_policy_arn("permissionsBoundary", boundary));
  auto resource = TRY(named_entity_resource<Entity>(call, name));
  resource.key("iam:PermissionsBoundary", boundary);
  return resource;
}

}  // namespace

Result<aws::Resource> PutRolePermissionsBoundary::resource(aws::Call& call, const Request& request) {
  return put_resource<RoleEntity>(call, request.RoleName, request.PermissionsBoundary);
}

Result<NoOutput> PutRolePermissionsBoundary::handle(aws::Call& call, const Request& request) {
  return change_boundary<RoleEntity>(call, request.RoleName, request.PermissionsBoundary);
}

Result<aws::Resource> DeleteRolePermissionsBoundary::resource(aws::Call& call, const Request& request) {
  return permissions_resource<RoleEntity>(call, request.RoleName);
}

Result<NoOutput> DeleteRolePermissionsBoundary::handle(aws::Call& call, const Request& request) {
  return change_boundary<RoleEntity>(call, request.RoleName, std::nullopt);
}

Result<aws::Resource> PutUserPermissionsBoundary::resource(aws::Call& call, const Request& request) {
  return put_resource<UserEntity>(call, request.UserName, request.PermissionsBoundary);
}

Result<NoOutput> PutUserPermissionsBoundary::handle(aws::Call& call, const Request& request) {
  return change_boundary<UserEntity>(call, request.UserName, request.PermissionsBoundary);
}

Result<aws::Resource> DeleteUserPermissionsBoundary::resource(aws::Call& call, const Request& request) {
  return permissions_resource<UserEntity>(call, request.UserName);
}

Result<NoOutput> DeleteUserPermissionsBoundary::handle(aws::Call& call, const Request& request) {
  return change_boundary<UserEntity>(call, request.UserName, std::nullopt);
}

}  // namespace podpass::iam
