// The command `podpass serve`: its flags and their help.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <span>

#include "base/result.h"
#include "console/files.h"

namespace podpass::server {

// Adds the command; what is returned runs it and gives its exit code. `arguments` are the program's: it may have to
// start itself again. `console` is what browsers get.
std::function<Result<int>()> add_serve(CLI::App& app, std::span<char* const> arguments, console::Files console);

}  // namespace podpass::server
