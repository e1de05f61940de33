// `podpass policy validate`: documents in, findings out.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/policy.h"
#include "policy_cli/explain.h"

namespace podpass::policy_cli {

// The names of kinds on the command line.
std::vector<std::string> kind_names();

// What a document looks like: identity, trust, bucket or resource.
policy::Kind guess_kind(std::string_view json);

struct ValidateOptions {
  std::vector<std::string> files;  // "-" or none: standard input
  std::string kind;                // empty: what the document looks like
  bool strict = false;             // warnings fail too
  Form form = Form::text;
};

// Exit code: 0; 1 if a document has an error, or with `strict` a warning.
Result<int> validate(const ValidateOptions& options, const std::function<void(std::string_view)>& print);

}  // namespace podpass::policy_cli
