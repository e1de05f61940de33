#include "iam/role_policies.h"

#include "codec/uri.h"
#include "iam/entity_policies.h"

namespace podpass::iam {

Result<aws::Resource> AttachRolePolicy::resource(aws::Call& call, const Request& request) {
  return attachment_resource<RoleEntity>(call, request.RoleName, request.PolicyArn);
}

Result<NoOutput> AttachRolePolicy::handle(aws::Call& call, const Request& request) {
  return attach_policy<RoleEntity>(call, request.RoleName, request.PolicyArn);
}

Result<aws::Resource> DetachRolePolicy::resource(aws::Call& call, const Request& request) {
  return attachment_resource<RoleEntity>(call, request.RoleName, request.PolicyArn);
}

Result<NoOutput> DetachRolePolicy::handle(aws::Call& call, const Request& request) {
  return detach_policy<RoleEntity>(call, request.RoleName, request.PolicyArn);
}

Result<aws::Resource> ListAttachedRolePolicies::resource(aws::Call& call, const Request& request) {
  TRY(Constraints().text("pathPrefix", request.PathPrefix, Rule::policy_path).result());
  return named_entity_resource<RoleEntity>(call, request.RoleName);
}

Result<ListAttachedRolePolicies::Response> ListAttachedRolePolicies::handle(aws::Call& call, const Request& request) {
  auto page =
      TRY(attached_page<RoleEntity>(call, request.RoleName, request.PathPrefix, request.Marker, request.MaxItems));
  return Response{std::move(page.items), page.more, std::move(page.marker)};
}

Result<aws::Resource> PutRolePolicy::resource(aws::Call& call, const Request& request) {
  TRY(check_inline_policy<RoleEntity>(request.RoleName, request.PolicyName));
  TRY(Constraints().text("policyDocument", request.PolicyDocument, Rule::document).result());
  return permissions_resource<RoleEntity>(call, request.RoleName);
}

Result<NoOutput> PutRolePolicy::handle(aws::Call& call, const Request& request) {
  return put_inline_policy<RoleEntity>(call, request.RoleName, request.PolicyName, request.PolicyDocument);
}

Result<aws::Resource> GetRolePolicy::resource(aws::Call& call, const Request& request) {
  TRY(check_inline_policy<RoleEntity>(request.RoleName, request.PolicyName));
  return entity_resource<RoleEntity>(call, request.RoleName);
}

Result<GetRolePolicy::Response> GetRolePolicy::handle(aws::Call& call, const Request& request) {
  auto text = TRY(inline_policy_text<RoleEntity>(call, request.RoleName, request.PolicyName));
  return Response{request.RoleName, request.PolicyName, codec::percent_encode(text)};
}

Result<aws::Resource> DeleteRolePolicy::resource(aws::Call& call, const Request& request) {
  TRY(check_inline_policy<RoleEntity>(request.RoleName, request.PolicyName));
  return permissions_resource<RoleEntity>(call, request.RoleName);
}

Result<NoOutput> DeleteRolePolicy::handle(aws::Call& call, const Request& request) {
  return delete_inline_policy<RoleEntity>(call, request.RoleName, request.PolicyName);
}

Result<aws::Resource> ListRolePolicies::resource(aws::Call& call, const Request& request) {
  return named_entity_resource<RoleEntity>(call, request.RoleName);
}

Result<ListRolePolicies::Response> ListRolePolicies::handle(aws::Call& call, const Request& request) {
  auto page = TRY(inline_page<RoleEntity>(call, request.RoleName, request.Marker, request.MaxItems));
  return Response{std::move(page.items), page.more, std::move(page.marker)};
}

}  // namespace podpass::iam
