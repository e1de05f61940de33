// Where a Kubernetes API server is and how to prove who we are to it: from a kubeconfig, or from inside a pod.
//
// Values; no thread rule. Relative paths in a kubeconfig are relative to its folder; files that it names are read at
// once, but for a token file, which is read when it is needed because it is renewed. Nothing is executed: users with
// `exec` or `auth-provider` are refused, and so is `insecure-skip-tls-verify` with https.
//
// Limits: kMaxKubeconfigBytes a file. Errors: not_found (file, context, cluster or user missing), invalid; they name
// the file and the entry and never hold a token or key. Sources: Kubernetes, "Organizing Cluster Access Using
// kubeconfig Files" and "Accessing the Kubernetes API from a Pod"; client-go's kubeconfig v1 types.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/tls.h"
#include "http/client.h"

namespace podpass::kube {

inline constexpr std::size_t kMaxKubeconfigBytes = 4 * 1024 * 1024;
inline constexpr std::size_t kMaxTokenFileBytes = 64 * 1024;
inline constexpr std::string_view kServiceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

struct ApiServer {
  http::Endpoint endpoint;
  std::string base_path;           // of all requests: empty, or like "/k8s/clusters/c-1"
  crypto::ClientTls::Options tls;  // authority, client certificate, server name; unused without https
  Secret token;                    // bearer token
  std::string token_file;          // has the token, instead; read again when it is renewed
  std::string namespace_;          // the context's or the pod's; empty if there is none

  std::string url() const { return endpoint.url() + base_path; }
};

// `https://host[:port][/path]`, into endpoint and base_path.
Result<ApiServer> parse_api_server(std::string_view url);

// What a program passes on of its environment, e.g. ::getenv. Null: not set.
using Environment = std::function<const char*(const char*)>;

// The path given, else KUBECONFIG, else ~/.kube/config.
std::string kubeconfig_path(std::string_view given, const Environment& environment);

// `path` may be several, separated by colons as in KUBECONFIG: of what stands in more than one, the first counts, and
// files that don't exist are left out. Without `context`: the current one.
Result<ApiServer> read_kubeconfig(std::string_view path, std::string_view context = {});

// The service account of the pod that we run in: KUBERNETES_SERVICE_HOST and _PORT, and the files of `folder`.
Result<ApiServer> in_cluster(const Environment& environment,
                             const std::string& folder = std::string(kServiceAccountFolder));
bool is_in_cluster(const Environment& environment);

}  // namespace podpass::kube
