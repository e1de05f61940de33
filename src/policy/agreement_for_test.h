// For tests: what explain() must say whenever evaluate() has decided. Empty, or what is wrong.
#pragma once

#include <algorithm>
#include <string>

#include "policy/explain.h"

namespace podpass::policy {

inline std::string disagreement(const Request& request, const Layers& layers) {
  const auto decision = evaluate(request, layers);
  Explanation whole, matched;
  explain(request, layers, Depth::everything, whole);
  explain(request, layers, Depth::matched, matched);
  const auto is_in_the_way = [&](Layer layer) {
    return std::ranges::find(whole.blocked_by, layer) != whole.blocked_by.end();
  };
  if (whole.decision.outcome != decision.outcome) return "another outcome";
  if (matched.results != whole.results || matched.blocked_by != whole.blocked_by)
    return "the depth changes the results";
  if (decision.allowed() != whole.blocked_by.empty()) return "allowed, but not everywhere; or the other way round";
  if (!decision.allowed() && whole.blocked_by.front() != decision.layer) return "another layer refuses first";
  const bool denied = std::ranges::find(whole.results, LayerResult::explicit_deny) != whole.results.end();
  if (denied != (decision.outcome == Outcome::explicit_deny)) return "an explicit deny in no layer";
  FailureReader reader(request, layers);
  for (const auto& examined : whole.statements) {
    std::uint8_t elements = 0;
    for (const auto& failure : reader.read(examined)) elements |= failure.element;
    if (elements != examined.failed) return "failures that are not those of the statement";
    if (examined.applies() && examined.effect == Effect::deny && !is_in_the_way(examined.layer)) return "a lost deny";
  }
  const auto mended = remedies(request, layers);
  if (decision.outcome != Outcome::implicit_deny && !mended.empty()) return "a remedy where none is";
  if (decision.outcome == Outcome::implicit_deny && mended.empty()) return "no remedy for an implicit deny";
  if (!mended.empty() && mended.front().layer != decision.layer) return "a remedy for another layer";
  return {};
}

}  // namespace podpass::policy
