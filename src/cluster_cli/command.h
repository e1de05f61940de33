// The commands `podpass cluster ...`: their flags and their help.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "base/result.h"

namespace podpass::cluster_cli {

// Adds the command; what is returned runs it and gives its exit code.
std::function<Result<int>()> add_cluster(CLI::App& app);

}  // namespace podpass::cluster_cli
