// Where a policy's statements stand, as IAM's simulator tells it: a statement begins right behind what stands before it
// - the list's '[', or the statement before; a single object that is in no list, behind its own '{' - and ends right
// behind its '}'. Lines and columns count from one, columns count characters. Pure; safe from any thread. Source: what
// AWS's documentation and recorded answers show (docs/decisions/014_simulate.md).
#pragma once

#include <vector>

#include "policy/policy.h"

namespace podpass::iam {

struct StatementPlace {
  policy::Place start, end;
};

// In document order. Walks the text once.
std::vector<StatementPlace> statement_places(const policy::Policy& policy);

}  // namespace podpass::iam
