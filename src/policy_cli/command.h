// The commands `podpass policy ...` and `podpass explain`: their flags and their help.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "base/result.h"

namespace podpass::policy_cli {

// Adds the command; what is returned runs it and gives its exit code.
std::function<Result<int>()> add_policy(CLI::App& app);
std::function<Result<int>()> add_explain(CLI::App& app);

}  // namespace podpass::policy_cli
