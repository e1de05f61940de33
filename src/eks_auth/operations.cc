#include "eks_auth/operations.h"

#include "eks_auth/assume_role_for_pod_identity.h"

namespace podpass::eks_auth {
namespace {

constexpr aws::Operation kOperations[] = {
    aws::operation<AssumeRoleForPodIdentity, "AssumeRoleForPodIdentity">(
        aws::Access::read, "POST", "/clusters/{clusterName}/assume-role-for-pod-identity"),
};

// AccessDeniedException is a 400 here, as the model has it.
constexpr aws::ErrorNames kErrors = {{
    {"InvalidParameterException", 400},
    {"InvalidTokenException", 400},
    {"AccessDeniedException", 400},
    {"ResourceNotFoundException", 404},
    {"InvalidRequestException", 400},
    {"ThrottlingException", 429},
    {"InvalidRequestException", 400},
    {"ThrottlingException", 429},
    {"ServiceUnavailableException", 503},
    {"InternalServerException", 500},
}};

}  // namespace

const aws::Service& service() {
  static constexpr aws::Service kService{"eks-auth", aws::Protocol::rest_json, "2023-11-26", "", kOperations, kErrors};
  return kService;
}

}  // namespace podpass::eks_auth
