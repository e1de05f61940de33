// The node agent: GET /v1/credentials, as SDKs' container credentials provider calls it, answered from EKS Auth.
// Routes, checks, their order, codes and bodies are those of the known agent (see docs/wire.md), where they are good.
//
// Owns its listeners, cache and threads. One event loop serves all. Source: EKS user guide, "Learn how EKS Pod Identity
// works".
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/credentials_cache.h"
#include "base/clock.h"
#include "base/result.h"

namespace podpass::agent {

// The node's own credentials, asked for before each call to EKS Auth.
struct NodeCredentials {
  std::string access_key_id;
  Secret secret_access_key, session_token;
};
using NodeCredentialsProvider = std::function<Result<NodeCredentials>()>;

// The cluster that issues tokens under this `iss`. EKS Auth verifies the token against the cluster that is named to it.
using ClusterOf = std::function<std::string(std::string_view issuer)>;

struct Options {
  std::string cluster;
  ClusterOf cluster_of;  // for an agent that serves the pods of several; nothing: all are of `cluster`
  std::string endpoint;  // of EKS Auth, "http://127.0.0.1:4566"
  std::string region;
  std::vector<std::string> bind_hosts{"169.254.170.23", "fd00:ec2::23"};
  std::uint16_t port = 80;
  std::optional<std::uint16_t> probe_port;    // on localhost; nothing: no probes
  std::optional<std::uint16_t> metrics_port;  // on metrics_address
  std::string metrics_address = "0.0.0.0";
  bool ipv6_optional = true;               // an IPv6 address that the machine does not have is left out, with a warning
  double requests_per_second = 1'000'000;  // a listener's limit; more are answered 429
  CredentialsCache::Options cache;
};

class Agent {
 public:
  Agent(Options options, NodeCredentialsProvider credentials, const Clock& clock);
  ~Agent();  // stops

  Result<void> start();  // binds everything, then serves
  void stop();
  std::uint16_t port() const;          // bound, after start()
  std::uint16_t probe_port() const;    // 0: none
  std::uint16_t metrics_port() const;  // 0: none

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace podpass::agent
