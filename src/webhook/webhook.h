// The webhook, whole: its servers, what it knows and from where. Owns its threads: Options::threads that answer, and
// one that keeps up with the Podpass server and the API server. start() once; stop() from any other thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "cli/node_credentials.h"
#include "crypto/tls.h"
#include "kube/api_server.h"
#include "kube/pod_patch.h"
#include "webhook/failure_policy.h"
#include "webhook/self_signed.h"

namespace podpass::webhook {

struct Options {
  std::vector<std::string> addresses{"0.0.0.0", "::"};  // IPv6 ones are left out where the machine has none
  std::uint16_t port = 443;                             // 0: any free one
  std::optional<std::uint16_t> metrics_port = 9999;     // on the same addresses; nothing: none
  int threads = 2;

  // How clients are answered: by these files, by a certificate of the webhook's own, or, if neither is given, without
  // TLS.
  std::optional<crypto::ServerTls::Files> certificate;
  crypto::TlsVersion tls_minimum = crypto::TlsVersion::tls12;
  std::optional<SelfSigned::Options> self_signed;

  // Where identities come from.
  std::string cluster, region;
  std::optional<http::Endpoint> endpoint;        // of the Podpass server
  std::shared_ptr<const crypto::ClientTls> tls;  // for it; null: the system's authorities
  std::string identities_file;                   // empty: none
  std::optional<kube::ApiServer> api_server;     // for service accounts, namespaces, Events, certificates
  std::string config_map_namespace;              // empty: no ConfigMap is watched

  FailurePolicy failure_policy = FailurePolicy::ignore;
  std::chrono::milliseconds patience{3'000};  // with the Podpass server
  kube::PatchSettings patch;
};

class Webhook {
 public:
  // The credentials are for the Podpass server; null if none is given.
  static Result<std::unique_ptr<Webhook>> create(Options options, std::unique_ptr<cli::CredentialsProvider> credentials,
                                                 const Clock& clock, Random& random);
  ~Webhook();  // stops
  Webhook(const Webhook&) = delete;
  Webhook& operator=(const Webhook&) = delete;

  Result<void> start();
  void retire();  // is not ready any more, and still answers
  void stop();
  bool ready() const;
  std::uint16_t port() const;          // bound, after start()
  std::uint16_t metrics_port() const;  // 0: none

 private:
  struct State;
  explicit Webhook(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace podpass::webhook
