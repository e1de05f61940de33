#include "eks/service_account_tokens.h"

#include "codec/base64.h"
#include "crypto/sign.h"
#include "eks/lookup.h"
#include "eks/validate.h"
#include "kube/service_account_tokens.h"

namespace podpass::eks {

Result<aws::Resource> CreateServiceAccountToken::resource(aws::Call& call, const Request& request) {
  TRY(check_cluster_name(request.clusterName));
  return cluster_resource(call, request.clusterName);
}

Result<CreateServiceAccountToken::Response> CreateServiceAccountToken::handle(aws::Call& call, const Request& request) {
  TRY(check_namespace(request.namespace_));
  TRY(check_service_account(request.serviceAccount));
  auto pod = request.podName.value_or(kube::pod_name_for(request.serviceAccount, "pod"));
  if (!check_service_account(pod)) return Error::invalid("podName: '" + pod + "' is not a Kubernetes pod name.");
  if (request.podUid && !kube::is_pod_uid(*request.podUid)) {
    return Error::invalid("podUid: give 1 to 128 letters, digits, hyphens, dots and underscores.");
  }
  auto seconds = request.expirationSeconds.value_or(86'400);
  if (seconds < 600 || seconds > 86'400) return Error::invalid("expirationSeconds: give 600 to 86400.");
  const auto* cluster = TRY(require_cluster(call.tx, call.deployment, request.clusterName));
  const auto* signing =
      call.tx.find(kSigningKeys, {call.deployment.account, call.deployment.region, request.clusterName});
  if (!signing) {
    return Error::invalid("Cluster " + request.clusterName +
                          " issues its own tokens. Ask its API server for one (kubectl create token).");
  }
  auto sealed = codec::base64_decode(signing->sealed);
  if (!sealed) return Error::internal("signing key of cluster " + request.clusterName + " is damaged");
  auto pem = TRY(call.deployment.at_rest->open(*sealed, cluster->issuer));
  auto key = TRY(crypto::SigningKey::from_pem(pem));

  kube::PodToken token;
  token.issuer = cluster->issuer;
  token.audience = request.audience.value_or(std::string(kube::kPodIdentityAudience));
  token.namespace_ = request.namespace_;
  token.service_account = request.serviceAccount;
  token.service_account_uid = call.random().uuid();
  token.pod_name = pod;
  token.pod_uid = request.podUid.value_or(call.random().uuid());
  token.issued = call.now;
  token.expires = Time{Seconds{to_epoch_seconds(call.now) + seconds}};
  return Response{kube::mint(token, key, call.random()), token.expires};
}

}  // namespace podpass::eks
