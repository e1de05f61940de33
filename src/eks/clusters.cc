#include "eks/clusters.h"

#include <fmt/format.h>

#include "aws/paging.h"
#include "eks/lookup.h"
#include "eks/validate.h"
#include "iam/lookup.h"

namespace podpass::eks {
namespace {

VpcConfigResponse vpc_config(const VpcConfigRequest& request) {
  return {request.subnetIds,
          request.securityGroupIds,
          {},
          {},
          request.endpointPublicAccess.value_or(true),
          request.endpointPrivateAccess.value_or(false),
          request.publicAccessCidrs};
}

std::optional<KubernetesNetworkConfigResponse> network_config(
    const std::optional<KubernetesNetworkConfigRequest>& request) {
  if (!request) return std::nullopt;
  return KubernetesNetworkConfigResponse{
      request->serviceIpv4Cidr, {}, request->ipFamily, request->elasticLoadBalancing};
}

}  // namespace

Result<aws::Resource> CreateCluster::resource(aws::Call& call, const Request& request) {
  TRY(check_cluster_name(request.name));
  return aws::Resource(cluster_arn(call.deployment, request.name)).request_tags(request.tags);
}

Result<CreateCluster::Response> CreateCluster::handle(aws::Call& call, const Request& request) {
  TRY(check_role_arn(request.roleArn, "roleArn"));
  if (iam::account_of_role_arn(request.roleArn) != call.deployment.account) {
    return Error::invalid("Role provided in the request must be in the cluster's account.");
  }
  TRY(check_tags(request.tags));
  if (request.version) TRY(check_version(*request.version));
  if (request.deletionProtection.value_or(false)) {
    return Error::invalid(
        "deletionProtection: it cannot be turned on here, as there is no UpdateClusterConfig to turn it off again.");
  }
  if (!request.tags.empty()) {
    TRY(call.authorize("eks:TagResource",
                       aws::Resource(cluster_arn(call.deployment, request.name)).request_tags(request.tags)));
  }
  TRY(call.authorize("iam:PassRole",
                     aws::Resource(request.roleArn)
                         .key("iam:PassedToService", "eks.amazonaws.com")
                         .key("iam:AssociatedResourceArn", cluster_arn(call.deployment, request.name))));
  if (const auto* existing = find_cluster(call.tx, call.deployment, request.name)) {
    if (request.clientRequestToken && existing->cluster.clientRequestToken == request.clientRequestToken &&
        existing->cluster.roleArn == request.roleArn) {
      return Response{existing->cluster};  // the same request again
    }
    return Error{ErrorKind::conflict,
                 {},
                 0,
                 "Cluster already exists with name: " + request.name,
                 {},
                 {{"clusterName", request.name}}};
  }
  Cluster cluster;
  cluster.name = request.name;
  cluster.version = request.version.value_or(std::string(kDefaultVersion));
  cluster.roleArn = request.roleArn;
  cluster.resourcesVpcConfig = vpc_config(request.resourcesVpcConfig);
  cluster.kubernetesNetworkConfig = network_config(request.kubernetesNetworkConfig);
  cluster.logging = request.logging;
  cluster.clientRequestToken = request.clientRequestToken;
  cluster.tags = request.tags;
  cluster.encryptionConfig = request.encryptionConfig;
  cluster.outpostConfig = request.outpostConfig;
  cluster.accessConfig = request.accessConfig;
  cluster.upgradePolicy = request.upgradePolicy;
  cluster.zonalShiftConfig = request.zonalShiftConfig;
  cluster.remoteNetworkConfig = request.remoteNetworkConfig;
  cluster.computeConfig = request.computeConfig;
  cluster.storageConfig = request.storageConfig;
  cluster.deletionProtection = request.deletionProtection.value_or(false);
  cluster.controlPlaneScalingConfig = request.controlPlaneScalingConfig;
  auto record =
      TRY(add_cluster(call.tx, call.deployment, std::move(cluster), make_issuer_key(call.random()), call.now));
  return Response{std::move(record.cluster)};
}

Result<aws::Resource> DescribeCluster::resource(aws::Call& call, const Request& request) {
  return cluster_resource(call, request.name);
}

Result<DescribeCluster::Response> DescribeCluster::handle(aws::Call& call, const Request& request) {
  return Response{TRY(require_cluster(call.tx, call.deployment, request.name))->cluster};
}

Result<aws::Resource> ListClusters::resource(aws::Call&, const Request&) {
  return aws::Resource::all();
}

Result<ListClusters::Response> ListClusters::handle(aws::Call& call, const Request& request) {
  auto limit = TRY(aws::page_size(request.maxResults, kPageSize, kPageSize, "maxResults"));
  const store::KeyParts prefix{call.deployment.account, call.deployment.region};
  std::vector<std::string> after;
  if (request.nextToken) {
    after = TRY(aws::read_page_token(*request.nextToken, prefix, prefix.size() + 1, "The nextToken is not valid."));
  }
  auto rows = call.tx.scan(kClusters, prefix, limit + 1, store::KeyParts(after.begin(), after.end()));
  Response response;
  for (const auto& row : rows) {
    if (response.clusters.size() == limit) {
      response.nextToken =
          aws::make_page_token({call.deployment.account, call.deployment.region, response.clusters.back()});
      break;
    }
    response.clusters.push_back(row.key.back());
  }
  return response;
}

Result<aws::Resource> DeleteCluster::resource(aws::Call& call, const Request& request) {
  return DescribeCluster::resource(call, {request.name});
}

Result<DeleteCluster::Response> DeleteCluster::handle(aws::Call& call, const Request& request) {
  const auto& deployment = call.deployment;
  const auto* record = TRY(require_cluster(call.tx, deployment, request.name));
  if (record->registration) {
    return Error{ErrorKind::invalid,
                 "InvalidRequestException",
                 400,
                 fmt::format("Cluster {} is a registered one. Use DeregisterCluster.", request.name),
                 {},
                 {{"clusterName", request.name}}};
  }
  Response response{record->cluster};
  response.cluster.status = "DELETING";
  erase_cluster(call.tx, deployment, request.name, *record);
  return response;
}

}  // namespace podpass::eks
