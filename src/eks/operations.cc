#include "eks/operations.h"

#include "eks/association_changes.h"
#include "eks/check_cluster.h"
#include "eks/clusters.h"
#include "eks/connected_clusters.h"
#include "eks/pod_identity_associations.h"
#include "eks/registrations.h"
#include "eks/service_account_tokens.h"
#include "eks/tags.h"

namespace podpass::eks {
namespace {

using aws::Access;
using aws::operation;

constexpr aws::ErrorNames kErrors = {{
    {"InvalidParameterException", 400},
    {"UnrecognizedClientException", 403},
    {"AccessDeniedException", 403},
    {"ResourceNotFoundException", 404},
    {"ResourceInUseException", 409},
    {"ResourceLimitExceededException", 400},
    {"RequestEntityTooLargeException", 413},
    {"ThrottlingException", 429},
    {"ServiceUnavailableException", 503},
    {"ServerException", 500},
}};

// The tag operations have names of their own for what the caller did wrong.
constexpr aws::ErrorNames kTagErrors = [] {
  auto errors = kErrors;
  errors[static_cast<std::size_t>(ErrorKind::invalid)] = {"BadRequestException", 400};
  errors[static_cast<std::size_t>(ErrorKind::not_found)] = {"NotFoundException", 404};
  return errors;
}();

constexpr aws::Operation kOperations[] = {
    operation<CreateCluster, "CreateCluster">(Access::write, "POST", "/clusters"),
    operation<DescribeCluster, "DescribeCluster">(Access::read, "GET", "/clusters/{name}"),
    operation<ListClusters, "ListClusters">(Access::read, "GET", "/clusters"),
    operation<DeleteCluster, "DeleteCluster">(Access::write, "DELETE", "/clusters/{name}"),
    operation<RegisterCluster, "RegisterCluster">(Access::write, "POST", "/cluster-registrations"),
    operation<DeregisterCluster, "DeregisterCluster">(Access::write, "DELETE", "/cluster-registrations/{name}"),
    operation<CreatePodIdentityAssociation, "CreatePodIdentityAssociation">(
        Access::write, "POST", "/clusters/{clusterName}/pod-identity-associations"),
    operation<ListPodIdentityAssociations, "ListPodIdentityAssociations">(
        Access::read, "GET", "/clusters/{clusterName}/pod-identity-associations"),
    operation<DescribePodIdentityAssociation, "DescribePodIdentityAssociation">(
        Access::read, "GET", "/clusters/{clusterName}/pod-identity-associations/{associationId}"),
    operation<UpdatePodIdentityAssociation, "UpdatePodIdentityAssociation">(
        Access::write, "POST", "/clusters/{clusterName}/pod-identity-associations/{associationId}"),
    operation<DeletePodIdentityAssociation, "DeletePodIdentityAssociation">(
        Access::write, "DELETE", "/clusters/{clusterName}/pod-identity-associations/{associationId}"),
    operation<TagResource, "TagResource">(Access::write, "POST", "/tags/{resourceArn+}", &kTagErrors),
    operation<UntagResource, "UntagResource">(Access::write, "DELETE", "/tags/{resourceArn+}", &kTagErrors),
    operation<ListTagsForResource, "ListTagsForResource">(Access::read, "GET", "/tags/{resourceArn+}", &kTagErrors),
};

constexpr aws::Operation kPodpassOperations[] = {
    operation<CreateServiceAccountToken, "CreateServiceAccountToken">(Access::write, "POST",
                                                                      "/clusters/{clusterName}/service-account-tokens"),
    operation<RegisterExternalCluster, "RegisterCluster">(Access::write, "POST", "/cluster-registrations"),
    operation<UpdateClusterRegistration, "UpdateClusterRegistration">(Access::write, "POST",
                                                                      "/cluster-registrations/{clusterName}"),
    operation<DescribeClusterRegistration, "DescribeClusterRegistration">(Access::read, "GET",
                                                                          "/cluster-registrations/{clusterName}"),
    operation<CheckCluster, "CheckCluster">(Access::read, "POST", "/clusters/{clusterName}/check"),
    operation<WatchPodIdentityAssociations, "WatchPodIdentityAssociations">(
        Access::read, "GET", "/clusters/{clusterName}/pod-identity-association-changes"),
};

}  // namespace

const aws::Service& service() {
  static constexpr aws::Service kService{"eks", aws::Protocol::rest_json, "2017-11-01", "", kOperations, kErrors};
  return kService;
}

const aws::Service& podpass_service() {
  static constexpr aws::Service kService{"podpass", aws::Protocol::rest_json, "2026-11-01",
                                         "",        kPodpassOperations,       kErrors};
  return kService;
}

}  // namespace podpass::eks
