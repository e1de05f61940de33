// The server over HTTP, signed with the node's credentials: SignedCalls for any call, Upstream for EKS Auth's exchange,
// three tries of a second each. An exchange belongs to the agent, not to the pod that asked first: an impatient client
// does not cancel it. One thread: the agent's loop.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/credentials_source.h"
#include "agent/metrics.h"
#include "agent/reachability.h"
#include "base/clock.h"
#include "cli/node_credentials.h"
#include "http/client.h"

namespace podpass::agent {

// The cluster that issues tokens under this `iss`. EKS Auth verifies the token against the cluster that is named to it.
using ClusterOf = std::function<std::string(std::string_view issuer)>;

// Where the server is and who we are to it. What it points to outlives those who call.
struct ServerAccess {
  http::Endpoint endpoint;
  std::string region;
  std::shared_ptr<const crypto::ClientTls> tls;  // for https; null: the system's authorities
  std::shared_ptr<cli::CredentialsProvider> credentials;
  const Clock* clock = nullptr;
  Reachability* reachability = nullptr;
};

// Signed calls of one service. The server's word that it does not know our credentials has them renewed, if they can
// be.
class SignedCalls {
 public:
  SignedCalls(ServerAccess access, std::string service, http::ClientLimits limits)
      : access_(std::move(access)), service_(std::move(service)), limits_(limits) {}
  // No answer: code ServiceUnavailable. No credentials to sign with: code NodeCredentials.
  boost::asio::awaitable<Result<http::ClientResponse>> send(http::ClientRequest request);

 private:
  ServerAccess access_;
  std::string service_;
  http::ClientLimits limits_;
  std::unique_ptr<http::AsyncClient> client_;  // made on first use, on the loop that uses it
};

class Upstream final : public CredentialsSource {
 public:
  Upstream(ServerAccess access, ClusterOf cluster_of, Metrics& metrics);
  boost::asio::awaitable<ExchangeResult> exchange(std::string token) override;

 private:
  struct Try {
    ExchangeResult result;
    bool again = false;
  };
  boost::asio::awaitable<Try> try_once(const std::string& token);

  SignedCalls calls_;
  ClusterOf cluster_of_;
  Metrics& metrics_;
};

std::string_view error_code_of(const http::ClientResponse& response);  // of the header; empty: none

// The server does not know the key that signed, or the session has ended.
bool is_about_our_keys(const http::ClientResponse& response);

// What EKS Auth's answer means.
ExchangeResult read_answer(const http::ClientResponse& response);

}  // namespace podpass::agent
