// An API server as a command asks it: one call after the other, each waited for. One thread. Errors: those of
// kube::ApiClient, with the server's URL in front of the message.
#pragma once

#include <string>

#include "base/result.h"
#include "codec/value.h"
#include "kube/api_server.h"

namespace podpass::cluster_cli {

Result<codec::Value> ask(const kube::ApiServer& server, const std::string& path);
Result<codec::Value> post(const kube::ApiServer& server, const std::string& path, codec::Value body);

// Of a kubeconfig, found as kubectl finds it if no path is given.
struct KubeconfigFlags {
  std::string path, context;
};
Result<kube::ApiServer> api_server(const KubeconfigFlags& flags);

// Who issues the tokens of a cluster, and its public keys.
struct Issuer {
  std::string url;
  codec::Value jwks;
};
Result<Issuer> read_issuer(const kube::ApiServer& server);

}  // namespace podpass::cluster_cli
