// Compares the engine with the reference over a Case, and tells differences in words.
//
// For tests. Stacks own their policies; a policy::Layers shows what its EngineStack owns. Not thread-safe.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "policy/fold.h"
#include "policy/policy.h"
#include "policy_reference/cases.h"
#include "policy_reference/reference.h"

namespace podpass::reference {

// A case's policies as the engine has them. `style` as for write().
class EngineStack {
 public:
  // With `session` the policies are folded for it.
  EngineStack(const Case& of, const Stack& stack, Choices& style, const policy::SessionKeys* session = nullptr);
  EngineStack(const EngineStack&) = delete;
  EngineStack& operator=(const EngineStack&) = delete;

  bool accepted() const { return accepted_; }  // every document; else layers() is not to be used
  const policy::Layers& layers() const { return layers_; }

 private:
  const policy::Policy* take(const Document& document);
  const std::vector<policy::NamedPolicy>& take(const std::vector<Document>& documents);
  std::span<const policy::Level> take(const std::vector<Documents>& levels);

  const Case& of_;
  Choices& style_;
  const policy::SessionKeys* session_;
  bool accepted_ = true;
  std::vector<std::shared_ptr<const policy::Policy>> policies_;
  std::deque<std::vector<policy::NamedPolicy>> sets_;
  std::deque<std::vector<policy::Level>> levels_;
  policy::Layers layers_;
};

// Leaves out of the case whatever statements the engine refuses, and policies that have none left.
void leave_out_refused(Case& of);

policy::Decision engine_decides(const Case& of, const Ask& ask, const policy::Layers& layers);
// Empty if the engine explains what it decides.
std::string wrong_explanation(const Case& of, const Ask& ask, const policy::Layers& layers);

// Empty if policies folded for a session that has some of the ask's keys, and lacks some others, decide as they did.
std::string wrong_folding(const Case& of, const Ask& ask, Choices& choices);

// What was seen, to tell whether the cases are worth something.
struct Tally {
  std::size_t cases = 0, decisions = 0, laws = 0;
  std::array<std::array<std::size_t, 9>, 3> outcomes{};  // by outcome and layer
  std::array<std::array<std::size_t, 3>, 7> callers{};   // by PrincipalType and outcome
  Seen operators;
};

// Empty if engine and reference agree about all asks.
std::string difference(const Case& of, Tally* tally);

std::string spelled(policy::Outcome outcome, policy::Layer layer, int level);
std::string described(const Case& of, const Ask& ask);

}  // namespace podpass::reference
