// The command `podpass agent`: its flags and their help.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "base/result.h"

namespace podpass::agent {

// Adds the command; what is returned runs it and gives its exit code.
std::function<Result<int>()> add_agent(CLI::App& app);

}  // namespace podpass::agent
