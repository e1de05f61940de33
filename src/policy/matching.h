// Matching: whether a statement is about a request, element by element, and which of the caller's layers must allow it.
// What evaluate (which stops at the first answer) and explain (which looks at everything) have in common, so that they
// can't disagree. For the engine only. Pure; does not allocate; safe from any thread.
#pragma once

#include <algorithm>
#include <array>
#include <bit>

#include "base/strings.h"
#include "policy/compiled.h"
#include "policy/policy.h"

namespace podpass::policy {

// Those whom policies of their own, and of their organization, bind.
inline bool has_own_policies(PrincipalType type) {
  return type == PrincipalType::root || type == PrincipalType::user || type == PrincipalType::role_session ||
         type == PrincipalType::federated_user;
}

// The request, with what the matching of every statement needs made once.
class Question {
 public:
  Question(const Request& request, const Layers& layers) : request(request) {
    const auto size = std::min(request.action.size(), action_.size());
    for (std::size_t i = 0; i < size; ++i) action_[i] = ascii_lower(request.action[i]);
    action = {action_.data(), size};
    action_head = head_of(action);
    service = fold_hash(action.substr(0, action.find(':')));
    whole_service = request.resource == "*";
    const auto type = request.principal.type;
    bounded = layers.has_boundary && has_own_policies(type) && type != PrincipalType::root;
  }
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

  const Request& request;
  std::string_view action;  // lower case
  std::uint64_t action_head = 0;
  std::uint32_t service = 0;   // hash of what is before the action's colon
  bool whole_service = false;  // the action has no resource-level permissions
  bool bounded = false;        // the caller has a permissions boundary

 private:
  std::array<char, kMaxActionSize> action_;
};

// Calls `visit(index)` for the statements of an effect that may be about the action, in order, until it returns true.
template <class Visit>
void visit_statements(const Compiled& compiled, Effect effect, const Question& question, Visit visit) {
  const auto& all = effect == Effect::allow ? compiled.allows : compiled.denies;
  if (all.empty()) return;
  if (!compiled.index) {
    for (const auto index : all) {
      if (visit(index)) return;
    }
    return;
  }
  StatementBits bits;  // not initialised: find() sets the words that are used
  compiled.index->find(question.action_head, question.service, bits);
  const auto allows = compiled.index->allows();
  for (std::size_t word = 0; word < allows.size(); ++word) {
    auto left = bits[word] & (effect == Effect::allow ? allows[word] : ~allows[word]);
    for (; left != 0; left &= left - 1) {
      if (visit(static_cast<std::uint32_t>(word * 64 + static_cast<std::size_t>(std::countr_zero(left))))) return;
    }
  }
}

// The statements of one policy against one question. It remembers what neighbouring statements ask again: lists that
// are the same, and condition keys.
class Matcher {
 public:
  Matcher(const Compiled& compiled, const Question& question) : compiled_(compiled), question_(question) {}

  bool action_applies(const Statement& statement) {
    const auto matches = [&](const Pattern& pattern) {
      return !head_differs(pattern, question_.action_head) &&
             compiled_.pool.matches(pattern, question_.action, question_.request.context);
    };
    return actions_.any(compiled_, statement.actions, matches) == (statement.action_form == ListForm::listed);
  }

  bool resource_applies(const Statement& statement) {
    if (statement.resource_form == ListForm::absent) return true;  // a trust policy: its resource is its role
    const auto matches = [&](const Pattern& pattern) {
      return question_.whole_service
                 ? pattern.type == PatternType::any
                 : compiled_.pool.matches(pattern, question_.request.resource, question_.request.context);
    };
    return resources_.any(compiled_, statement.resources, matches) == (statement.resource_form == ListForm::listed);
  }

  bool conditions_hold(const Statement& statement) {
    for (const auto& condition : run_of(compiled_.conditions, statement.conditions)) {
      const auto* entry = entry_of(condition);
      const bool good = condition.plain && entry && !entry->multivalued
                            ? plainly_holds(condition, entry->value)
                            : holds(compiled_, condition, entry, question_.request.context);
      if (!good) return false;
    }
    return true;
  }

  // All of a statement but its principal.
  bool applies(const Statement& statement) {
    return action_applies(statement) && resource_applies(statement) && conditions_hold(statement);
  }

  // Whether a statement is about the caller. Identity policies have no principal: theirs is whom they are attached to.
  // NotPrincipal leaves out nobody who has a permissions boundary, as AWS documents.
  bool is_about_caller(const Statement& statement) const {
    const auto patterns = run_of(compiled_.principals, statement.principals);
    const auto& principal = question_.request.principal;
    switch (statement.principal_form) {
      case ListForm::absent:
        return true;
      case ListForm::listed:
        return match_principal(compiled_.pool, patterns, principal) != kNoMatch;
      case ListForm::inverted:
        return question_.bounded || !exempt(compiled_.pool, patterns, principal);
    }
    return true;
  }

