// `podpass policy diff`: which requests change their outcome when one policy takes the place of another.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy_cli/explain.h"

namespace podpass::policy_cli {

struct DiffOptions {
  // Policy documents: where a request brings the old one in `layer`, the new one takes its place, else each is put
  // beside what it brings. Or {"identity": [...], ...}, which stands for all that a request brings.
  std::string old_file, new_file;
  std::string layer = "identity";
  std::vector<std::string> requests;  // files of cases, or of audit records; "-" or none: standard input
  Form form = Form::text;
};

// Exit code: 0 if nothing changes, 1 if something does, 2 if a line could not be read.
Result<int> diff(const DiffOptions& options, const std::function<void(std::string_view)>& print);

}  // namespace podpass::policy_cli
