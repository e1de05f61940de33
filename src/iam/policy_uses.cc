#include "iam/policy_uses.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/strings.h"
#include "iam/arns.h"
#include "iam/constraints.h"
#include "iam/entities.h"
#include "iam/errors.h"
#include "iam/lookup.h"

namespace podpass::iam {
namespace {

std::string lower_name(std::string_view arn) {
  auto parts = parse_arn(arn, "policy");
  CHECK(parts);  // only ARNs that were looked up get here
  return to_lower(parts->name);
}

}  // namespace

void put_policy_use(aws::Call& call, std::string_view arn, std::string_view use, std::string_view kind,
                    std::string_view name) {
  call.tx.put(kPolicyUses, {call.caller.account, lower_name(arn), use, kind, to_lower(name)}, {std::string(name)});
}

void erase_policy_use(aws::Call& call, std::string_view arn, std::string_view use, std::string_view kind,
                      std::string_view name) {
  call.tx.erase(kPolicyUses, {call.caller.account, lower_name(arn), use, kind, to_lower(name)});
}

Result<void> check_policy_arn(std::string_view member, std::string_view arn) {
  TRY(Constraints().text(member, arn, Rule::arn).result());
  if (!arn.starts_with("arn:") || split(arn, ':').size() < 6) {
    return Error::invalid("Invalid ARN:  Could not be parsed!");  // two spaces, as AWS prints it
  }
  if (!parse_arn(arn, "policy")) return invalid_input(fmt::format("ARN {} is not valid.", arn));
  return {};
}

const PolicyRecord* find_policy(aws::Call& call, std::string_view arn) {
  auto parts = parse_arn(arn, "policy");
  if (!parts || parts->account != call.caller.account || parts->partition != call.deployment.partition) return nullptr;
  return find_policy_by_arn(call.tx, arn);
}

Result<const PolicyRecord*> existing_policy(aws::Call& call, std::string_view arn) {
  const auto* policy = find_policy(call, arn);
  if (!policy) return policy_not_found(arn);
  return policy;
}

void put_policy(aws::Call& call, PolicyRecord policy) {
  auto key = to_lower(policy.name);
  call.tx.put(kPolicies, {call.caller.account, key}, std::move(policy));
}

Result<aws::Resource> policy_resource(aws::Call& call, std::string_view arn) {
  TRY(check_policy_arn("policyArn", arn));
  aws::Resource resource{std::string(arn)};
  auto account = parse_arn(arn, "policy")->account;
  resource.account = account == "aws" ? call.caller.account : account;  // AWS's own policies are for all to use
  if (const auto* policy = find_policy(call, arn)) add_resource_tags(resource, policy->tags);
  return resource;
}

}  // namespace podpass::iam
