// `podpass explain`: the decision of a request as the running server would make it now.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "policy_cli/explain.h"

namespace podpass::policy_cli {

struct AskOptions {
  std::string data_directory;  // as cli::find_connection has it
  // One of: a request id of the audit trail; a file with a request, or with a case, which needs no server; the request.
  std::string request_id, file;
  std::string principal, action, resource, resource_account;
  std::string namespace_, service_account, cluster;  // a pod, instead of the principal
  std::vector<std::string> context;                  // KEY=VALUE; one key more than once is a list
  Form form = Form::text;
};

// The text for standard output.
Result<std::string> ask(const AskOptions& options);

}  // namespace podpass::policy_cli
