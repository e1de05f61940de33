#include "iam/simulate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "iam/constraints.h"
#include "iam/errors.h"
#include "iam/policy_inputs.h"
#include "iam/simulated_resources.h"
#include "iam/simulation.h"
#include "iam/simulation_answer.h"
#include "iam/simulation_context.h"

namespace podpass::iam {
namespace {

constexpr std::string_view kBadMarker = "Invalid marker for pagination.";
constexpr std::string_view kMarkerName = "simulation";
constexpr std::string_view kRunInstances = "ec2:RunInstances";
constexpr std::array<std::string_view, 6> kHandlingOptions = {
    "EC2-Classic-InstanceStore",    "EC2-Classic-EBS", "EC2-VPC-InstanceStore",
    "EC2-VPC-InstanceStore-Subnet", "EC2-VPC-EBS",     "EC2-VPC-EBS-Subnet"};

template <class Request>
SimulationInput input_of(const Request& request, std::span<const std::string> policies) {
  return {policies,
          items_of(request.PermissionsBoundaryPolicyInputList),
          items_of(request.ActionNames),
          items_of(request.ResourceArns),
          request.ResourcePolicy,
          request.ResourceOwner,
          request.CallerArn,
          request.ContextEntries,
          request.ResourceHandlingOption};
}

SimulationInput input_of(const SimulateCustomPolicy::Request& request) {
  return input_of(request,
                  request.PolicyInputList ? items_of(*request.PolicyInputList) : std::span<const std::string>());
}
SimulationInput input_of(const SimulatePrincipalPolicy::Request& request) {
  return input_of(request, items_of(request.PolicyInputList));
}

void check(Constraints& constraints, const SimulationInput& input, MaxItems max_items) {
  check_items(constraints, "policyInputList", input.policies, Rule::document);
  check_items(constraints, "permissionsBoundaryPolicyInputList", input.boundaries, Rule::document);
  constraints.not_empty("actionNames", input.actions.size());
  check_items(constraints, "actionNames", input.actions, Rule::action_name);
  check_items(constraints, "resourceArns", input.resources, Rule::resource_name);
  constraints.text("resourcePolicy", input.resource_policy, Rule::document)
      .text("resourceOwner", input.resource_owner, Rule::resource_name)
      .text("callerArn", input.caller_arn, Rule::resource_name)
      .text("resourceHandlingOption", input.handling_option, Rule::resource_handling_option)
      .number("maxItems", max_items, 1, kMaxPage);
  check_context_entries(constraints, input.context);
}

// Actions are simulated whether anybody knows them or not; wildcards are only characters here.
Result<void> check_actions(const SimulationInput& input) {
  const bool handled = input.handling_option && !is_any_resource(input.resources);
  for (const auto& action : input.actions) {
    if (!action.contains(':')) return invalid_input("The action is invalid since it is missing names");
    if (!handled) continue;
    if (iequals(action, kRunInstances) &&
        std::ranges::find(kHandlingOptions, *input.handling_option) != kHandlingOptions.end())
      continue;
    return invalid_input(fmt::format(
        "Invalid input resource handling options. Action does not support resource handling options: {}.", action));
  }
  return {};
}

// A marker is how many actions were answered. As with AWS it may be used with another request.
Result<std::size_t> first_action(const Marker& marker) {
  if (!marker) return 0;
  const auto key = aws::read_page_token(*marker, kBadMarker);
  if (!key || key->size() != 2 || (*key)[0] != kMarkerName) return invalid_input(std::string(kBadMarker));
  const auto index = parse_integer((*key)[1]);
  if (!index || *index < 0) return invalid_input(std::string(kBadMarker));
  return static_cast<std::size_t>(*index);
}

// Statements and missing keys.
std::size_t told_by(const EvaluationResult& result) {
  auto told = result.MatchedStatements.size() + result.MissingContextValues.size();
  if (!result.ResourceSpecificResults) return told;
  for (const auto& specific : *result.ResourceSpecificResults) {
    told += specific.MatchedStatements.size() + specific.MissingContextValues.size();
  }
  return told;
}

Result<SimulatePolicyResponse> run(aws::Call& call, const SimulationInput& input, const PolicySource* source,
                                   const Marker& marker, MaxItems max_items) {
  const auto size = TRY(page_items(max_items));
  const auto first = TRY(first_action(marker));
  TRY(check_actions(input));
  TRY(check_resources(input.resources));
  const auto simulation = TRY(Simulation::make(call, input, source));
  const auto cost = simulation->cost() * std::max<std::size_t>(input.resources.size(), 1);
  SimulatePolicyResponse response;
  std::size_t work = 0, matches = 0;
  for (auto i = first; i < input.actions.size(); ++i) {
    auto& results = response.EvaluationResults;
    if (results.size() == size || (!results.empty() && (work + cost > kMaxWork || matches > kMaxMatches))) {
      response.IsTruncated = true;
      response.Marker = aws::make_page_token({std::string(kMarkerName), std::to_string(i)});
      break;
    }
    results.push_back(evaluate_action(*simulation, input.actions[i], input.resources, call.deployment.partition));
    work += cost;
    matches += told_by(results.back());
  }
  return response;
}

}  // namespace

codec::Value DecisionDetails::describe() {
  return codec::Value::map({{"type", "map"}, {"value", codec::Value::map({{"type", "string"}})}});
}

codec::Value to_value(const DecisionDetails& details) {
  codec::Value entries(codec::Value::Map{});
  for (const auto& [type, decision] : details.by_type) {
    entries.add("entry", codec::Value::map({{"key", type}, {"value", decision}}));
  }
  return entries;
}

Result<aws::Resource> SimulateCustomPolicy::resource(aws::Call&, const Request& request) {
  Constraints constraints;
  constraints.not_empty("policyInputList", request.PolicyInputList ? 1 : 0);
  check(constraints, input_of(request), request.MaxItems);
  TRY(constraints.result());
  return aws::Resource::all();
}

Result<SimulatePolicyResponse> SimulateCustomPolicy::handle(aws::Call& call, const Request& request) {
  return run(call, input_of(request), nullptr, request.Marker, request.MaxItems);
}

Result<aws::Resource> SimulatePrincipalPolicy::resource(aws::Call& call, const Request& request) {
  Constraints constraints;
  check(constraints, input_of(request), request.MaxItems);
  TRY(constraints.result());
  return policy_source_resource(call, request.PolicySourceArn);
}

Result<SimulatePolicyResponse> SimulatePrincipalPolicy::handle(aws::Call& call, const Request& request) {
  const auto source = TRY(find_policy_source(call, request.PolicySourceArn));
  return run(call, input_of(request), &source, request.Marker, request.MaxItems);
}

}  // namespace podpass::iam
