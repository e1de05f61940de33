#include "iam/tags.h"

#include "iam/entities.h"
#include "iam/entity_tags.h"
#include "iam/policy_uses.h"

namespace podpass::iam {
namespace {

Result<aws::Resource> tag_resource(aws::Resource resource, const std::vector<aws::Tag>& tags) {
  TRY(Constraints().not_empty("tags", tags.size()).result());
  resource.request_tags(TRY(request_tags(tags)));
  return resource;
}

Result<aws::Resource> untag_resource(aws::Resource resource, const std::vector<std::string>& keys) {
  TRY(check_tag_keys(keys));
  resource.tag_keys(keys);
  return resource;
}

template <class Entity>
Result<NoOutput> tag_entity(aws::Call& call, std::string_view name, const std::vector<aws::Tag>& tags) {
  auto record = TRY(changeable_entity<Entity>(call, name));
  TRY(add_tags(record.tags, tags));
  put_entity<Entity>(call, std::move(record));
  return NoOutput{};
}

template <class Entity>
Result<NoOutput> untag_entity(aws::Call& call, std::string_view name, const std::vector<std::string>& keys) {
  auto record = TRY(changeable_entity<Entity>(call, name));
  remove_tags(record.tags, keys);
  put_entity<Entity>(call, std::move(record));
  return NoOutput{};
}

}  // namespace

Result<aws::Resource> TagRole::resource(aws::Call& call, const Request& request) {
  return tag_resource(TRY(named_entity_resource<RoleEntity>(call, request.RoleName)), request.Tags);
}

Result<NoOutput> TagRole::handle(aws::Call& call, const Request& request) {
  return tag_entity<RoleEntity>(call, request.RoleName, request.Tags);
}

Result<aws::Resource> UntagRole::resource(aws::Call& call, const Request& request) {
  return untag_resource(TRY(named_entity_resource<RoleEntity>(call, request.RoleName)), request.TagKeys);
}

Result<NoOutput> UntagRole::handle(aws::Call& call, const Request& request) {
  return untag_entity<RoleEntity>(call, request.RoleName, request.TagKeys);
}

Result<aws::Resource> ListRoleTags::resource(aws::Call& call, const Request& request) {
  return named_entity_resource<RoleEntity>(call, request.RoleName);
}

Result<ListRoleTags::Response> ListRoleTags::handle(aws::Call& call, const Request& request) {
  const auto* record = TRY(existing_entity<RoleEntity>(call, request.RoleName));
  auto page = TRY(tag_page(record->tags, request.Marker, request.MaxItems));
  return Response{std::move(page.items), page.more, std::move(page.marker)};
}

Result<aws::Resource> TagUser::resource(aws::Call& call, const Request& request) {
  return tag_resource(TRY(named_entity_resource<UserEntity>(call, request.UserName)), request.Tags);
}

Result<NoOutput> TagUser::handle(aws::Call& call, const Request& request) {
  return tag_entity<UserEntity>(call, request.UserName, request.Tags);
}

Result<aws::Resource> UntagUser::resource(aws::Call& call, const Request& request) {
  return untag_resource(TRY(named_entity_resource<UserEntity>(call, request.UserName)), request.TagKeys);
}

Result<NoOutput> UntagUser::handle(aws::Call& call, const Request& request) {
  return untag_entity<UserEntity>(call, request.UserName, request.TagKeys);
}

Result<aws::Resource> ListUserTags::resource(aws::Call& call, const Request& request) {
  return named_entity_resource<UserEntity>(call, request.UserName);
}

Result<ListUserTags::Response> ListUserTags::handle(aws::Call& call, const Request& request) {
  const auto* record = TRY(existing_entity<UserEntity>(call, request.UserName));
  auto page = TRY(tag_page(record->tags, request.Marker, request.MaxItems));
  return Response{std::move(page.items), page.more, std::move(page.marker)};
}

Result<aws::Resource> TagPolicy::resource(aws::Call& call, const Request& request) {
  return tag_resource(TRY(policy_resource(call, request.PolicyArn)), request.Tags);
}

Result<NoOutput> TagPolicy::handle(aws::Call& call, const Request& request) {
  auto policy = *TRY(existing_policy(call, request.PolicyArn));
  TRY(add_tags(policy.tags, request.Tags));
  put_policy(call, std::move(policy));
  return NoOutput{};
}

Result<aws::Resource> UntagPolicy::resource(aws::Call& call, const Request& request) {
  return untag_resource(TRY(policy_resource(call, request.PolicyArn)), request.TagKeys);
}

Result<NoOutput> UntagPolicy::handle(aws::Call& call, const Request& request) {
  auto policy = *TRY(existing_policy(call, request.PolicyArn));
  remove_tags(policy.tags, request.TagKeys);
  put_policy(call, std::move(policy));
  return NoOutput{};
}

Result<aws::Resource> ListPolicyTags::resource(aws::Call& call, const Request& request) {
  return policy_resource(call, request.PolicyArn);
}

Result<ListPolicyTags::Response> ListPolicyTags::handle(aws::Call& call, const Request& request) {
  const auto* record = TRY(existing_policy(call, request.PolicyArn));
  auto page = TRY(tag_page(record->tags, request.Marker, request.MaxItems));
  return Response{std::move(page.items), page.more, std::move(page.marker)};
}

}  // namespace podpass::iam
