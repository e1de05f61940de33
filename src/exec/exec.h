// `podpass exec`: runs a command as if it were in a pod: a fresh pod-bound token in a file of its own, the container
// credentials environment, endpoint and region, and none of the caller's AWS credentials or profiles. The token is
// renewed while the command runs. Exit code and signals pass through.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/connection.h"
#include "exec/token.h"

namespace podpass::exec {

struct Options {
  Pod pod;
  std::vector<std::string> command;
};

// The exit code to end with; 128 + signal if the command was killed by one.
Result<int> run(const cli::Connection& connection, const Options& options);

// The environment of the pod, from the caller's: what leaks credentials is dropped, the pod's own variables are added.
std::vector<std::string> pod_environment(const std::vector<std::string>& from, const cli::Connection& connection,
                                         const std::string& token_file);

}  // namespace podpass::exec
