// Laws that hold for every policy: what a change of the policies may do to a decision of the engine, whatever they say.
//
// For tests. Not thread-safe.
#pragma once

#include <string>

#include "policy_reference/cases.h"
#include "policy_reference/compare.h"

namespace podpass::reference {

// One law, chosen, for all asks of the case. Empty if it holds; counts it in `tally`, if that is given.
std::string broken_law(const Case& of, Choices& choices, Tally* tally);

// What is wrong with the case that these choices make: a difference to the reference, or a broken law. Empty if nothing
// is.
std::string fault(Choices& choices, Tally* tally);

}  // namespace podpass::reference
