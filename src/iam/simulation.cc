#include "iam/simulation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "iam/arns.h"
#include "iam/errors.h"
#include "iam/lookup.h"
#include "iam/policy_inputs.h"
#include "iam/simulated_resources.h"
#include "iam/simulation_context.h"

namespace podpass::iam {
namespace {

using policy::Layer;
using policy::LayerResult;
using policy::Outcome;

constexpr std::string_view kIdentityType = "IAM Policy";
constexpr std::string_view kBoundaryType = "Permissions Boundary Policy";
constexpr std::string_view kResourceType = "Resource Policy";

constexpr std::size_t kBytesPerStatement = 64;  // of text that cost as much as a statement

constexpr std::size_t kBytesOfUsualQuestion = 4'096;

// What patterns are compared with: the longest resource and the context's values.
std::size_t asked_bytes(const SimulationInput& input) {
  std::size_t bytes = 0;
  for (const auto& resource : input.resources) bytes = std::max(bytes, resource.size());
  for (const auto& entry : input.context) {
    for (const auto& value : entry.ContextKeyValues) bytes += value.size() + 1;
  }
  return bytes;
}

Outcome outcome_of(LayerResult result) {
  switch (result) {
    case LayerResult::allow:
      return Outcome::allow;
    case LayerResult::explicit_deny:
      return Outcome::explicit_deny;
    case LayerResult::not_applicable:
    case LayerResult::implicit_deny:
      break;
  }
  return Outcome::implicit_deny;
}

}  // namespace

Result<std::unique_ptr<Simulation>> Simulation::make(aws::Call& call, const SimulationInput& input,
                                                     const PolicySource* source) {
  std::unique_ptr<Simulation> made(new Simulation());
  TRY(made->take_policies(input, source));
  TRY(made->take_boundary(input, source));
  TRY(made->take_resource_policy(input));
  TRY(made->check_size(input));
  TRY(add_context_entries(made->context_, input.context));
  TRY(made->take_caller(call, input, source));
  TRY(made->take_owner(input));
  TRY(made->check_resource_policy(input));
  std::erase_if(made->missing_keys_, [&](const auto& key) { return made->context_.find(key) != nullptr; });
  return made;
}

const policy::Policy* Simulation::keep(std::shared_ptr<const policy::Policy> policy) {
  return given_.emplace_back(std::move(policy)).get();
}

void Simulation::add(std::string id, std::string_view type, const policy::Policy& policy) {
  cost_ += 1 + policy.text().size() / kBytesPerStatement;
  sources_.push_back({std::move(id), type, &policy, {}});
}

Result<void> Simulation::take_policies(const SimulationInput& input, const PolicySource* source) {
  if (source) {
    identity_ = source->authority.identity;
    for (std::size_t i = 0; i < identity_.size(); ++i) add(source->ids[i], kIdentityType, *identity_[i].policy);
  }
  for (std::size_t i = 0; i < input.policies.size(); ++i) {
    const auto* policy = keep(TRY(parse_policy_input(input.policies[i], i)));
    identity_.push_back({policy, {}});
    add(fmt::format("PolicyInputList.{}", i + 1), kIdentityType, *policy);
  }
  layers_.identity = identity_;
  return {};
}

// The one that is given takes the place of the entity's own.
Result<void> Simulation::take_boundary(const SimulationInput& input, const PolicySource* source) {
  if (input.boundaries.size() > 1) {
    return invalid_input("The list of Permissions Boundary policies cannot exceed 1 items.");
  }
  boundary_index_ = sources_.size();
  if (!input.boundaries.empty()) {
    const auto* boundary = keep(TRY(parse_policy_input(input.boundaries[0], policy::Kind::identity,
                                                       "Permissions boundary policy input list item 1")));
    layers_.boundary = {boundary, {}};
    add("PermissionsBoundaryPolicyInputList.1", kBoundaryType, *boundary);
  } else if (source && source->authority.has_boundary) {
    layers_.boundary = source->authority.boundary;
    add(source->boundary_id, kBoundaryType, *layers_.boundary.policy);
  } else {
    return {};
  }
  layers_.has_boundary = true;
  return {};
}

// The caller is a user, who may be made up. Its keys stand in for entries that are not given.
Result<void> Simulation::take_caller(aws::Call& call, const SimulationInput& input, const PolicySource* source) {
  caller_account_ = call.caller.account;
  caller_arn_ = input.caller_arn ? *input.caller_arn : source ? source->user_arn : std::string();
  principal_.type = policy::PrincipalType::user;
  principal_.partition = call.deployment.partition;
  if (!caller_arn_.empty()) {
    auto parts = parse_arn(caller_arn_, "user");
    if (!parts || parts->partition != principal_.partition) {
      return invalid_input("Invalid caller - Caller must be an IAM user in this context.");
    }
    caller_account_ = parts->account;
    caller_name_ = parts->name;
    if (const auto* user = find_user_by_arn(call.tx, call.deployment, caller_arn_)) caller_id_ = user->id;
  } else if (input.resource_policy) {
    return invalid_input("Invalid caller - Caller cannot be null or empty.");
  }
  principal_.arn = caller_arn_;
  principal_.account = caller_account_;
  principal_.unique_id = caller_id_;
  const std::pair<std::string_view, std::string_view> keys[] = {
      {"aws:PrincipalArn", caller_arn_}, {"aws:PrincipalAccount", caller_account_}, {"aws:username", caller_name_}};
  for (const auto& [key, value] : keys) {
    if (!value.empty() && !context_.find(key)) context_.add(key, value);
  }
  return {};
}

Result<void> Simulation::take_owner(const SimulationInput& input) {
  if (!input.resource_owner) return {};
  const auto parts = split(*input.resource_owner, ':');
  if (parts.size() < 6 || parts[0] != "arn" || parts[2] != "iam" || !is_account(parts[4]) || parts[5].empty()) {
    return invalid_input(fmt::format("'{}' is not a valid as a Resource Owner.", *input.resource_owner));
  }
  owner_ = parts[4];
  return {};
}

Result<void> Simulation::take_resource_policy(const SimulationInput& input) {
  if (!input.resource_policy) return {};
  if (is_any_resource(input.resources)) {
    return invalid_input("Invalid Entity Arn: * does not clearly define entity type and name.");
  }
  layers_.resource = keep(TRY(parse_policy_input(*input.resource_policy, policy::Kind::resource, "Resource policy")));
  const auto entries = layers_.resource->resources();
  if (std::ranges::find(entries, "*") != entries.end()) {
    return invalid_input("ResourceNames are not in a valid ARN format: *.");
  }
  resource_index_ = sources_.size();
  add("ResourcePolicy", kResourceType, *layers_.resource);
  return {};
}

// What an answer can have in it for each resource are statements and missing keys.
Result<void> Simulation::check_size(const SimulationInput& input) {
  const auto resources = std::max<std::size_t>(input.resources.size(), 1);
  const auto bytes = asked_bytes(input);
  cost_ *= 1 + bytes / kBytesOfUsualQuestion;
  std::size_t statements = 0;
  ConditionKeys keys;
  for (const auto& source : sources_) {
    statements += source.policy->statements().size();
    keys.add(*source.policy);
  }
  missing_keys_ = std::move(keys.names);
  if (resources * (statements + missing_keys_.size()) <= kMaxMatches && resources * cost_ <= kMaxWork) return {};
  return invalid_input(
      fmt::format("The simulation is too large: {} resources, policies of {} statements, and {} bytes to compare.",
                  resources, statements, bytes));
}

// It has to be about every resource.
Result<void> Simulation::check_resource_policy(const SimulationInput& input) {
  if (!layers_.resource) return {};
  policy::Layers layers;
  layers.resource = layers_.resource;
  for (const auto& resource : input.resources) {
    const policy::Request request{principal_, "any:Action", resource, owner_of(resource), context_};
    policy::explain(request, layers, policy::Depth::everything, explanation_);
    const bool covered = std::ranges::any_of(explanation_.statements, [](const auto& examined) {
      return examined.layer == Layer::resource && examined.is_about(policy::kResource);
    });
    if (!covered) return invalid_input(fmt::format("The resource policy is not about resource {}.", resource));
  }
  return {};
}

// Without a resource policy there is but one side to ask, whoever owns the resource.
std::string_view Simulation::owner_of(std::string_view resource) const {
  if (!layers_.resource) return principal_.account;
  const auto fields = split(resource, ':');
  if (fields.size() >= 6 && is_account(fields[4])) return fields[4];
  return owner_.empty() ? principal_.account : owner_;
}

std::size_t Simulation::index_of(const policy::Examined& examined) const {
  if (examined.layer == Layer::boundary) return boundary_index_;
  if (examined.layer == Layer::resource) return resource_index_;
  return static_cast<std::size_t>(examined.policy);
}

Verdict Simulation::ask(std::string_view action, std::string_view resource) {
  Verdict verdict;
  const auto asked = resource_for(action, resource);
  const policy::Request request{principal_, action, asked, owner_of(resource), context_};
  policy::explain(request, layers_, policy::Depth::matched, explanation_);
  const bool fits = fits_action(action, resource);
  verdict.outcome = fits ? explanation_.decision.outcome : Outcome::implicit_deny;
  const auto of = [&](Layer layer) { return fits ? outcome_of(explanation_.result(layer)) : Outcome::implicit_deny; };
  if (layers_.has_boundary) verdict.boundary_allows = of(Layer::boundary) == Outcome::allow;
  if (request.resource_account != principal_.account) {
    verdict.by_type.emplace(kIdentityType, of(Layer::identity));
    verdict.by_type.emplace(kResourceType, of(Layer::resource));
    if (layers_.has_boundary) verdict.by_type.emplace(kBoundaryType, of(Layer::boundary));
  }
  if (verdict.outcome == Outcome::implicit_deny) return verdict;
  const bool denied = verdict.outcome == Outcome::explicit_deny;
  for (const auto& examined : explanation_.statements) {
    if (!examined.applies() || (examined.effect == policy::Effect::deny) != denied) continue;
    if (examined.layer == Layer::boundary && !denied) continue;  // it grants nothing
    verdict.matches.insert({index_of(examined), static_cast<std::size_t>(examined.statement)});
  }
  return verdict;
}

MatchedStatement Simulation::shape(const Match& match) {
  auto& source = sources_[match.policy];
  if (source.places.empty()) source.places = statement_places(*source.policy);
  const auto& place = source.places[match.statement];
  return {
      source.id, std::string(source.type), {place.start.line, place.start.column}, {place.end.line, place.end.column}};
}

}  // namespace podpass::iam
