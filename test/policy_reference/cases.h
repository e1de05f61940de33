// Case: random policies in every layer and a few requests that they decide, out of small alphabets, so that they often
// match. make_case() is the grammar.
//
// For tests. Owns all it holds. Not thread-safe while it is changed.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policy/policy.h"
#include "policy_reference/choices.h"
#include "policy_reference/document.h"
#include "policy_reference/values.h"

namespace podpass::reference {

using Documents = std::vector<Document>;

// The documents of each layer, as policy::Layers has them.
struct Stack {
  Documents identity;
  std::optional<Document> resource;
  bool trust = false;
  std::optional<Document> boundary;
  std::optional<Documents> session;
  std::optional<std::vector<Documents>> service_control;
  std::optional<std::vector<Documents>> resource_control;
  std::optional<Documents> endpoint;
};

struct Ask {
  std::string action;
  std::string resource;
  std::string resource_account;
  std::map<std::string, Values> keys;  // by name as AWS writes it; no two differ in letter case only
};

struct Case {
  policy::Principal principal;  // of constant texts
  std::map<std::string, std::string> ids;
  Stack stack;
  std::vector<Ask> asks;
};

Case make_case(Choices& choices);

// A statement as the case's policies have them, for a policy of this kind.
Statement make_statement(const Case& of, policy::Kind kind, Choices& choices);

// Every operator's full name, in AWS's spelling.
const std::vector<std::string>& operator_names();

}  // namespace podpass::reference
