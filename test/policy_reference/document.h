// Document: a policy document as its parts, so that it can be changed and written in more than one way.
//
// For tests. Owns all it holds. Not thread-safe while it is changed.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "policy/policy.h"
#include "policy_reference/choices.h"

namespace podpass::reference {

struct Condition {
  std::string name;  // of the operator
  std::string key;
  std::vector<std::string> values;  // JSON: "\"blue\"", "10", "true"
};

struct Statement {
  std::string sid = {};
  bool allow = true;
  bool bare_star = false;  // "Principal": "*"
  bool not_principal = false, not_action = false, not_resource = false;
  std::vector<std::pair<std::string, std::string>> principals = {};  // type and value
  std::vector<std::string> actions = {};
  std::vector<std::string> resources = {};
  std::vector<Condition> conditions = {};
};

struct Document {
  policy::Kind kind = policy::Kind::identity;
  std::string version;  // empty: not told
  std::vector<Statement> statements;
};

std::string quoted(const std::string& text);  // as JSON

// The document's text. `style` chooses white space, the order of everything, and whether a single value stands in a
// list; without bytes, the text is plain and in order.
std::string write(const Document& document, Choices& style);
// The same in other letters: actions, operators and keys in any case.
Document with_other_cases(Document document, Choices& choices);
std::string other_case(std::string text, Choices& choices);

}  // namespace podpass::reference
