// ContextEntries into a context: each entry's name, type and values checked as IAM's simulator checks them, with its
// texts. A list type makes a multivalued key, whatever its number of values. One thread; the context shows the entries,
// which must outlive it. Limit: kMaxContextEntries. Source: IAM API reference, ContextEntry.
#pragma once

#include <span>

#include "iam/constraints.h"
#include "iam/simulate.h"
#include "policy/context.h"

namespace podpass::iam {

inline constexpr std::size_t kMaxContextEntries =
    500;  // below policy::kMaxContextKeys, with room for the caller's keys

void check_context_entries(Constraints& constraints, const std::vector<ContextEntry>& entries);  // ValidationError
Result<void> add_context_entries(policy::Context& context, const std::vector<ContextEntry>& entries);  // InvalidInput

}  // namespace podpass::iam
