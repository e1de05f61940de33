#include "eks/connected_clusters.h"

#include <fmt/format.h>

#include <algorithm>

#include "eks/lookup.h"
#include "eks/validate.h"
#include "iam/lookup.h"

namespace podpass::eks {
namespace {

constexpr std::string_view kProviders[] = {"EKS_ANYWHERE", "ANTHOS",  "GKE", "AKS",  "OPENSHIFT",
                                           "TANZU",        "RANCHER", "EC2", "OTHER"};

Result<void> check_connector(const aws::Call& call, const ConnectorConfigRequest& connector) {
  if (std::ranges::find(kProviders, connector.provider) == std::end(kProviders)) {
    return Error::invalid(
        fmt::format("connectorConfig.provider: '{}' is none of {}.", connector.provider, fmt::join(kProviders, ", ")));
  }
  TRY(check_role_arn(connector.roleArn, "connectorConfig.roleArn"));
  if (iam::account_of_role_arn(connector.roleArn) != call.deployment.account) {
    return Error::invalid("Role provided in the request must be in the cluster's account.");
  }
  return {};
}

// The same request again.
bool repeats(const RegisterCluster::Request& request, const Cluster& existing) {
  const auto& connector = existing.connectorConfig;
  return request.clientRequestToken && existing.clientRequestToken == request.clientRequestToken && connector &&
         connector->provider == request.connectorConfig.provider &&
         connector->roleArn == request.connectorConfig.roleArn;
}

}  // namespace

Result<aws::Resource> RegisterCluster::resource(aws::Call& call, const Request& request) {
  TRY(check_cluster_name(request.name));
  return aws::Resource(cluster_arn(call.deployment, request.name)).request_tags(request.tags);
}

Result<RegisterCluster::Response> RegisterCluster::handle(aws::Call& call, const Request& request) {
  TRY(check_connector(call, request.connectorConfig));
  TRY(check_tags(request.tags));
  const auto arn = cluster_arn(call.deployment, request.name);
  if (!request.tags.empty()) {
    TRY(call.authorize("eks:TagResource", aws::Resource(arn).request_tags(request.tags)));
  }
  TRY(call.authorize("iam:PassRole", aws::Resource(request.connectorConfig.roleArn)
                                         .key("iam:PassedToService", "ssm.amazonaws.com")
                                         .key("iam:AssociatedResourceArn", arn)));
  if (const auto* existing = find_cluster(call.tx, call.deployment, request.name);
      existing && repeats(request, existing->cluster)) {
    return Response{existing->cluster};
  }
  TRY(check_new_cluster(call.tx, call.deployment, request.name));
  ClusterRecord record;
  auto& cluster = record.cluster;
  cluster.name = request.name;
  cluster.arn = arn;
  cluster.createdAt = call.now;
  cluster.status = "PENDING";
  cluster.clientRequestToken = request.clientRequestToken;
  cluster.tags = request.tags;
  cluster.connectorConfig =
      ConnectorConfig{call.random().uuid(), call.random().text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 20),
                      call.now + kActivationTime, request.connectorConfig.provider, request.connectorConfig.roleArn};
  record.keys.document = codec::Value::map({{"keys", codec::Value::list()}});
  record.keys.keys = crypto::KeySet::of({});
  record.registration.emplace().id = call.random().uuid();
  call.tx.put(kClusters, {call.deployment.account, call.deployment.region, request.name}, record);
  return Response{std::move(cluster)};
}

Result<aws::Resource> DeregisterCluster::resource(aws::Call& call, const Request& request) {
  TRY(check_cluster_name(request.name));
  return cluster_resource(call, request.name);
}

Result<DeregisterCluster::Response> DeregisterCluster::handle(aws::Call& call, const Request& request) {
  const auto* record = TRY(require_cluster(call.tx, call.deployment, request.name));
  if (!record->registration) {
    return Error{ErrorKind::invalid,
                 "ClientException",
                 400,
                 fmt::format("Cluster {} was created, not registered. Use DeleteCluster.", request.name),
                 {},
                 {{"clusterName", request.name}}};
  }
  Response response{record->cluster};
  response.cluster.status = "DELETING";
  erase_cluster(call.tx, call.deployment, request.name, *record);
  return response;
}

}  // namespace podpass::eks
