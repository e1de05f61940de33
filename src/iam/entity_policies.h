// What is done alike to a role's and to a user's policies: attached ones, inline ones, the boundary. See entities.h.
//
// Functions of a transaction; one thread. Limits: kMaxAttached managed policies, Entity::kMaxInlinePolicies characters
// of inline ones.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "iam/documents.h"
#include "iam/entities.h"
#include "iam/lookup.h"
#include "iam/pages.h"
#include "iam/policy_uses.h"

namespace podpass::iam {

inline constexpr std::size_t kMaxAttached = 10;

// The entity, with its boundary as iam:PermissionsBoundary: changes of permissions may be tied to it.
template <class Entity>
Result<aws::Resource> permissions_resource(aws::Call& call, std::string_view name) {
  auto resource = TRY(named_entity_resource<Entity>(call, name));
  const auto* record = find_entity<Entity>(call, name);
  if (record && record->boundary) resource.key("iam:PermissionsBoundary", *record->boundary);
  return resource;
}

template <class Entity>
Result<aws::Resource> attachment_resource(aws::Call& call, std::string_view name, const std::string& arn) {
  TRY(check_policy_arn("policyArn", arn));
  auto resource = TRY(permissions_resource<Entity>(call, name));
  resource.key("iam:PolicyARN", arn);
  return resource;
}

template <class Entity>
Result<void> check_inline_policy(std::string_view name, std::string_view policy) {
  return Constraints()
      .text(Entity::kNameMember, name, Entity::kExistingName)
      .text("policyName", policy, Rule::policy_name)
      .result();
}

template <class Entity>
Result<NoOutput> attach_policy(aws::Call& call, std::string_view name, const std::string& arn) {
  auto record = TRY(changeable_entity<Entity>(call, name));
  if (!find_policy(call, arn)) return policy_not_attachable(arn);
  if (std::ranges::find(record.attached, arn) != record.attached.end()) return NoOutput{};
  if (record.attached.size() >= kMaxAttached) return quota_exceeded(Entity::kPoliciesQuota, kMaxAttached);
  record.attached.push_back(arn);
  put_policy_use(call, arn, kAttached, Entity::kKind, record.name);
  put_entity<Entity>(call, std::move(record));
  return NoOutput{};
}

template <class Entity>
Result<NoOutput> detach_policy(aws::Call& call, std::string_view name, const std::string& arn) {
  auto record = TRY(changeable_entity<Entity>(call, name));
  if (std::erase(record.attached, arn) == 0) return policy_not_found(arn);
  erase_policy_use(call, arn, kAttached, Entity::kKind, record.name);
  put_entity<Entity>(call, std::move(record));
  return NoOutput{};
}

template <class Entity>
Result<Page<AttachedPolicy>> attached_page(aws::Call& call, std::string_view name,
                                           const std::optional<std::string>& path_prefix, const Marker& marker,
                                           MaxItems max_items) {
  const auto* record = TRY(existing_entity<Entity>(call, name));
  std::vector<AttachedPolicy> all;
  for (const auto& arn : record->attached) {
    auto parts = parse_arn(arn, "policy");
    if (parts && parts->path.starts_with(path_prefix.value_or("/"))) all.push_back({std::string(parts->name), arn});
  }
  std::ranges::sort(all, {}, &AttachedPolicy::PolicyArn);
  return list_page(std::move(all), marker, max_items, [](const AttachedPolicy& policy) { return policy.PolicyArn; });
}

template <class Entity>
Result<NoOutput> put_inline_policy(aws::Call& call, std::string_view name, const std::string& policy,
                                   const std::string& document) {
  auto record = TRY(changeable_entity<Entity>(call, name));
  record.inlined.insert_or_assign(policy, TRY(parse_inline_policy(document)));
  std::size_t size = 0, characters = 0;
  for (const auto& [_, stored] : record.inlined) {
    size += policy::size_without_whitespace(stored.text);
    characters += utf8_length(stored.text);
  }
  if (size > Entity::kMaxInlinePolicies) {
    return limit_exceeded(fmt::format("Maximum policy size of {} bytes exceeded for {} {}", Entity::kMaxInlinePolicies,
                                      Entity::kKind, record.name));
  }
  TRY(check_stored_text(characters, kMaxInlineText));
  put_entity<Entity>(call, std::move(record));
  return NoOutput{};
}

template <class Entity>
Error no_such_inline_policy(std::string_view policy) {
  return no_such_entity(fmt::format("{} policy", Entity::kKind), policy);
}

template <class Entity>
Result<std::string> inline_policy_text(aws::Call& call, std::string_view name, const std::string& policy) {
  const auto* record = TRY(existing_entity<Entity>(call, name));
  auto found = record->inlined.find(policy);
  if (found == record->inlined.end()) return no_such_inline_policy<Entity>(policy);
  return found->second.text;
}

template <class Entity>
Result<NoOutput> delete_inline_policy(aws::Call& call, std::string_view name, const std::string& policy) {
  auto record = TRY(changeable_entity<Entity>(call, name));
  if (record.inlined.erase(policy) == 0) return no_such_inline_policy<Entity>(policy);
  put_entity<Entity>(call, std::move(record));
  return NoOutput{};
}

template <class Entity>
Result<Page<std::string>> inline_page(aws::Call& call, std::string_view name, const Marker& marker,
                                      MaxItems max_items) {
  const auto* record = TRY(existing_entity<Entity>(call, name));
  std::vector<std::string> names;
  for (const auto& [policy, _] : record->inlined) names.push_back(policy);
  return list_page(std::move(names), marker, max_items, [](const std::string& policy) { return policy; });
}

// Sets or, with nothing, removes the boundary of a record that the caller then puts.
template <class Entity>
Result<void> set_boundary(aws::Call& call, typename Entity::Record& record, const std::optional<std::string>& arn) {
  if (arn && !find_policy(call, *arn)) return boundary_not_found(*arn);
  if (record.boundary) erase_policy_use(call, *record.boundary, kBoundary, Entity::kKind, record.name);
  if (arn) put_policy_use(call, *arn, kBoundary, Entity::kKind, record.name);
  record.boundary = arn;
  return {};
}

template <class Entity>
Result<NoOutput> change_boundary(aws::Call& call, std::string_view name, const std::optional<std::string>& arn) {
  auto record = TRY(changeable_entity<Entity>(call, name));
  TRY(set_boundary<Entity>(call, record, arn));
  put_entity<Entity>(call, std::move(record));
  return NoOutput{};
}

// What must be gone before the entity can go.
template <class Record>
Result<void> check_no_policies(const Record& record) {
  if (!record.attached.empty()) return delete_conflict("Cannot delete entity, must detach all policies first.");
  if (!record.inlined.empty()) return delete_conflict("Cannot delete entity, must delete policies first.");
  return {};
}

}  // namespace podpass::iam
