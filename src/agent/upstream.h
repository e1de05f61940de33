// EKS Auth over HTTP: signs AssumeRoleForPodIdentity with the node's credentials, three tries of a second each. An
// exchange belongs to the agent, not to the pod that asked first: an impatient client does not cancel it. One thread:
// the agent's loop.
#pragma once

#include <memory>
#include <string>

#include "agent/agent.h"
#include "agent/credentials_source.h"
#include "agent/metrics.h"
#include "http/client.h"

namespace podpass::agent {

class Upstream final : public CredentialsSource {
 public:
  Upstream(std::string endpoint, std::string region, ClusterOf cluster_of, NodeCredentialsProvider credentials,
           const Clock& clock, Metrics& metrics);
  ~Upstream() override;
  boost::asio::awaitable<ExchangeResult> exchange(std::string token) override;

 private:
  struct Try {
    ExchangeResult result;
    bool again = false;
  };
  Result<http::ClientRequest> signed_request(const std::string& token) const;
  boost::asio::awaitable<Try> try_once(const std::string& token);

  std::string endpoint_, region_;
  ClusterOf cluster_of_;
  NodeCredentialsProvider credentials_;
  const Clock& clock_;
  Metrics& metrics_;
  std::unique_ptr<http::AsyncClient> client_;  // made on first use, on the loop that uses it
};

// What EKS Auth's answer means.
ExchangeResult read_answer(const http::ClientResponse& response);

}  // namespace podpass::agent
