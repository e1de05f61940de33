#include "policy_cli/audit_record.h"

#include <filesystem>

#include "base/strings.h"
#include "codec/json.h"
#include "policy_cli/lines.h"

namespace podpass::policy_cli {

bool is_audit_record(std::string_view line) {
  return line.starts_with("{\"eventVersion\"");
}

codec::Value::List decisions_of(const codec::Value& record) {
  const auto* data = record.find("additionalEventData");
  const auto* decisions = data ? data->find("decisions") : nullptr;
  const auto* list = decisions ? decisions->as<codec::Value::List>() : nullptr;
  return list ? *list : codec::Value::List();
}

Result<codec::Value> find_audit_record(const std::string& directory, const std::string& request_id) {
  for (const auto* name : {"audit.jsonl", "audit.1.jsonl"}) {
    const auto path = std::filesystem::path(directory) / name;
    std::error_code missing;
    if (!std::filesystem::exists(path, missing)) continue;
    Lines lines({path.string()});
    std::string_view line;
    while (TRY(lines.next(line))) {
      if (line.find(request_id) == std::string_view::npos) continue;
      auto record = codec::parse_json(line);
      if (record && record->text("requestID") == request_id) return record;
    }
  }
  constexpr std::string_view kWhatToDo =
      " (it follows the answer within a second). Name the data directory of the podpass that had it with --data-dir.";
  return Error::not_found(
      concat({"There is no request ", request_id, " in the audit trail in ", directory, kWhatToDo}));
}

}  // namespace podpass::policy_cli
