// Options of a command from a file and from the environment: each long flag `--some-name` may also be the variable
// PODPASS_SOME_NAME, or `some-name` in the YAML (or JSON) file that --config names. A flag wins over the environment,
// which wins over the file. One thread, at start-up.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace podpass::cli {

// Gives every long flag of `command` its variable. After the last add_option; --config itself is PODPASS_CONFIG.
void take_environment(CLI::App& command);

// After parsing: fills in what neither flag nor environment gave. The error names file, line and what may stand there.
Result<void> take_config_text(CLI::App& command, std::string_view text, const std::string& where);
Result<void> take_config_file(CLI::App& command, const std::string& path);  // empty path: nothing to do

}  // namespace podpass::cli
