// What exchanges have in common as long as nothing changes in the store, found once and remembered by each thread:
// docs/decisions/036. An AssociationPlan is what those of all pods of a service account have in common, an ExchangePlan
// what those of one token have. What may change from one exchange to the next is looked at in each: the time, who asks,
// the review of a registered cluster, and the trust policy where it asks for such things.
//
// An ExchangePlan lives at least until its thread makes the next one, so that answers may borrow from it; pointers to
// records live as long as a transaction of the plan's version. Plans are immutable.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "aws/call.h"
#include "eks/lookup.h"
#include "kube/service_account_tokens.h"
#include "sts/assume.h"

namespace podpass::eks_auth {

inline constexpr std::size_t kPlansKept = 2'048;  // of each kind, a thread

struct AssociationPlan {
  std::uint64_t version = 0;  // of the store
  const aws::Deployment* deployment = nullptr;
  const eks::ClusterRecord* cluster = nullptr;
  std::string cluster_name, cluster_arn;
  eks::AssociationRecord record;
  sts::Assumption assumption;  // the first hop's, without a pod's tags and a session's name
  bool is_trusted = false;     // the trust policy lets each pod in, whenever and under whatever name
  std::string role_fact;       // of the audit record
  std::string session_name_front;
  std::string subject_json, association_json, session_arn_front, session_id_front;  // of the answer

  AssociationPlan() = default;  // `assumption` has views of the members before it
  AssociationPlan(const AssociationPlan&) = delete;
};

struct ExchangePlan {
  std::shared_ptr<const AssociationPlan> association;
  std::shared_ptr<const kube::PodToken> pod;
  int packed_percent = 0;  // what the first hop's session takes of the packed limit
  std::string pod_facts;   // of the audit record
  std::string session_name_front;
  std::string shared_part;  // of the session, sealed with it
  aws::SessionTags tags;

  // The first hop's assumption. A view of this plan and of the name.
  sts::Assumption first_hop(std::string_view session_name) const;
};

// The plan that this thread remembers of the request's token, or null.
const ExchangePlan* remembered_plan(const aws::Call& call, std::string_view cluster_name);

// Makes it, and remembers it by the request's body if the token was seen before: most are not seen again for hours.
// Never null. Errors: there is no such association, or no such role.
Result<const ExchangePlan*> make_plan(aws::Call& call, std::string_view cluster_name, const eks::ClusterRecord& cluster,
                                      kube::SeenToken seen, std::string facts_of_pod);

// What the audit record says of a pod.
std::string pod_facts(const kube::PodToken& pod);

// Does the role's trust policy let the pod in? Error: denied, with the engine's sentence.
Result<void> authorize(const aws::Call& call, const ExchangePlan& plan, std::string_view session_name);

// One sentence for every reason, as AWS has it; the audit record holds the reason.
Error not_assumable(aws::Call& call, std::string reason);

}  // namespace podpass::eks_auth
