// `podpass up`: everything in one process on loopback: control plane, S3, agent. The parts are built here by hand;
// reading up.cc is reading how they hang together.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "server/control_plane.h"

namespace podpass::up {

struct Options : server::Options {
  std::uint16_t agent_port = 4567;
  std::string cluster = "my-cluster";
  bool json = false;
};

// Runs until SIGTERM or SIGINT. Prints what is ready, and where, on stdout.
Result<void> run(const Options& options);

}  // namespace podpass::up
