// Registered clusters: ones that have an API server of their own, which issues their tokens. Podpass knows their issuer
// and public keys, and may know how to reach them. Podpass's own operations (service `podpass`): RegisterCluster,
// UpdateClusterRegistration, DescribeClusterRegistration. AWS's RegisterCluster, which says only that a cluster will
// come, is in connected_clusters.h; the one here completes it.
//
// No answer holds a secret. An API server's credentials go with its address: whoever changes the address gives them
// anew, so that they can't be sent elsewhere by somebody who never knew them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/operation.h"
#include "eks/cluster_access.h"

namespace podpass::eks {

struct ClusterRegistration {
  std::string clusterName, clusterArn;
  std::string kind;    // LOCAL: its tokens are issued here; REGISTERED
  std::string status;  // of the cluster: ACTIVE, or PENDING as long as nothing is known of its tokens
  std::optional<std::string> issuer;
  bool sharesIssuer = false;  // other clusters have it too: roles for web identities must say which one they mean
  std::vector<std::string> keyIds;
  std::string keysFingerprint;  // hex; equal for equal keys
  std::optional<Time> keysChangedAt;
  std::optional<std::string> apiServerEndpoint, jwksUri;
  std::string credentials = "none";  // none, bearer-token, client-certificate
  bool tokenReview = false;
  std::optional<Time> keysReadAt, lastFailureAt;  // since this server started
  std::optional<std::string> lastFailure;         // why the keys could not be read, if that is so now
};
BOOST_DESCRIBE_STRUCT(ClusterRegistration, (),
                      (clusterName, clusterArn, kind, status, issuer, sharesIssuer, keyIds, keysFingerprint,
                       keysChangedAt, apiServerEndpoint, jwksUri, credentials, tokenReview, keysReadAt, lastFailureAt,
                       lastFailure))

struct RegistrationResponse {
  ClusterRegistration registration;
};
BOOST_DESCRIBE_STRUCT(RegistrationResponse, (), (registration))

struct RegisterExternalCluster {  // "RegisterCluster"
  struct Request {
    std::string clusterName, issuer;
    codec::Value jwks;
    std::optional<ApiServerRequest> apiServer;
    std::optional<ApiServerCredentials> credentials;
    std::optional<std::string> jwksUri;  // instead of apiServer
    std::optional<bool> tokenReview;     // needs apiServer
    aws::TagMap tags;
  };
  using Response = RegistrationResponse;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(RegisterExternalCluster::Request, (),
                      (clusterName, issuer, jwks, apiServer, credentials, jwksUri, tokenReview, tags))

struct UpdateClusterRegistration {
  struct Request {
    std::string clusterName;
    std::optional<std::string> issuer;
    std::optional<codec::Value> jwks;
    std::optional<ApiServerRequest> apiServer;        // with endpoint "": it is forgotten
    std::optional<ApiServerCredentials> credentials;  // alone: for the API server that is known
    std::optional<std::string> jwksUri;               // "": it is forgotten
    std::optional<bool> tokenReview;
  };
  using Response = RegistrationResponse;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(UpdateClusterRegistration::Request, (),
                      (clusterName, issuer, jwks, apiServer, credentials, jwksUri, tokenReview))

struct DescribeClusterRegistration {
  struct Request {
    std::string clusterName;
  };
  using Response = RegistrationResponse;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DescribeClusterRegistration::Request, (), (clusterName))

}  // namespace podpass::eks
