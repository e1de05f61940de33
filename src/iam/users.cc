#include "iam/users.h"

#include <fmt/format.h>

#include "iam/entity_policies.h"
#include "iam/entity_tags.h"
#include "iam/lookup.h"
#include "iam/own_user.h"

namespace podpass::iam {
namespace {

Error name_taken(std::string_view name) {
  return already_exists(fmt::format("User with name {} already exists.", name));
}

// The keys of a user, and what authentication reads of them, go to the new name.
void move_access_keys(aws::Call& call, const std::string& from, const std::string& to) {
  const auto& account = call.caller.account;
  auto old_key = to_lower(from), new_key = to_lower(to);
  auto rows = call.tx.scan(kAccessKeys, {account, old_key}, kMaxPage);
  std::vector<AccessKeyRecord> keys;
  for (const auto& row : rows) keys.push_back(*row.record);
  for (auto& key : keys) {
    if (const auto* secret = call.tx.find(kAccessKeySecrets, {key.id})) {
      auto moved = *secret;
      moved.user = to;
      call.tx.put(kAccessKeySecrets, {key.id}, std::move(moved));
    }
    if (old_key == new_key) continue;
    auto id = key.id;
    call.tx.erase(kAccessKeys, {account, old_key, id});
    call.tx.put(kAccessKeys, {account, new_key, id}, std::move(key));
  }
}

void move_policy_uses(aws::Call& call, const UserRecord& user, const std::string& to) {
  auto move = [&](const std::string& arn, std::string_view use) {
    erase_policy_use(call, arn, use, UserEntity::kKind, user.name);
    put_policy_use(call, arn, use, UserEntity::kKind, to);
  };
  for (const auto& arn : user.attached) move(arn, kAttached);
  if (user.boundary) move(*user.boundary, kBoundary);
}

User root_shape(aws::Call& call) {
  User root;
  root.UserId = call.caller.account;
  root.Arn = root_arn(call);
  root.CreateDate = call.deployment.created;
  return root;
}

}  // namespace

Result<aws::Resource> CreateUser::resource(aws::Call& call, const Request& request) {
  TRY(Constraints()
          .text("path", request.Path, Rule::path)
          .text("userName", request.UserName, Rule::user_name)
          .result());
  auto resource = new_entity_resource<UserEntity>(call, request.Path.value_or("/"), request.UserName);
  resource.request_tags(TRY(request_tags(request.Tags)));
  if (request.PermissionsBoundary) {
    TRY(check_policy_arn("permissionsBoundary", *request.PermissionsBoundary));
    resource.key("iam:PermissionsBoundary", *request.PermissionsBoundary);
  }
  return resource;
}

Result<CreateUser::Response> CreateUser::handle(aws::Call& call, const Request& request) {
  if (find_entity<UserEntity>(call, request.UserName)) return name_taken(request.UserName);
  if (!call.tx.has_room(kUsers, {call.caller.account}, call.deployment.quotas.users)) {
    return quota_exceeded("UsersPerAccount", call.deployment.quotas.users);
  }
  UserRecord user;
  user.name = request.UserName;
  user.id = aws::unique_id(call.random(), "AIDA");
  user.path = request.Path.value_or("/");
  user.created = call.now;
  user.tags = TRY(request_tags(request.Tags));
  TRY(set_boundary<UserEntity>(call, user, request.PermissionsBoundary));
  auto shape = user_shape(call, user, Detail::full);
  put_entity<UserEntity>(call, std::move(user));
  return Response{std::move(shape)};
}

Result<aws::Resource> GetUser::resource(aws::Call& call, const Request& request) {
  return own_user_resource(call, request.UserName);
}

Result<GetUser::Response> GetUser::handle(aws::Call& call, const Request& request) {
  auto name = TRY(own_user_name(call, request.UserName));
  if (name.empty()) return Response{root_shape(call)};
  const auto* user = TRY(existing_entity<UserEntity>(call, name));
  return Response{user_shape(call, *user, Detail::full)};
}

Result<aws::Resource> ListUsers::resource(aws::Call& call, const Request& request) {
  TRY(Constraints().text("pathPrefix", request.PathPrefix, Rule::path_prefix).result());
  return entity_list_resource<UserEntity>(call, request.PathPrefix);
}

Result<ListUsers::Response> ListUsers::handle(aws::Call& call, const Request& request) {
  auto prefix = request.PathPrefix.value_or("/");
  auto page = TRY(record_page(call.tx, kUsers, {call.caller.account}, request.Marker, request.MaxItems,
                              [&](const UserRecord& user) { return user.path.starts_with(prefix); }));
  Response response{{}, page.more, std::move(page.marker)};
  for (const auto* user : page.items) response.Users.push_back(user_shape(call, *user, Detail::listed));
  return response;
}

Result<aws::Resource> DeleteUser::resource(aws::Call& call, const Request& request) {
  return named_entity_resource<UserEntity>(call, request.UserName);
}

Result<NoOutput> DeleteUser::handle(aws::Call& call, const Request& request) {
  auto user = *TRY(existing_entity<UserEntity>(call, request.UserName));
  TRY(check_no_policies(user));
  if (call.tx.count(kAccessKeys, {call.caller.account, to_lower(user.name)}) > 0) {
    return delete_conflict("Cannot delete entity, must delete access keys first.");
  }
  TRY(set_boundary<UserEntity>(call, user, std::nullopt));
  call.tx.erase(kUsers, {call.caller.account, to_lower(user.name)});
  return NoOutput{};
}

Result<aws::Resource> UpdateUser::resource(aws::Call& call, const Request& request) {
  TRY(Constraints()
          .text("newPath", request.NewPath, Rule::path)
          .text("newUserName", request.NewUserName, Rule::user_name)
          .result());
  return named_entity_resource<UserEntity>(call, request.UserName);
}

Result<NoOutput> UpdateUser::handle(aws::Call& call, const Request& request) {
  auto user = *TRY(existing_entity<UserEntity>(call, request.UserName));
  // The new ARN is acted on too: who may change users below one path only can't move one out of it, or onto another's
  // name.
  auto name = request.NewUserName.value_or(user.name);
  auto path = request.NewPath.value_or(user.path);
  auto target = new_entity_resource<UserEntity>(call, path, name);
  add_resource_tags(target, user.tags);
  TRY(call.authorize("iam:UpdateUser", target));
  if (const auto* other = find_entity<UserEntity>(call, name); other && other->id != user.id) return name_taken(name);
  if (name != user.name) {
    move_policy_uses(call, user, name);
    move_access_keys(call, user.name, name);
    call.tx.erase(kUsers, {call.caller.account, to_lower(user.name)});
  }
  user.name = name;
  user.path = path;
  put_entity<UserEntity>(call, std::move(user));
  return NoOutput{};
}

}  // namespace podpass::iam
