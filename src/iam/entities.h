// Roles and users are alike in most of what can be done to them: names, tags, attachments, inline policies, boundary.
// RoleEntity and UserEntity say where they differ; the templates here and in entity_policies.h do the rest once.
//
// Functions of a transaction; one thread; pointers live as long as the transaction.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "aws/call.h"
#include "base/strings.h"
#include "iam/arns.h"
#include "iam/constraints.h"
#include "iam/errors.h"
#include "iam/records.h"
#include "iam/shapes.h"

namespace podpass::iam {

struct RoleEntity {
  using Record = RoleRecord;
  static constexpr const store::Table<RoleRecord>& kTable = kRoles;
  static constexpr std::string_view kKind = "role";
  static constexpr std::string_view kNameMember = "roleName";
  static constexpr std::string_view kPoliciesQuota = "PoliciesPerRole";
  static constexpr Rule kExistingName = Rule::role_name;
  static constexpr std::size_t kMaxInlinePolicies = 10'240;  // characters, all of them together
};

struct UserEntity {
  using Record = UserRecord;
  static constexpr const store::Table<UserRecord>& kTable = kUsers;
  static constexpr std::string_view kKind = "user";
  static constexpr std::string_view kNameMember = "userName";
  static constexpr std::string_view kPoliciesQuota = "PoliciesPerUser";
  static constexpr Rule kExistingName = Rule::existing_user_name;
  static constexpr std::size_t kMaxInlinePolicies = 2'048;
};

template <class Entity>
const typename Entity::Record* find_entity(aws::Call& call, std::string_view name) {
  return call.tx.find(Entity::kTable, {call.caller.account, to_lower(name)});
}

template <class Entity>
Result<const typename Entity::Record*> existing_entity(aws::Call& call, std::string_view name) {
  const auto* record = find_entity<Entity>(call, name);
  if (!record) return no_such_entity(Entity::kKind, name);
  return record;
}

template <class Entity>
void put_entity(aws::Call& call, typename Entity::Record record) {
  auto key = to_lower(record.name);
  call.tx.put(Entity::kTable, {call.caller.account, key}, std::move(record));
}

inline constexpr std::string_view kServiceRolePath = "/aws-service-role/";

// A copy to change and put back. Roles of AWS's services can't be changed.
template <class Entity>
Result<typename Entity::Record> changeable_entity(aws::Call& call, std::string_view name) {
  const auto* record = TRY(existing_entity<Entity>(call, name));
  if (Entity::kKind == "role" && record->path.starts_with(kServiceRolePath)) return protected_role(record->name);
  return *record;
}

void add_resource_tags(aws::Resource& resource, const aws::TagMap& tags);  // aws:ResourceTag/*, iam:ResourceTag/*

template <class Entity>
aws::Resource new_entity_resource(aws::Call& call, std::string_view path, std::string_view name) {
  aws::Resource resource(make_arn(call.deployment.partition, call.caller.account, Entity::kKind, path, name));
  resource.account = call.caller.account;
  return resource;
}

// The entity's ARN with its real path and the keys of its tags; for one that does not exist the path is "/".
template <class Entity>
aws::Resource entity_resource(aws::Call& call, std::string_view name) {
  const auto* record = find_entity<Entity>(call, name);
  if (!record) return new_entity_resource<Entity>(call, "/", name);
  auto resource = new_entity_resource<Entity>(call, record->path, record->name);
  add_resource_tags(resource, record->tags);
  return resource;
}

// The same for a request that names nothing but the entity.
template <class Entity>
Result<aws::Resource> named_entity_resource(aws::Call& call, std::string_view name) {
  TRY(Constraints().text(Entity::kNameMember, name, Entity::kExistingName).result());
  return entity_resource<Entity>(call, name);
}

// What listing entities acts on: the ARN up to the path prefix, "arn:aws:iam::111122223333:role/".
template <class Entity>
aws::Resource entity_list_resource(aws::Call& call, const std::optional<std::string>& path_prefix) {
  return new_entity_resource<Entity>(call, path_prefix.value_or("/"), "");
}

}  // namespace podpass::iam
