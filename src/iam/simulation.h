// Simulation: policies, a caller and a context, all as a request gives them, ready to be asked what they say to an
// action on a resource. policy::explain answers; here its answer becomes IAM's.
//
// One thread; lives for one handler's run. It shows the input and the source, which must outlive it. Errors:
// InvalidInput with the simulator's texts. Limits: what one answer may cost, below.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "iam/policy_source.h"
#include "iam/simulate.h"
#include "iam/statement_places.h"
#include "policy/explain.h"

namespace podpass::iam {

// Of one answer. Whoever asks for more gets fewer items and a marker; one action alone must fit. Work is about one for
// each statement that is looked at, and more for long ones; matches are statements and missing keys that are told.
inline constexpr std::size_t kMaxWork = 100'000;
inline constexpr std::size_t kMaxMatches = 20'000;

// What both operations are given.
struct SimulationInput {
  std::span<const std::string> policies, boundaries, actions, resources;
  const std::optional<std::string>&resource_policy, &resource_owner, &caller_arn;
  const std::vector<ContextEntry>& context;
  const std::optional<std::string>& handling_option;
};

// A statement of one of the simulation's policies; in the order in which an answer lists them.
struct Match {
  std::size_t policy = 0, statement = 0;
  auto operator<=>(const Match&) const = default;
};

// What is said to one action on one resource.
struct Verdict {
  policy::Outcome outcome = policy::Outcome::allow;
  std::set<Match> matches;
  std::optional<bool> boundary_allows;
  std::map<std::string, policy::Outcome> by_type;  // by type of policy; only between accounts
};

class Simulation {
 public:
  // `source`: the entity whose policies take part; null for none.
  static Result<std::unique_ptr<Simulation>> make(aws::Call& call, const SimulationInput& input,
                                                  const PolicySource* source);

  Verdict ask(std::string_view action, std::string_view resource);

  MatchedStatement shape(const Match& match);
  // The condition keys that the policies name and that have no value.
  const std::vector<std::string>& missing_keys() const { return missing_keys_; }
  std::size_t cost() const { return cost_; }  // of one question

 private:
  struct Source {
    std::string id;
    std::string_view type;
    const policy::Policy* policy;
    std::vector<StatementPlace> places;  // made when one is asked for
  };

  Simulation() = default;
  Result<void> take_policies(const SimulationInput& input, const PolicySource* source);
  Result<void> take_boundary(const SimulationInput& input, const PolicySource* source);
  Result<void> take_resource_policy(const SimulationInput& input);
  Result<void> check_resource_policy(const SimulationInput& input);
  Result<void> check_size(const SimulationInput& input);
  Result<void> take_caller(aws::Call& call, const SimulationInput& input, const PolicySource* source);
  Result<void> take_owner(const SimulationInput& input);
  void add(std::string id, std::string_view type, const policy::Policy& policy);
  const policy::Policy* keep(std::shared_ptr<const policy::Policy> policy);
  std::string_view owner_of(std::string_view resource) const;
  std::size_t index_of(const policy::Examined& examined) const;

  std::vector<Source> sources_;  // identity policies, then the boundary, then the resource's policy
  std::vector<std::shared_ptr<const policy::Policy>> given_;
  std::vector<policy::NamedPolicy> identity_;
  policy::Layers layers_;
  std::size_t boundary_index_ = 0, resource_index_ = 0;
  policy::Principal principal_;
  std::string caller_arn_, caller_account_, caller_name_, caller_id_, owner_;
  policy::Context context_;
  policy::Explanation explanation_;
  std::vector<std::string> missing_keys_;
  std::size_t cost_ = 0;
};

}  // namespace podpass::iam
