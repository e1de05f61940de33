// A trust policy with a statement more: what a person would add by hand. All that stands there stays as it is written,
// and the new statement is laid out like the others. Pure; safe from any thread.
#pragma once

#include <optional>
#include <string>

#include "codec/value.h"
#include "policy/policy.h"

namespace podpass::own_api {

// Nothing if the document has no statement to stand behind.
std::optional<std::string> with_statement(const policy::Policy& document, const codec::Value& statement);

}  // namespace podpass::own_api
