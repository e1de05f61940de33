// Compiled: a policy ready to evaluate. Flat arrays and indices, no pointers; all text in one string. Made once by
// compile(), then never changed, so any thread may read it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/action_index.h"
#include "policy/document.h"
#include "policy/operators.h"
#include "policy/pattern.h"
#include "policy/principal.h"
#include "policy/typed_value.h"

namespace podpass::policy {

// A run of entries in one of the arrays.
struct Run {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

template <class T>
std::span<const T> run_of(const std::vector<T>& all, Run run) {
  return std::span(all).subspan(run.first, run.count);
}

// One key under one operator. Its values lie in the array of the operator's type.
struct Condition {
  Operator op;
  bool plain = false;  // StringEquals or StringNotEquals with one text, the commonest
  std::uint32_t key_hash = 0;
  TextRange key;
  std::uint32_t key_number = 0;  // the same for conditions of one policy that have the same key
  Run values;                    // of patterns, numbers, instants, networks; null: of instants, one or zero
  std::uint32_t sorted = 0;      // so many of the values, the first, are exact texts in order; zero: look at each
};

enum class ListForm : std::uint8_t { absent, listed, inverted };  // inverted: NotAction, NotResource, NotPrincipal

struct Statement {
  ListForm principal_form = ListForm::absent;
  ListForm action_form = ListForm::absent;
  ListForm resource_form = ListForm::absent;
  Run principals;
  Run actions;  // lower-case patterns
  Run resources;
  Run conditions;
};

struct Compiled {
  std::string text;  // the document as given
  Kind kind = Kind::identity;
  PatternPool pool;
  std::vector<Statement> statements;
  std::vector<std::uint32_t> denies;  // indices of statements, so that each pass sees only its own
  std::vector<std::uint32_t> allows;
  std::shared_ptr<const ActionIndex> index;  // null: look at every statement; a folded policy has that of the whole one
  std::vector<Condition> conditions;
  std::vector<PrincipalPattern> principals;
  std::vector<Number> numbers;
  std::vector<std::int64_t> instants;
  std::vector<Network> networks;
  std::vector<StatementInfo> infos;

  std::shared_ptr<const Policy> whole;  // of a folded policy: the one that it was made of; infos and entries show it

  // What Policy's accessors tell.
  std::vector<PrincipalEntry> principal_entries;
  std::vector<TextRange> resource_texts;
  std::vector<TextRange> variable_texts;  // keys in variables; those in conditions are in `conditions`
};

// Of a document that validate has found good.
std::unique_ptr<const Compiled> compile(const Document& document, const PrincipalIds& ids, Use use);

// Whether a condition holds for a request; `entry` is what the context has of its key. Does not allocate.
bool holds(const Compiled& compiled, const Condition& condition, const Context::Entry* entry, const Context& context);

}  // namespace podpass::policy
