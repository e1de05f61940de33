#include "policy_cli/explain.h"

#include "codec/json.h"
#include "policy/report.h"
#include "policy_cli/case.h"
#include "policy_cli/print.h"

namespace podpass::policy_cli {

Result<std::string> explain(std::string_view json, Form form) {
  CaseReader reader;
  const auto made = TRY(reader.read(json));
  const auto report = policy::report(*made.request, made.policies->layers);
  return form == Form::json ? codec::write_json_pretty(report) + "\n" : print_explanation(report);
}

}  // namespace podpass::policy_cli
