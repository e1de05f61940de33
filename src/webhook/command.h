// The command `podpass webhook` and what stands below it: flags and their help.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "base/result.h"

namespace podpass::webhook {

// Adds the command; what is returned runs it and gives its exit code.
std::function<Result<int>()> add_webhook(CLI::App& app);

}  // namespace podpass::webhook