 private:
  bool plainly_holds(const Condition& condition, std::string_view value) const {
    const auto& pattern = compiled_.pool.patterns[condition.values.first];
    return compiled_.pool.equals(pattern, value) != condition.op.negated;
  }

  // Whether any pattern of a list matches, for the list asked last.
  class LastList {
   public:
    template <class Matches>
    bool any(const Compiled& compiled, Run run, Matches matches) {
      if (run.first != run_.first || run.count != run_.count) {
        run_ = run;
        any_ = std::ranges::any_of(run_of(compiled.pool.patterns, run), matches);
      }
      return any_;
    }

   private:
    Run run_;
    bool any_ = false;  // as is right for the empty list
  };

  const Context::Entry* entry_of(const Condition& condition) {
    const auto& context = question_.request.context;
    const auto find = [&] { return context.find(condition.key_hash, compiled_.pool.view(condition.key)); };
    if (condition.key_number >= entries_.size()) return find();
    const auto bit = 1U << condition.key_number;
    if ((known_ & bit) == 0) {
      entries_[condition.key_number] = find();
      known_ |= bit;
    }
    return entries_[condition.key_number];
  }

  const Compiled& compiled_;
  const Question& question_;
  LastList actions_, resources_;
  std::uint32_t known_ = 0;  // a bit for each of the entries that has been looked up
  std::array<const Context::Entry*, 8> entries_;
};

// The strongest way in which an allow statement of a resource's policy names the caller.
inline Match grant_match(const Compiled& compiled, const Statement& statement, const Principal& principal) {
  if (statement.principal_form != ListForm::listed) return kNoMatch;
  const auto matches = match_principal(compiled.pool, run_of(compiled.principals, statement.principals), principal);
  for (const auto match : {kDirectMatch, kEveryoneMatch, kParentMatch, kAccountMatch}) {
    if ((matches & match) == 0) continue;
    // A web identity is vouched for by its provider only: "*" is not meant for it.
    const bool meant = match != kEveryoneMatch || principal.type != PrincipalType::web_identity;
    return meant ? match : kNoMatch;
  }
  return kNoMatch;
}

// As evaluation asks it: an allow of a resource's policy has to name the caller, elsewhere a statement must be about
// it.
inline bool names_caller(const Compiled& compiled, const Statement& statement, const Question& question, Layer layer,
                         Effect effect) {
  const bool grants = effect == Effect::allow && (layer == Layer::resource || layer == Layer::trust);
  return grants ? grant_match(compiled, statement, question.request.principal) != kNoMatch
                : Matcher(compiled, question).is_about_caller(statement);
}

// How the allow statements of a resource's policy name the caller: the strongest way, and the statement that does.
struct Grant {
  Match match = kNoMatch;
  std::int32_t statement = -1;
};

inline Grant find_grant(const Policy& policy, const Question& question) {
  const auto& compiled = policy.compiled();
  Matcher matcher(compiled, question);
  Grant grant;
  visit_statements(compiled, Effect::allow, question, [&](std::uint32_t index) {
    const auto& statement = compiled.statements[index];
    const auto match = grant_match(compiled, statement, question.request.principal);
    if (match <= grant.match || !matcher.applies(statement)) return false;
    grant = {match, static_cast<std::int32_t>(index)};
    return match == kDirectMatch;
  });
  return grant;
}

// Which of the caller's layers must allow, given how the resource's policy names it.
struct Needs {
  bool identity = true;
  bool boundary = true;
  bool session = true;
  bool grant = false;  // the resource's policy must name the caller
};

// A key of KMS, whose key policy must at least delegate to the account. Source: KMS developer guide, "Key policies".
inline bool is_key(const Request& request) {
  constexpr std::string_view kService = "kms:";
  return iequals(request.action.substr(0, kService.size()), kService) && request.resource.starts_with("arn:") &&
         request.resource.find(":key/") != std::string_view::npos;
}

inline Needs needs_of(const Request& request, const Layers& layers, Match match) {
  if (!has_own_policies(request.principal.type)) return {false, false, false, true};
  const bool is_root = request.principal.type == PrincipalType::root;  // has no policies, may everything in its account
  const bool same_account = request.resource_account.empty() || request.resource_account == request.principal.account;
  Needs needs = {!is_root, !is_root && layers.has_boundary, layers.has_session, !same_account};
  if (!same_account) return needs;
  switch (match) {
    case kDirectMatch:
      return {false, false, false, false};
    case kEveryoneMatch:
      return {false, false, needs.session, false};
    case kParentMatch:
      return {false, needs.boundary, needs.session, false};
    case kAccountMatch:
    case kNoMatch:
      break;
  }
  // Roles and keys are under their own policy: what it says of nobody, identity policies can't give.
  needs.grant = match == kNoMatch && (layers.trust || is_key(request));
  return needs;
}

}  // namespace podpass::policy
