// The first hop of an exchange: the service pods.eks.amazonaws.com assumes an association's role for a pod, and the
// role's trust policy decides. What that policy gets to see is made here, for the exchange and for who explains it.
// Pure; an Assumption's views must live as long as it does.
#pragma once

#include <string_view>

#include "sts/assume.h"

namespace podpass::eks_auth {

inline constexpr Seconds kSessionLength{
    21'600};  // 6 h; a service's assumption is not held to the role's MaxSessionDuration

// A pod and where it is.
struct PodPlace {
  std::string_view cluster_name, cluster_arn, namespace_, service_account, pod_name, pod_uid;
};

// The six tags that tell of it, all of them transitive.
aws::SessionTags session_tags(const PodPlace& place);
// Those of them that not all pods of a service account share.
inline constexpr std::string_view kPodTags[] = {"kubernetes-pod-name", "kubernetes-pod-uid"};

// Without tags and session policy.
sts::Assumption first_hop(const aws::Deployment& deployment, const iam::RoleRecord& role, std::string_view role_arn,
                          std::string_view session_name, std::string_view cluster_arn);

Result<void> authorize_first_hop(const aws::Call& call, const sts::Assumption& assumption);
// What authorize_first_hop() asks the policy engine, action by action.
void ask_first_hop(const aws::Call& call, const sts::Assumption& assumption, const aws::Call::Asked& asked);

}  // namespace podpass::eks_auth
