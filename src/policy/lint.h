// Lint: what is wrong with a document, and what is allowed but will not do what its author means: actions that AWS does
// not know, resources that none of a statement's actions is about, keys without a set operator, and so on.
// An error is what Policy::parse refuses, with its text; the rest are warnings, found only in a document without
// errors. Pure; allocates; safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"

namespace podpass::policy {

enum class Severity : std::uint8_t { error, warning };

struct Finding {
  Severity severity = Severity::warning;
  Place place;
  std::string code;     // errors: AWS's; warnings: UnknownAction, ResourceNotOfAction ...
  std::string message;  // what, and what to do
};

// In the order of the document.
std::vector<Finding> lint(std::string_view json, Kind kind);

}  // namespace podpass::policy
