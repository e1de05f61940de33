// PrincipalPattern: one compiled entry of a Principal or NotPrincipal element, and how far it names the caller of a
// request.
//
// How a principal is named decides which other policies still limit it (evaluate.cc), so matching gives a set of Match
// bits, not a yes. Source: IAM user guide, "AWS JSON policy elements: Principal". No allocation in matching; safe from
// any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "policy/pattern.h"
#include "policy/policy.h"

namespace podpass::policy {

enum class PrincipalForm : std::uint8_t {
  everyone,
  account,
  user,
  role,
  role_session,
  federated_user,
  service,
  federated,
  canonical_user,
  unique_id
};

struct PrincipalPattern {
  PrincipalForm form = PrincipalForm::everyone;
  TextRange value;      // account: the twelve digits; else as written
  TextRange partition;  // account written as an ARN; else empty
  TextRange id;         // user and role: what the ARN was resolved to when saved; empty: not resolved
};

// How the caller is named, weakest first.
enum Match : std::uint8_t {
  kNoMatch = 0,
  kAccountMatch = 1,   // its account
  kParentMatch = 2,    // the role of the session, the user behind the federated session
  kEveryoneMatch = 4,  // "*"
  kDirectMatch = 8,    // itself
};

// What a value under "AWS", "Service", ... is; nothing if it can't be a principal in a policy of this kind.
std::optional<PrincipalForm> principal_form(std::string_view type, std::string_view value, Kind kind);

PrincipalPattern compile_principal(PatternPool& pool, PrincipalForm form, std::string_view value,
                                   const PrincipalIds& ids);

std::uint8_t match_principal(const PatternPool& pool, std::span<const PrincipalPattern> patterns,
                             const Principal& principal);

// NotPrincipal: the caller is left out of the statement only if it and every level above it (role, account) are listed.
bool exempt(const PatternPool& pool, std::span<const PrincipalPattern> patterns, const Principal& principal);

}  // namespace podpass::policy
