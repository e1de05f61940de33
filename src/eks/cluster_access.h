// How the signing keys of registered clusters are reached, as it is stored: sealing and opening what proves us to their
// API servers, and the records that kube::ClusterAccess works with. Pure but for the store; safe from any thread.
// Secrets are only in what is sealed; no error holds one.
#pragma once

#include <optional>
#include <string>

#include "aws/call.h"
#include "eks/records.h"
#include "kube/cluster_access.h"

namespace podpass::eks {

// As a caller gives it.
struct ApiServerRequest {
  std::string endpoint;                                 // https://host[:port][/path]; http on loopback only
  std::optional<std::string> certificateAuthorityData;  // PEM in base64, as in a kubeconfig; else the system's
  std::optional<std::string> tlsServerName;             // what its certificate must name, if not the host
};
BOOST_DESCRIBE_STRUCT(ApiServerRequest, (), (endpoint, certificateAuthorityData, tlsServerName))

// What proves us to it. The audit trail hides it whole (gateway/audit.cc).
struct ApiServerCredentials {
  std::optional<std::string> bearerToken;
  std::optional<std::string> clientCertificateData, clientKeyData;  // PEM in base64, both or none
};
BOOST_DESCRIBE_STRUCT(ApiServerCredentials, (), (bearerToken, clientCertificateData, clientKeyData))

// Checked, with the credentials sealed for the cluster of that ARN. Invalid: says which member is wrong.
Result<ClusterAccessRecord> make_access(const aws::Deployment& deployment, const std::string& arn,
                                        const ApiServerRequest& server,
                                        const std::optional<ApiServerCredentials>& credentials);
// Of a URL that has nothing but the keys.
Result<ClusterAccessRecord> make_keys_access(const std::string& url);

std::string_view credentials_kind(const ClusterAccessRecord& access);  // none, bearer-token, client-certificate

// For kube::ClusterAccess. Store and deployment must outlive it.
kube::ClusterAccess::Records access_records(store::Store& store, const aws::Deployment& deployment);

}  // namespace podpass::eks
