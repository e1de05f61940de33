#include "eks_auth/exchange_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "crypto/digest_memory.h"
#include "eks/lookup.h"
#include "eks_auth/first_hop.h"
#include "policy/fold.h"
#include "sts/session_token.h"

namespace podpass::eks_auth {
namespace {

// Two keys of time, and a name with something random in it. All else that a trust policy gets to see is the same in
// every exchange of a token while the store stays as it is.
constexpr std::string_view kChangingKeys[] = {"aws:CurrentTime", "aws:EpochTime", "sts:RoleSessionName"};

bool is_changing(std::string_view key) {
  return std::ranges::any_of(kChangingKeys, [&](auto each) { return iequals(each, key); });
}

// The trust policy for this assumption; null if something in it asks for a key that changes.
std::shared_ptr<const policy::Policy> fold_trust(const aws::Call& call, const sts::Assumption& assumption) {
  std::shared_ptr<const policy::Policy> folded;
  ask_first_hop(call, assumption, [&](const policy::Request& request, const policy::Layers&) {
    if (folded) return;  // asked for each action, of the same keys
    policy::Context constant;
    request.context.for_each([&](const policy::Context::Entry& entry) {
      const auto name = concat({entry.prefix, entry.name});
      if (is_changing(name)) return;
      if (entry.multivalued) {
        constant.add_list(entry.name, entry.values);
      } else {
        constant.add_tag(entry.prefix, entry.name, entry.value);
      }
    });
    if (request.context.overflowed() || constant.overflowed()) return;
    folded = policy::fold(assumption.role->trust.compiled,
                          {constant, [](std::string_view key) { return !is_changing(key); }});
  });
  return folded && !policy::asks_for_keys(*folded) ? folded : nullptr;
}

crypto::DigestMemory<ExchangePlan>& memory() {
  static thread_local crypto::DigestMemory<ExchangePlan> plans(kPlansKept);
  return plans;
}

// What there is behind the role: the session's tags, policy and seal.
void plan_session(const aws::Call& call, const kube::PodToken& pod, ExchangePlan& plan) {
  if (!plan.association.disable_session_tags.value_or(false)) {
    plan.tags = session_tags(
        {plan.cluster_name, plan.cluster_arn, pod.namespace_, pod.service_account, pod.pod_name, pod.pod_uid});
  }
  auto assumption = plan.first_hop(call.deployment, {});
  plan.packed_percent = sts::packed_policy_percent(assumption);
  if (assumption.role->trust.compiled) plan.trust = fold_trust(call, assumption);
  const auto session = sts::start_session(call, std::move(assumption));
  plan.shared_part = sts::encode_shared_part(session);
  plan.session_arn_front = sts::session_arn(call.deployment, session);
  plan.session_id_front = sts::assumed_role_id(session);
}

}  // namespace

sts::Assumption ExchangePlan::first_hop(const aws::Deployment& deployment, std::string_view session_name) const {
  auto assumption = eks_auth::first_hop(deployment, *role, association.role_arn, session_name, cluster_arn);
  assumption.tags = tags;
  if (!association.target_role_arn && association.policy) assumption.policy = *association.policy;
  return assumption;
}

aws::Audit pod_facts(const kube::PodToken& pod) {
  aws::Audit facts;
  facts.add("namespace", pod.namespace_);
  facts.add("serviceAccount", pod.service_account);
  facts.add("podName", pod.pod_name);
  facts.add("podUid", pod.pod_uid);
  return facts;
}

Error not_assumable(aws::Call& call, std::string reason) {
  call.audit.add("reason", reason);
  return {
      ErrorKind::denied, {}, 0, "Unauthorized Exception! EKS does not have permissions to assume the associated role.",
      std::move(reason), {}};
}

std::shared_ptr<const ExchangePlan> remembered_plan(const aws::Call& call, std::string_view cluster_name) {
  if (!call.body_hash) return nullptr;
  auto plan = memory().find(*call.body_hash);
  return plan && plan->version == call.tx.version() && plan->cluster_name == cluster_name ? plan : nullptr;
}

Result<std::shared_ptr<const ExchangePlan>> make_plan(aws::Call& call, const std::string& cluster_name,
                                                      const eks::ClusterRecord& cluster, const kube::PodToken& pod) {
  const auto& deployment = call.deployment;
  const auto* association =
      eks::find_association(call.tx, deployment, cluster_name, pod.namespace_, pod.service_account);
  if (!association) {
    return Error::not_found(
        fmt::format("No pod identity association found for service account {} in namespace {} of cluster {}.",
                    pod.service_account, pod.namespace_, cluster_name));
  }
  auto plan = std::make_shared<ExchangePlan>();
  plan->association_facts.add("associationId", association->id);
  plan->association_facts.add("roleArn", association->role_arn);
  plan->role = iam::find_role_by_arn(call.tx, deployment, association->role_arn);
  if (!plan->role) {
    call.audit.add(plan->association_facts);
    return not_assumable(call, "the role does not exist");
  }
  plan->version = call.tx.version();
  plan->cluster_name = cluster_name;
  plan->cluster_arn = eks::cluster_arn(deployment, cluster_name);
  plan->cluster = &cluster;
  plan->association = *association;
  plan->association_arn = eks::association_arn(deployment, cluster_name, association->id);
  plan->session_name_front = concat({"eks-", cluster_name.substr(0, 10), "-", pod.pod_name.substr(0, 10), "-"});
  plan->pod_facts = pod_facts(pod);
  plan_session(call, pod, *plan);
  // The body is what says which token it is; a failed transaction is one of a store that cannot be read.
  if (call.body_hash && !call.tx.failure() && !call.tx.has_writes()) memory().put(*call.body_hash, plan);
  return std::shared_ptr<const ExchangePlan>(std::move(plan));
}

Result<void> authorize(const aws::Call& call, const ExchangePlan& plan, std::string_view session_name) {
  if (plan.trust && !call.deployment.audits_every_decision) {
    const auto pods = eks::pods_principal();
    const policy::Context nothing;
    policy::Layers layers;
    layers.resource = plan.trust.get();
    layers.trust = true;
    const auto may = [&](std::string_view action) {
      return policy::evaluate({pods, action, plan.association.role_arn, call.deployment.account, nothing}, layers)
          .allowed();
    };
    if (std::ranges::all_of(eks::exchange_actions(plan.association.disable_session_tags), may)) return {};
  }
  return authorize_first_hop(call, plan.first_hop(call.deployment, session_name));  // which says why not
}

}  // namespace podpass::eks_auth
