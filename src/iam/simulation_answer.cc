#include "iam/simulation_answer.h"

#include <algorithm>

#include "iam/simulated_resources.h"

namespace podpass::iam {
namespace {

using policy::Outcome;

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::allow:
      return "allowed";
    case Outcome::implicit_deny:
      return "implicitDeny";
    case Outcome::explicit_deny:
      return "explicitDeny";
  }
  return "implicitDeny";
}

std::vector<MatchedStatement> shapes_of(Simulation& simulation, const std::set<Match>& matches) {
  std::vector<MatchedStatement> shapes;
  shapes.reserve(matches.size());
  for (const auto& match : matches) shapes.push_back(simulation.shape(match));
  return shapes;
}

DecisionDetails details_of(const Verdict& verdict) {
  DecisionDetails details;
  for (const auto& [type, outcome] : verdict.by_type) details.by_type.emplace(type, name_of(outcome));
  return details;
}

std::optional<PermissionsBoundaryDecisionDetail> boundary_of(const Verdict& verdict) {
  if (!verdict.boundary_allows) return std::nullopt;
  return PermissionsBoundaryDecisionDetail{*verdict.boundary_allows};
}

std::vector<std::string> missing_of(const Simulation& simulation, Outcome outcome) {
  return outcome == Outcome::implicit_deny ? simulation.missing_keys() : std::vector<std::string>();
}

ResourceSpecificResult specific_result(Simulation& simulation, const std::string& resource, const Verdict& verdict) {
  ResourceSpecificResult result{resource,
                                std::string(name_of(verdict.outcome)),
                                shapes_of(simulation, verdict.matches),
                                missing_of(simulation, verdict.outcome),
                                {},
                                boundary_of(verdict)};
  if (!verdict.by_type.empty()) result.EvalDecisionDetails = details_of(verdict);
  return result;
}

// The sum of several resources: what any of them is denied all of them are, and every statement that mattered.
void add_verdict(Verdict& sum, const Verdict& verdict, bool& any_missing) {
  any_missing = any_missing || verdict.outcome == Outcome::implicit_deny;
  sum.outcome = std::max(sum.outcome, verdict.outcome);
  sum.matches.insert(verdict.matches.begin(), verdict.matches.end());
  if (verdict.boundary_allows) sum.boundary_allows = sum.boundary_allows.value_or(true) && *verdict.boundary_allows;
  for (const auto& [type, outcome] : verdict.by_type) {
    auto& known = sum.by_type.emplace(type, outcome).first->second;
    known = std::max(known, outcome);
  }
}

}  // namespace

EvaluationResult evaluate_action(Simulation& simulation, const std::string& action,
                                 std::span<const std::string> resources, std::string_view partition) {
  EvaluationResult result;
  Verdict sum;
  if (is_any_resource(resources)) {
    sum = simulation.ask(action, "*");
    result.MissingContextValues = missing_of(simulation, sum.outcome);
  } else {
    bool any_missing = false;
    auto& specific = result.ResourceSpecificResults.emplace();
    for (const auto& resource : resources) {
      const auto verdict = simulation.ask(action, resource);
      specific.push_back(specific_result(simulation, resource, verdict));
      add_verdict(sum, verdict, any_missing);
    }
    if (any_missing) result.MissingContextValues = simulation.missing_keys();
    result.EvalDecisionDetails = details_of(sum);  // there, and empty within one account
  }
  result.EvalActionName = action;
  result.EvalResourceName = common_name(action, resources, partition);
  result.EvalDecision = name_of(sum.outcome);
  result.MatchedStatements = shapes_of(simulation, sum.matches);
  result.PermissionsBoundaryDecisionDetail = boundary_of(sum);
  return result;
}

}  // namespace podpass::iam
