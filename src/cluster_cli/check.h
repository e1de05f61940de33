// `podpass cluster check`: proves the chain from the API server to the credentials, step by step. What the server can
// check it is asked to (CheckCluster); with a kubeconfig the API server is looked at from here too; and for a service
// account a token is made for one of its pods and exchanged. Nothing is changed. One thread.
#pragma once

#include <string>

#include "cluster_cli/api_server.h"

namespace podpass::cluster_cli {

struct CheckOptions {
  std::string name, data_directory;
  KubeconfigFlags kubeconfig;
  bool uses_kubeconfig = false;  // one is named
  std::string namespace_ = "default", service_account;
  std::string token_file;  // a pod's token, instead of one that is made
};

// {"steps": [{"name", "outcome", "message", "advice"}]}; the outcome is ok, failed or skipped.
Result<codec::Value> check_cluster(const CheckOptions& options);

}  // namespace podpass::cluster_cli
