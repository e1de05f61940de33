#include "iam/context_keys.h"

#include "iam/policy_inputs.h"
#include "iam/policy_source.h"

namespace podpass::iam {
namespace {

Result<void> add_inputs(ConditionKeys& keys, const std::vector<std::string>& documents) {
  const auto items = items_of(documents);
  for (std::size_t i = 0; i < items.size(); ++i) keys.add(*TRY(parse_policy_input(items[i], i)));
  return {};
}

}  // namespace

Result<aws::Resource> GetContextKeysForCustomPolicy::resource(aws::Call&, const Request& request) {
  Constraints constraints;
  constraints.not_empty("policyInputList", request.PolicyInputList ? 1 : 0);
  if (request.PolicyInputList) {
    check_items(constraints, "policyInputList", items_of(*request.PolicyInputList), Rule::document);
  }
  TRY(constraints.result());
  return aws::Resource::all();
}

Result<GetContextKeysForPolicyResponse> GetContextKeysForCustomPolicy::handle(aws::Call&, const Request& request) {
  ConditionKeys keys;
  if (request.PolicyInputList) TRY(add_inputs(keys, *request.PolicyInputList));
  return GetContextKeysForPolicyResponse{std::move(keys.names)};
}

Result<aws::Resource> GetContextKeysForPrincipalPolicy::resource(aws::Call& call, const Request& request) {
  Constraints constraints;
  check_items(constraints, "policyInputList", items_of(request.PolicyInputList), Rule::document);
  TRY(constraints.result());
  return policy_source_resource(call, request.PolicySourceArn);
}

Result<GetContextKeysForPolicyResponse> GetContextKeysForPrincipalPolicy::handle(aws::Call& call,
                                                                                 const Request& request) {
  const auto source = TRY(find_policy_source(call, request.PolicySourceArn));
  ConditionKeys keys;
  for (const auto& policy : source.authority.identity) keys.add(*policy.policy);
  if (source.authority.has_boundary) keys.add(*source.authority.boundary.policy);
  TRY(add_inputs(keys, request.PolicyInputList));
  return GetContextKeysForPolicyResponse{std::move(keys.names)};
}

}  // namespace podpass::iam
