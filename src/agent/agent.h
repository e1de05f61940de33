// The node agent: GET /v1/credentials, as SDKs' container credentials provider calls it, answered from EKS Auth.
// Routes, checks, their order, codes and bodies are those of the known agent (see docs/wire.md), where they are good.
//
// Owns its listeners, cache and threads. One event loop serves pods, calls EKS Auth and hears of changes; probes and
// metrics have one of their own. Ready: it serves, and EKS Auth has answered and not been away for a minute (only with
// a watch). Alive: it serves. Source: EKS user guide, "Learn how EKS Pod Identity works".
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/credentials_cache.h"
#include "agent/upstream.h"
#include "base/clock.h"
#include "base/result.h"
#include "cli/node_credentials.h"
#include "http/server.h"
#include "kube/api_server.h"

namespace podpass::agent {

// How the agent hears that associations change.
enum class Watch : unsigned char {
  none,
  of_cluster,  // of Options::cluster, from the server
};

http::Limits default_limits();

struct Options {
  std::string cluster;
  ClusterOf cluster_of;  // for an agent that serves the pods of several; nothing: all are of `cluster`
  std::string endpoint;  // of EKS Auth, "https://podpass.example.com"
  std::shared_ptr<const crypto::ClientTls> tls;  // for https; null: the system's authorities
  std::string region;
  std::vector<std::string> bind_hosts{"169.254.170.23", "fd00:ec2::23"};
  std::uint16_t port = 80;
  std::optional<std::uint16_t> probe_port;    // on localhost; nothing: no probes
  std::optional<std::uint16_t> metrics_port;  // on metrics_address
  std::string metrics_address = "0.0.0.0";
  bool ipv6_optional = true;               // an IPv6 address that the machine does not have is left out, with a warning
  double requests_per_second = 1'000'000;  // a listener's limit; more are answered 429
  CredentialsCache::Options cache;
  http::Limits limits = default_limits();
  Watch watch = Watch::none;
  Milliseconds recheck{5'000};  // without a watch, what is older is asked for again when read; 0: only when due
  std::string node_name;        // for Events
  std::optional<kube::ApiServer> events;  // where Events of denials are posted; nothing: none are
};

class Agent {
 public:
  // `credentials` are the node's own, with which calls are signed.
  Agent(Options options, std::shared_ptr<cli::CredentialsProvider> credentials, const Clock& clock);
  ~Agent();  // stops

  Result<void> start();  // binds everything, then serves
  void stop();
  std::uint16_t port() const;          // bound, after start()
  std::uint16_t probe_port() const;    // 0: none
  std::uint16_t metrics_port() const;  // 0: none

 private:
  struct State;
  Result<http::Endpoint> endpoint_;
  std::unique_ptr<State> state_;
};

}  // namespace podpass::agent
