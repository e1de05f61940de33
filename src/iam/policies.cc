#include "iam/policies.h"

#include <fmt/format.h>

#include "iam/documents.h"
#include "iam/entities.h"
#include "iam/entity_tags.h"
#include "iam/lookup.h"
#include "iam/policy_uses.h"

namespace podpass::iam {
namespace {

constexpr std::string_view kBoundaryFilter = "PermissionsBoundary";

// Is there a use of the policy that the filters ask for?
bool is_wanted(aws::Call& call, const PolicyRecord& policy, const ListPolicies::Request& request) {
  if (!policy.path.starts_with(request.PathPrefix.value_or("/"))) return false;
  if (!request.OnlyAttached.value_or(false) && !request.PolicyUsageFilter) return true;
  auto used = [&](std::string_view use) {
    return call.tx.count(kPolicyUses, {call.caller.account, to_lower(policy.name), use}) > 0;
  };
  if (!request.PolicyUsageFilter) return used(kAttached) || used(kBoundary);
  return used(request.PolicyUsageFilter == kBoundaryFilter ? kBoundary : kAttached);
}

// One entity that uses the policy. The key makes a page's order: use, kind, lower name.
struct Use {
  std::string key, kind, name, id;
};

std::optional<Use> entity_of_use(aws::Call& call, const store::Row<PolicyUseRecord>& row,
                                 const ListEntitiesForPolicy::Request& request) {
  // The key is account, policy, use, kind, name.
  if (row.key.size() != 5) return std::nullopt;
  Use use{fmt::format("{}/{}", row.key[3], row.key[4]), row.key[3], row.record->name, {}};
  std::string path;
  auto take = [&](const auto* entity) {
    if (!entity) return false;
    use.id = entity->id;
    path = entity->path;
    return true;
  };
  bool found = use.kind == RoleEntity::kKind ? take(find_entity<RoleEntity>(call, use.name))
                                             : take(find_entity<UserEntity>(call, use.name));
  if (!found || !path.starts_with(request.PathPrefix.value_or("/"))) return std::nullopt;
  return use;
}

}  // namespace

Result<aws::Resource> CreatePolicy::resource(aws::Call& call, const Request& request) {
  TRY(Constraints()
          .text("policyName", request.PolicyName, Rule::policy_name)
          .text("path", request.Path, Rule::policy_path)
          .text("policyDocument", request.PolicyDocument, Rule::document)
          .text("description", request.Description, Rule::policy_description)
          .result());
  aws::Resource resource(make_arn(call.deployment.partition, call.caller.account, "policy", request.Path.value_or("/"),
                                  request.PolicyName));
  resource.account = call.caller.account;
  resource.request_tags(TRY(request_tags(request.Tags)));
  return resource;
}

Result<CreatePolicy::Response> CreatePolicy::handle(aws::Call& call, const Request& request) {
  const auto& account = call.caller.account;
  if (call.tx.find(kPolicies, {account, to_lower(request.PolicyName)})) {
    return already_exists(
        fmt::format("A policy called {} already exists. Duplicate names are not allowed.", request.PolicyName));
  }
  PolicyVersionRecord version;
  version.created = call.now;
  version.document = TRY(parse_managed_policy(request.PolicyDocument));
  if (!call.tx.has_room(kPolicies, {account}, call.deployment.quotas.policies)) {
    return quota_exceeded("PoliciesPerAccount", call.deployment.quotas.policies);
  }
  PolicyRecord policy;
  policy.name = request.PolicyName;
  policy.id = aws::unique_id(call.random(), "ANPA");
  policy.path = request.Path.value_or("/");
  policy.description = request.Description.value_or("");
  policy.created = policy.updated = call.now;
  policy.versions.push_back(std::move(version));
  policy.tags = TRY(request_tags(request.Tags));
  auto shape = policy_shape(call, policy, Detail::full);
  put_policy(call, std::move(policy));
  return Response{std::move(shape)};
}

Result<aws::Resource> GetPolicy::resource(aws::Call& call, const Request& request) {
  return policy_resource(call, request.PolicyArn);
}

Result<GetPolicy::Response> GetPolicy::handle(aws::Call& call, const Request& request) {
  const auto* policy = TRY(existing_policy(call, request.PolicyArn));
  return Response{policy_shape(call, *policy, Detail::full)};
}

Result<aws::Resource> ListPolicies::resource(aws::Call&, const Request& request) {
  TRY(Constraints()
          .one_of("scope", request.Scope, {"All", "AWS", "Local"})
          .text("pathPrefix", request.PathPrefix, Rule::policy_path)
          .one_of("policyUsageFilter", request.PolicyUsageFilter, {"PermissionsPolicy", "PermissionsBoundary"})
          .result());
  return aws::Resource::all();
}

Result<ListPolicies::Response> ListPolicies::handle(aws::Call& call, const Request& request) {
  auto page = TRY(record_page(
      call.tx, kPolicies, {call.caller.account}, request.Marker, request.MaxItems,
      [&](const PolicyRecord& policy) { return request.Scope != "AWS" && is_wanted(call, policy, request); }));
  Response response{{}, page.more, std::move(page.marker)};
  for (const auto* policy : page.items) response.Policies.push_back(policy_shape(call, *policy, Detail::listed));
  return response;
}

Result<aws::Resource> DeletePolicy::resource(aws::Call& call, const Request& request) {
  return policy_resource(call, request.PolicyArn);
}

Result<NoOutput> DeletePolicy::handle(aws::Call& call, const Request& request) {
  const auto* policy = TRY(existing_policy(call, request.PolicyArn));
  auto key = to_lower(policy->name);
  if (call.tx.count(kPolicyUses, {call.caller.account, key}) > 0) {
    return delete_conflict("Cannot delete a policy attached to entities.");
  }
  if (policy->versions.size() > 1) {
    return delete_conflict(
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The "
        "default version is deleted with the policy.");
  }
  call.tx.erase(kPolicies, {call.caller.account, key});
  return NoOutput{};
}

Result<aws::Resource> ListEntitiesForPolicy::resource(aws::Call& call, const Request& request) {
  TRY(Constraints()
          .one_of("entityFilter", request.EntityFilter,
                  {"User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"})
          .text("pathPrefix", request.PathPrefix, Rule::path)
          .one_of("policyUsageFilter", request.PolicyUsageFilter, {"PermissionsPolicy", "PermissionsBoundary"})
          .result());
  return policy_resource(call, request.PolicyArn);
}

Result<ListEntitiesForPolicy::Response> ListEntitiesForPolicy::handle(aws::Call& call, const Request& request) {
  const auto* policy = TRY(existing_policy(call, request.PolicyArn));
  auto key = to_lower(policy->name);
  std::map<std::string, Use> uses;  // an entity that uses it both ways is listed once
  for (auto [use, filter] : {std::pair(kAttached, "PermissionsPolicy"), std::pair(kBoundary, "PermissionsBoundary")}) {
    if (request.PolicyUsageFilter.value_or(filter) != filter) continue;
    for (auto [kind, entity] : {std::pair(RoleEntity::kKind, "Role"), std::pair(UserEntity::kKind, "User")}) {
      if (request.EntityFilter.value_or(entity) != entity) continue;
      auto most = call.deployment.quotas.roles + call.deployment.quotas.users;
      for (const auto& row : call.tx.scan(kPolicyUses, {call.caller.account, key, use, kind}, most)) {
        if (auto found = entity_of_use(call, row, request)) uses.emplace(found->key, std::move(*found));
      }
    }
  }
  std::vector<Use> all;
  for (auto& [_, use] : uses) all.push_back(std::move(use));
  auto page = TRY(list_page(std::move(all), request.Marker, request.MaxItems, [](const Use& use) { return use.key; }));
  Response response{{}, {}, {}, page.more, std::move(page.marker)};
  for (auto& use : page.items) {
    if (use.kind == RoleEntity::kKind) {
      response.PolicyRoles.push_back({std::move(use.name), std::move(use.id)});
    } else {
      response.PolicyUsers.push_back({std::move(use.name), std::move(use.id)});
    }
  }
  return response;
}

}  // namespace podpass::iam
