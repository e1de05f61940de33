// CreateServiceAccountToken: the TokenRequest of clusters that have no API server. It mints what a kubelet would
// project into a pod: a token bound to a pod, signed by the cluster's issuer key. `podpass token` and `podpass exec`
// call it. It is Podpass's own operation (service `podpass`), not one of AWS's.
#pragma once

#include <optional>
#include <string>

#include "aws/operation.h"

namespace podpass::eks {

struct CreateServiceAccountToken {
  struct Request {
    std::string clusterName, namespace_, serviceAccount;
    std::optional<std::string> podName, podUid;
    std::optional<std::string> audience;            // pods.eks.amazonaws.com unless told
    std::optional<std::int64_t> expirationSeconds;  // 600 to 86,400, as Kubernetes allows; 86,400 unless told
  };
  struct Response {
    std::string token;
    Time expiration{};
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(CreateServiceAccountToken::Request, (),
                      (clusterName, namespace_, serviceAccount, podName, podUid, audience, expirationSeconds))
BOOST_DESCRIBE_STRUCT(CreateServiceAccountToken::Response, (), (token, expiration))

}  // namespace podpass::eks
