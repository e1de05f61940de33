// ExchangePlan: what all exchanges of one token have in common as long as nothing changes in the store. The first makes
// it, and its thread remembers it: docs/decisions/036. What may change from one exchange to the next is looked at in
// each: the time, who asks, the review of a registered cluster, the decision of the trust policy.
//
// A plan's pointers live as long as a transaction of its version. Plans are immutable.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "aws/call.h"
#include "eks/records.h"
#include "iam/records.h"
#include "kube/service_account_tokens.h"
#include "sts/assume.h"

namespace podpass::eks_auth {

inline constexpr std::size_t kPlansKept = 2'048;  // a thread

struct ExchangePlan {
  std::uint64_t version = 0;  // of the store
  std::string cluster_name, cluster_arn;
  const eks::ClusterRecord* cluster = nullptr;
  eks::AssociationRecord association;
  const iam::RoleRecord* role = nullptr;
  std::string session_name_front;
  // Of the first hop: the tags, the share of the packed limit, the trust policy as it is for this pod - null if it asks
  // for what is not the same in every exchange - and what the sessions have in common.
  aws::SessionTags tags;
  int packed_percent = 0;
  std::shared_ptr<const policy::Policy> trust;
  std::string shared_part, session_arn_front, session_id_front;
  std::string association_arn;
  aws::Audit pod_facts, association_facts;

  // The first hop's assumption. A view of this plan and of the name.
  sts::Assumption first_hop(const aws::Deployment& deployment, std::string_view session_name) const;
};

// The plan that this thread remembers of the request's token, or null.
std::shared_ptr<const ExchangePlan> remembered_plan(const aws::Call& call, std::string_view cluster_name);

// Makes and remembers it. Errors: there is no such association, or no such role.
Result<std::shared_ptr<const ExchangePlan>> make_plan(aws::Call& call, const std::string& cluster_name,
                                                      const eks::ClusterRecord& cluster, const kube::PodToken& pod);

// What the audit record says of a pod.
aws::Audit pod_facts(const kube::PodToken& pod);

// Does the role's trust policy let the pod in? Error: denied, with the engine's sentence.
Result<void> authorize(const aws::Call& call, const ExchangePlan& plan, std::string_view session_name);

// One sentence for every reason, as AWS has it; the audit record holds the reason.
Error not_assumable(aws::Call& call, std::string reason);

}  // namespace podpass::eks_auth
