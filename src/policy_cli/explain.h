// `podpass policy explain`: one case in, the whole decision out.
#pragma once

#include <string>

#include "base/result.h"

namespace podpass::policy_cli {

enum class Form : bool { text, json };

// The text for standard output.
Result<std::string> explain(std::string_view json, Form form);

}  // namespace podpass::policy_cli
