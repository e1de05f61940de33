// `podpass serve`: the control plane alone, for clusters. Reading serve.cc is reading how it lives.
//
// Signals: SIGTERM and SIGINT: not ready, then (after Options::drain_delay) no new connections, running requests
// finish, then the end. SIGHUP: the certificate is loaded anew. SIGUSR2: restart in place, into the program that is at
// the same path now: the listening socket stays open throughout, so that whoever connects meanwhile waits and is
// answered by the new one. A socket handed over in systemd's way (LISTEN_FDS) is taken.
#pragma once

#include <chrono>
#include <span>
#include <string>

#include "base/result.h"
#include "server/control_plane.h"

namespace podpass::server {

struct ServeOptions {
  Options plane;
  std::chrono::seconds drain_delay{0};  // between not being ready and closing the port, for load balancers to see it
  bool json = false;
  std::span<char* const> arguments;  // of this program, with which it is started again
};

// Runs until it is told to stop. Prints what is ready, and where, on stdout.
Result<void> serve(const ServeOptions& options);

}  // namespace podpass::server
