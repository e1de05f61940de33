#include "iam/user_policies.h"

#include "codec/uri.h"
#include "iam/entity_policies.h"

namespace podpass::iam {

Result<aws::Resource> AttachUserPolicy::resource(aws::Call& call, const Request& request) {
  return attachment_resource<UserEntity>(call, request.UserName, request.PolicyArn);
}

Result<NoOutput> AttachUserPolicy::handle(aws::Call& call, const Request& request) {
  return attach_policy<UserEntity>(call, request.UserName, request.PolicyArn);
}

Result<aws::Resource> DetachUserPolicy::resource(aws::Call& call, const Request& request) {
  return attachment_resource<UserEntity>(call, request.UserName, request.PolicyArn);
}

Result<NoOutput> DetachUserPolicy::handle(aws::Call& call, const Request& request) {
  return detach_policy<UserEntity>(call, request.UserName, request.PolicyArn);
}

Result<aws::Resource> ListAttachedUserPolicies::resource(aws::Call& call, const Request& request) {
  TRY(Constraints().text("pathPrefix", request.PathPrefix, Rule::policy_path).result());
  return named_entity_resource<UserEntity>(call, request.UserName);
}

Result<ListAttachedUserPolicies::Response> ListAttachedUserPolicies::handle(aws::Call& call, const Request& request) {
  auto page =
      TRY(attached_page<UserEntity>(call, request.UserName, request.PathPrefix, request.Marker, request.MaxItems));
  return Response{std::move(page.items), page.more, std::move(page.marker)};
}

Result<aws::Resource> PutUserPolicy::resource(aws::Call& call, const Request& request) {
  TRY(check_inline_policy<UserEntity>(request.UserName, request.PolicyName));
  TRY(Constraints().text("policyDocument", request.PolicyDocument, Rule::document).result());
  return permissions_resource<UserEntity>(call, request.UserName);
}

Result<NoOutput> PutUserPolicy::handle(aws::Call& call, const Request& request) {
  return put_inline_policy<UserEntity>(call, request.UserName, request.PolicyName, request.PolicyDocument);
}

Result<aws::Resource> GetUserPolicy::resource(aws::Call& call, const Request& request) {
  TRY(check_inline_policy<UserEntity>(request.UserName, request.PolicyName));
  return entity_resource<UserEntity>(call, request.UserName);
}

Result<GetUserPolicy::Response> GetUserPolicy::handle(aws::Call& call, const Request& request) {
  auto text = TRY(inline_policy_text<UserEntity>(call, request.UserName, request.PolicyName));
  return Response{request.UserName, request.PolicyName, codec::percent_encode(text)};
}

Result<aws::Resource> DeleteUserPolicy::resource(aws::Call& call, const Request& request) {
  TRY(check_inline_policy<UserEntity>(request.UserName, request.PolicyName));
  return permissions_resource<UserEntity>(call, request.UserName);
}

Result<NoOutput> DeleteUserPolicy::handle(aws::Call& call, const Request& request) {
  return delete_inline_policy<UserEntity>(call, request.UserName, request.PolicyName);
}

Result<aws::Resource> ListUserPolicies::resource(aws::Call& call, const Request& request) {
  return named_entity_resource<UserEntity>(call, request.UserName);
}

Result<ListUserPolicies::Response> ListUserPolicies::handle(aws::Call& call, const Request& request) {
  auto page = TRY(inline_page<UserEntity>(call, request.UserName, request.Marker, request.MaxItems));
  return Response{std::move(page.items), page.more, std::move(page.marker)};
}

}  // namespace podpass::iam
