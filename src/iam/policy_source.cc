#include "iam/policy_source.h"

#include <fmt/format.h>

#include "iam/entities.h"
#include "iam/lookup.h"

namespace podpass::iam {
namespace {

Result<EntityArn> parse_source(aws::Call& call, std::string_view arn) {
  TRY(Constraints().text("policySourceArn", arn, Rule::arn).result());
  for (const auto* kind : {"user", "role", "group"}) {
    auto parts = parse_arn(arn, kind);
    if (!parts || parts->partition != call.deployment.partition) continue;
    if (parts->account == call.caller.account) return *parts;
    return invalid_input(
        fmt::format("Invalid Policy Source Arn: caller's account {} does not have access to policies in account {}.",
                    call.caller.account, parts->account));
  }
  return invalid_input(fmt::format("Invalid ARN provided in the request: {}", arn));
}

template <class Record>
PolicySource source_of(aws::Call& call, std::string_view kind, const Record& record) {
  PolicySource source;
  source.authority = authority_of(call.tx, record);
  auto inlined = record.inlined.begin();
  for (const auto& policy : source.authority.identity) {
    if (auto managed = parse_arn(policy.arn, "policy")) {
      source.ids.emplace_back(managed->name);
    } else {
      source.ids.push_back(concat({kind, "_", record.name, "_", (inlined++)->first}));
    }
  }
  if (record.boundary) {
    auto managed = parse_arn(*record.boundary, "policy");
    source.boundary_id = managed ? std::string(managed->name) : *record.boundary;
  }
  return source;
}

}  // namespace

Result<aws::Resource> policy_source_resource(aws::Call& call, std::string_view arn) {
  auto parts = TRY(parse_source(call, arn));
  if (parts.kind == UserEntity::kKind) return entity_resource<UserEntity>(call, parts.name);
  if (parts.kind == RoleEntity::kKind) return entity_resource<RoleEntity>(call, parts.name);
  aws::Resource group{std::string(arn)};
  group.account = call.caller.account;
  return group;
}

Result<PolicySource> find_policy_source(aws::Call& call, std::string_view arn) {
  auto parts = TRY(parse_source(call, arn));
  if (parts.kind == UserEntity::kKind) {
    if (const auto* user = find_entity<UserEntity>(call, parts.name)) {
      auto source = source_of(call, parts.kind, *user);
      source.user_arn = user_arn(call.deployment, call.caller.account, *user);
      return source;
    }
  } else if (parts.kind == RoleEntity::kKind) {
    if (const auto* role = find_entity<RoleEntity>(call, parts.name)) return source_of(call, parts.kind, *role);
  }
  return no_such_entity("Unable to retrieve specified IAM entity.");
}

}  // namespace podpass::iam
