// What a record of the audit trail says of the policy engine's decisions: additionalEventData.decisions, each
// {"decision", "layer", "request"}. Requests that were refused have them, and all if the server was started with
// --audit-decisions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/value.h"

namespace podpass::policy_cli {

bool is_audit_record(std::string_view line);
codec::Value::List decisions_of(const codec::Value& record);

// The record of a request, from <directory>/audit.jsonl or the older audit.1.jsonl.
Result<codec::Value> find_audit_record(const std::string& directory, const std::string& request_id);

}  // namespace podpass::policy_cli
