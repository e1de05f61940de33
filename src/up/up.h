// `podpass up`: everything in one process on loopback: control plane, S3, agent. The parts are built here by hand;
// reading up.cc is reading how they hang together.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace podpass::up {

struct Options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 4566;
  std::uint16_t agent_port = 4567;
  std::string data_directory = ".podpass";
  std::string account = "111122223333";
  std::string region = "us-west-2";
  std::string cluster = "my-cluster";
  std::size_t associations_per_cluster = 5'000;
  int threads = 2;
  bool audit_decisions = false;  // the audit tells every decision of the policy engine, not only refusals
  bool json = false;
};

// Runs until SIGTERM or SIGINT. Prints what is ready, and where, on stdout.
Result<void> run(const Options& options);

}  // namespace podpass::up
