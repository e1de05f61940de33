// `podpass cluster register`: finds out who issues a cluster's tokens and tells the server, which stores it; then makes
// the roles for the cluster's own parts. Nothing is created in the cluster. One thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster_cli/api_server.h"
#include "cluster_cli/roles.h"

namespace podpass::cluster_cli {

struct RegisterOptions {
  std::string name, data_directory;
  KubeconfigFlags kubeconfig;
  std::string issuer, jwks_file, jwks_url;
  std::string api_server_url;     // as the server reaches it; empty: as the kubeconfig has it
  std::string server_token_file;  // what the server shows to the API server
  bool uses_kubeconfig_credentials = false;
  std::optional<bool> token_review;  // nothing: as it is, and of a new cluster not
  bool node_role = true;
  ServiceAccounts accounts;
  std::vector<std::string> tags;  // KEY=VALUE
};

// {"registration", "oidcProviderArn", "nodeRoleArn", "webhookRoleArn", "notes"}
Result<codec::Value> register_cluster(const RegisterOptions& options);

}  // namespace podpass::cluster_cli
