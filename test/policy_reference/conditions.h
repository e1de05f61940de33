// Conditions of the reference: does a statement's Condition element hold for a request?
//
// For tests: slow. Pure, safe from any thread. Sources: IAM user guide, "Condition operators" and "Multivalued context
// keys"; docs/decisions/010_policy_open_points.md.
#pragma once

#include <array>
#include <map>
#include <string>

#include "policy_reference/json.h"
#include "policy_reference/values.h"

namespace podpass::reference {

// How often each operator was false and true, by its full name in lower case.
using Seen = std::map<std::string, std::array<std::size_t, 2>>;

bool conditions_hold(const Json& condition, Variables variables, const Keys& keys, Seen* seen);

}  // namespace podpass::reference
