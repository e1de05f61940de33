#include "policy_reference/laws.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace podpass::reference {
namespace {

using policy::Decision;
using policy::Effect;
using policy::Kind;
using policy::Outcome;

Choices plain() {
  return Choices(std::span<const std::uint8_t>());
}

// Every document of a stack.
std::vector<Document*> all_documents(Stack& stack) {
  std::vector<Document*> all;
  const auto add = [&](Documents& documents) {
    for (auto& document : documents) all.push_back(&document);
  };
  add(stack.identity);
  if (stack.resource) all.push_back(&*stack.resource);
  if (stack.boundary) all.push_back(&*stack.boundary);
  if (stack.session) add(*stack.session);
  for (auto* levels : {&stack.service_control, &stack.resource_control}) {
    if (!*levels) continue;
    for (auto& level : **levels) add(level);
  }
  if (stack.endpoint) add(*stack.endpoint);
  return all;
}

// How an ask is decided before and after a change. Nothing said: the law does not speak of the case.
using Judge = bool (*)(const Decision& before, const Decision& after);

std::string judge(const std::string& law, const Case& of, const Stack& changed, Choices& style, Judge holds) {
  auto no_style = plain();
  const EngineStack before(of, of.stack, no_style), after(of, changed, style);
  if (!after.accepted()) return {};
  for (const auto& ask : of.asks) {
    const auto first = engine_decides(of, ask, before.layers());
    const auto second = engine_decides(of, ask, after.layers());
    if (holds(first, second)) continue;
    auto other = of;
    other.stack = changed;
    return law + ": first " + spelled(first.outcome, first.layer, first.level) + "\n" + described(of, ask) + "then " +
           spelled(second.outcome, second.layer, second.level) + "\n" + described(other, ask);
  }
  return {};
}

bool never_allows_more(const Decision& before, const Decision& after) {
  return before.allowed() || !after.allowed();
}

bool never_allows_less(const Decision& before, const Decision& after) {
  return after.allowed() || !before.allowed();
}

bool same(const Decision& before, const Decision& after) {
  return before.outcome == after.outcome && before.layer == after.layer && before.level == after.level;
}

std::string a_statement_more(const Case& of, Choices& choices, Effect effect) {
  const bool allow = effect == Effect::allow;
  auto changed = of.stack;
  const auto documents = all_documents(changed);
  if (documents.empty()) return {};
  auto& document = *documents[choices.below(documents.size())];
  auto statement = make_statement(of, document.kind, choices);
  statement.sid.clear();
  statement.allow = allow;
  if (allow) statement.not_principal = false;
  auto& all = document.statements;
  all.insert(all.begin() + static_cast<std::ptrdiff_t>(choices.below(all.size() + 1)), statement);
  auto style = plain();
  if (allow) {
    return judge("an Allow more never denies", of, changed, style, [](const Decision& before, const Decision& after) {
      const bool deny_stays = (before.outcome == Outcome::explicit_deny) == (after.outcome == Outcome::explicit_deny);
      return deny_stays && never_allows_less(before, after);
    });
  }
  return judge("a Deny more never allows", of, changed, style, never_allows_more);
}

std::string deny_more(const Case& of, Choices& choices) {
  return a_statement_more(of, choices, Effect::deny);
}

std::string allow_more(const Case& of, Choices& choices) {
  return a_statement_more(of, choices, Effect::allow);
}

std::string other_spelling(const Case& of, Choices& choices) {
  return judge("order, lists and white space mean nothing", of, of.stack, choices, same);
}

std::string other_letters(const Case& of, Choices& choices) {
  auto changed = of.stack;
  for (auto* document : all_documents(changed)) *document = with_other_cases(*document, choices);
  auto style = plain();
  return judge("the case of letters in actions, operators and keys means nothing", of, changed, style, same);
}

// Joins the documents of one version.
void join(Documents& documents) {
  Documents joined;
  for (const auto& document : documents) {
    auto& into = joined.emplace_back(document);
    for (auto& statement : into.statements) statement.sid.clear();
    if (joined.size() < 2) continue;
    auto& first = joined[joined.size() - 2];
    if (first.version != into.version || first.kind != into.kind) continue;
    first.statements.insert(first.statements.end(), into.statements.begin(), into.statements.end());
    joined.pop_back();
  }
  documents = joined;
}

std::string one_document(const Case& of, Choices&) {
  auto changed = of.stack;
  join(changed.identity);
  if (changed.session) join(*changed.session);
  for (auto* levels : {&changed.service_control, &changed.resource_control}) {
    if (!*levels) continue;
    for (auto& level : **levels) join(level);
  }
  if (changed.endpoint) join(*changed.endpoint);
  auto style = plain();
  return judge("policies of a set are one policy", of, changed, style, same);
}

// What an identity policy and a boundary allow together is what each allows alone.
std::string boundary_intersects(const Case& of, Choices&) {
  if (!of.stack.boundary || of.principal.type == policy::PrincipalType::root) return {};
  Stack identity, boundary, both;
  identity.identity = of.stack.identity;
  boundary.identity = {*of.stack.boundary};
  both.identity = of.stack.identity;
  both.boundary = of.stack.boundary;
  std::array<Choices, 3> styles = {plain(), plain(), plain()};
  const EngineStack one(of, identity, styles[0]), other(of, boundary, styles[1]), together(of, both, styles[2]);
  for (const auto& ask : of.asks) {
    const bool allowed =
        engine_decides(of, ask, one.layers()).allowed() && engine_decides(of, ask, other.layers()).allowed();
    if (engine_decides(of, ask, together.layers()).allowed() == allowed) continue;
    return "identity and boundary allow what both allow\n" + described(of, ask);
  }
  return {};
}

// Limits that are taken away never allow less; so a limit more never allows more.
std::string limit_less(const Case& of, Choices& choices) {
  auto changed = of.stack;
  switch (choices.below(4)) {
    case 0:
      changed.boundary.reset();
      break;
    case 1:
      changed.session.reset();
      break;
    case 2:
      changed.endpoint.reset();
      break;
    default:
      changed.service_control.reset();
      changed.resource_control.reset();
  }
  auto style = plain();
  return judge("a limit less never allows less", of, changed, style, never_allows_less);
}

std::string level_more(const Case& of, Choices& choices) {
  auto changed = of.stack;
  auto& levels = choices.chance(50) ? changed.resource_control : changed.service_control;
  if (!levels || levels->empty()) return {};
  const bool resource = &levels == &changed.resource_control;
  Document document{resource ? Kind::resource_control : Kind::service_control, "2012-10-17", {}};
  document.statements.push_back(make_statement(of, document.kind, choices));
  if (choices.chance(50)) {
    document.statements.push_back({.bare_star = resource, .actions = {"*"}, .resources = {"*"}});
  }
  const auto place = static_cast<std::ptrdiff_t>(choices.below(levels->size() + 1));
  levels->insert(levels->begin() + place, Documents{document});
  auto style = plain();
  return judge("a level more never allows more", of, changed, style, never_allows_more);
}

std::string explained(const Case& of, Choices&) {
  auto style = plain();
  const EngineStack engine(of, of.stack, style);
  const auto& ask = of.asks.back();
  const auto wrong = wrong_explanation(of, ask, engine.layers());
  return wrong.empty() ? wrong : "explain agrees with evaluate: " + wrong + "\n" + described(of, ask);
}

std::string folded(const Case& of, Choices& choices) {
  for (const auto& ask : of.asks) {
    const auto wrong = wrong_folding(of, ask, choices);
    if (!wrong.empty()) return "folded policies decide as whole ones: " + wrong + "\n" + described(of, ask);
  }
  return {};
}

constexpr std::array kLaws = {deny_more,           allow_more, other_spelling, other_letters, one_document,
                              boundary_intersects, limit_less, level_more,     explained,     folded};

}  // namespace

std::string broken_law(const Case& of, Choices& choices, Tally* tally) {
  auto broken = choices.of(kLaws)(of, choices);
  if (tally) ++tally->laws;
  return broken;
}

std::string fault(Choices& choices, Tally* tally) {
  auto made = make_case(choices);
  leave_out_refused(made);
  auto wrong = difference(made, tally);
  return wrong.empty() ? broken_law(made, choices, tally) : wrong;
}

}  // namespace podpass::reference
