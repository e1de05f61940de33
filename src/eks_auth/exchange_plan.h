// ExchangePlan: what all exchanges of one token have in common as long as nothing changes in the store. Made for an
// exchange, and remembered by its thread: docs/decisions/036. What may change from one exchange to the next is looked
// at in each: the time, who asks, the review of a registered cluster, and the trust policy where it asks for such
// things.
//
// A plan lives at least until its thread makes the next one, so that answers may borrow from it; its pointers to
// records live as long as a transaction of its version. Plans are immutable.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "aws/call.h"
#include "eks/lookup.h"
#include "kube/service_account_tokens.h"
#include "sts/assume.h"

namespace podpass::eks_auth {

inline constexpr std::size_t kPlansKept = 2'048;  // a thread

struct ExchangePlan {
  std::uint64_t version = 0;  // of the store
  const aws::Deployment* deployment = nullptr;
  const eks::ClusterRecord* cluster = nullptr;
  const iam::RoleRecord* role = nullptr;
  std::shared_ptr<const kube::PodToken> pod;
  bool is_trusted = false;  // the trust policy lets the pod in, whenever and under whatever name
  int packed_percent = 0;   // what the first hop's session takes of the packed limit
  // All of them stand in `text`, in the order in which they are wanted: a plan is not in the processor's cache when its
  // pod comes again.
  std::string_view cluster_name, cluster_arn;
  std::string_view pod_facts, association_facts;  // of the audit record
  std::string_view session_name_front;
  std::string_view shared_part;                                                // of the session, sealed with it
  std::string_view subject, association, session_arn_front, session_id_front;  // of the answer
  std::string text;
  // For what is not the same in every exchange.
  eks::AssociationRecord record;
  aws::SessionTags tags;

  ExchangePlan() = default;
  ExchangePlan(const ExchangePlan&) = delete;

  // The first hop's assumption. A view of this plan and of the name.
  sts::Assumption first_hop(const aws::Deployment& deployment, std::string_view session_name) const;
};

// The plan that this thread remembers of the request's token, or null.
const ExchangePlan* remembered_plan(const aws::Call& call, std::string_view cluster_name);

// Makes it, and remembers it by the request's body if the token was seen before: most are not seen again for hours.
// Never null. Errors: there is no such association, or no such role.
Result<const ExchangePlan*> make_plan(aws::Call& call, std::string_view cluster_name, const eks::ClusterRecord& cluster,
                                      kube::SeenToken seen);

// What the audit record says of a pod.
std::string pod_facts(const kube::PodToken& pod);

// Does the role's trust policy let the pod in? Error: denied, with the engine's sentence.
Result<void> authorize(const aws::Call& call, const ExchangePlan& plan, std::string_view session_name);

// One sentence for every reason, as AWS has it; the audit record holds the reason.
Error not_assumable(aws::Call& call, std::string reason);

}  // namespace podpass::eks_auth
