// The reference: a second, slow evaluator of IAM policies, written from AWS's rules and from docs/decisions 010 and 012
// alone. The policy engine must decide as it does; policy_reference_test.cc compares them.
//
// It shares no code with src/policy, only the plain structs for a principal and for what is decided, and the names of
// layers and kinds. For tests: slow, owns all it holds but the principal's texts. Safe from any thread. Policies that
// the engine refuses are not for it: it throws, or decides anything.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policy/policy.h"
#include "policy_reference/conditions.h"
#include "policy_reference/json.h"

namespace podpass::reference {

struct Policy {
  policy::Kind kind = policy::Kind::identity;
  std::map<std::string, std::string> ids;  // by principal as written; see policy::PrincipalIds
  std::vector<Json> statements;
  Variables variables = Variables::no;  // of version 2012-10-17 only

  static Policy read(const std::string& document, policy::Kind kind, std::map<std::string, std::string> ids);
};

struct Request {
  policy::Principal principal;
  std::string action;
  std::string resource;
  std::string resource_account;
  Keys keys;
  bool bounded = false;  // the principal has a permissions boundary
  Seen* seen = nullptr;  // where it is counted how operators came out, if that is wanted
};

using Set = std::vector<const Policy*>;

// As policy::Layers. What is absent does not limit; an empty set allows nothing.
struct Layers {
  Set identity;
  const Policy* resource = nullptr;
  bool trust = false;
  std::optional<Set> boundary;
  std::optional<Set> session;
  std::optional<std::vector<Set>> service_control;
  std::optional<std::vector<Set>> resource_control;
  std::optional<Set> endpoint;
};

struct Verdict {
  policy::Outcome outcome = policy::Outcome::implicit_deny;
  policy::Layer layer = policy::Layer::none;  // of a denial; of an allow it is not told
  int level = -1;
};

// `request.bounded` must say whether there is a boundary.
Verdict evaluate(const Request& request, const Layers& layers);

// Does this statement of the policy speak of the request, whatever it says then?
bool statement_applies(const Policy& policy, const Json& statement, const Request& request);
bool is_allow(const Json& statement);

// policy::Policy::may_allow.
bool may_allow(const Policy& policy, const policy::Principal& principal, const std::string& action);

}  // namespace podpass::reference
