#include "eks_auth/exchange_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/strings.h"
#include "crypto/digest_memory.h"
#include "eks/lookup.h"
#include "eks_auth/assume_role_for_pod_identity.h"
#include "eks_auth/first_hop.h"
#include "policy/fold.h"
#include "sts/session_token.h"

namespace podpass::eks_auth {
namespace {

// What a trust policy gets to see that is the same in every exchange of an association while the store stays as it is.
// A key that is not named here may change: the pod, the time, the session's name, whatever comes to be.
constexpr std::string_view kStayingKeys[] = {"aws:SourceArn",
                                             "aws:SourceAccount",
                                             "aws:TagKeys",
                                             "aws:PrincipalIsAWSService",
                                             "aws:PrincipalServiceName",
                                             "aws:PrincipalServiceNamesList",
                                             "aws:ResourceAccount",
                                             "aws:RequestedRegion",
                                             "sts:TransitiveTagKeys",
                                             "sts:DurationSeconds"};
constexpr std::string_view kStayingTags[] = {aws::kRequestTagPrefix, aws::kResourceTagPrefix, "iam:ResourceTag/"};

// Of the tags behind those prefixes only a pod's own differ.
bool is_staying_tag(std::string_view prefix, std::string_view name) {
  return std::ranges::any_of(kStayingTags, [&](auto each) { return iequals(each, prefix); }) &&
         std::ranges::none_of(kPodTags, [&](auto each) { return iequals(each, name); });
}

bool stays(std::string_view key) {
  const auto name = key.find('/') + 1;  // 0: it is no tag
  return name == 0 ? std::ranges::any_of(kStayingKeys, [&](auto each) { return iequals(each, key); })
                   : is_staying_tag(key.substr(0, name), key.substr(name));
}

void copy_staying_keys(const policy::Context& from, policy::Context& to) {
  from.for_each([&](const policy::Context::Entry& entry) {
    if (entry.prefix.empty() ? !stays(entry.name) : !is_staying_tag(entry.prefix, entry.name)) return;
    if (entry.multivalued) {
      to.add_list(entry.name, entry.values);
    } else {
      to.add_tag(entry.prefix, entry.name, entry.value);
    }
  });
}

// Does the trust policy let such assumptions through, whatever the other keys are? It is folded for the keys that stay:
// if it asks for none then, what it decides now it decides always.
bool is_always_trusted(const aws::Call& call, const sts::Assumption& assumption) {
  auto trust = assumption.role->trust.compiled;
  if (!trust) return false;
  bool is_folded = !policy::asks_for_keys(*trust);  // as most, it has nothing to fold
  bool trusted = true;
  ask_first_hop(call, assumption, [&](const policy::Request& request, policy::Layers layers) {
    if (!std::exchange(is_folded, true)) {  // the keys are the same for each action
      policy::Context staying;
      copy_staying_keys(request.context, staying);
      trust = policy::fold(trust, {staying, stays});
      trusted = !staying.overflowed() && !policy::asks_for_keys(*trust);
    }
    layers.resource = trust.get();
    trusted = trusted && policy::evaluate(request, layers).allowed();
  });
  return trusted;
}

std::string role_fact(const eks::AssociationRecord& association) {
  aws::Audit audit;
  audit.add("roleArn", association.role_arn);
  return std::move(audit.facts);
}

template <class Shape>
std::string json_of(const Shape& shape) {
  std::string json;
  codec::write_json(shape, json);
  return json;
}

aws::SessionTags tags_of(const AssociationPlan& plan, const kube::PodToken& pod) {
  if (plan.record.disable_session_tags.value_or(false)) return {};
  return session_tags(
      {plan.cluster_name, plan.cluster_arn, pod.namespace_, pod.service_account, pod.pod_name, pod.pod_uid});
}

// All that follows from the records, of the association of this pod.
std::shared_ptr<const AssociationPlan> make_association_plan(const aws::Call& call, std::string_view cluster_name,
                                                             const eks::ClusterRecord& cluster,
                                                             const eks::AssociationRecord& record,
                                                             const iam::RoleRecord& role, const kube::PodToken& pod) {
  const auto& deployment = call.deployment;
  auto plan = std::make_shared<AssociationPlan>();
  plan->version = call.tx.version();
  plan->deployment = &deployment;
  plan->cluster = &cluster;
  plan->cluster_name = cluster_name;
  plan->cluster_arn = eks::cluster_arn(deployment, cluster_name);
  plan->record = record;
  plan->assumption = first_hop(deployment, role, plan->record.role_arn, {}, plan->cluster_arn);
  if (!record.target_role_arn && record.policy) plan->assumption.policy = *plan->record.policy;
  auto of_pod = plan->assumption;
  of_pod.tags = tags_of(*plan, pod);
  plan->is_trusted = is_always_trusted(call, of_pod);
  plan->role_fact = role_fact(record);
  plan->session_name_front = concat({"eks-", cluster_name.substr(0, 10), "-"});
  plan->subject_json = json_of(Subject{pod.namespace_, pod.service_account});
  plan->association_json =
      json_of(PodIdentityAssociation{eks::association_arn(deployment, cluster_name, record.id), record.id});
  aws::Session session;
  sts::put_shared_part(std::move(of_pod), session);
  plan->session_arn_front = sts::session_arn(deployment, session);
  plan->session_id_front = sts::assumed_role_id(session);
  return plan;
}

// The association plans of one version of the store: with the next one all of them end.
class AssociationPlans {
 public:
  // Null if there is none. Holds until the next put().
  const std::shared_ptr<const AssociationPlan>& find(const aws::Call& call, const std::string& name) {
    static const std::shared_ptr<const AssociationPlan> kNothing;
    if (version_ != call.tx.version() || deployment_ != &call.deployment) plans_.clear();
    const auto found = plans_.find(name);
    return found == plans_.end() ? kNothing : found->second;
  }

  void put(const aws::Call& call, std::string name, std::shared_ptr<const AssociationPlan> plan) {
    if (plans_.size() == kPlansKept) plans_.clear();
    version_ = call.tx.version();
    deployment_ = &call.deployment;
    plans_.emplace(std::move(name), std::move(plan));
  }

 private:
  std::uint64_t version_ = 0;
  const aws::Deployment* deployment_ = nullptr;
  std::unordered_map<std::string, std::shared_ptr<const AssociationPlan>> plans_;  // by where they are
};

// The plan of the pod's association, never null.
Result<std::shared_ptr<const AssociationPlan>> association_plan(aws::Call& call, std::string_view cluster_name,
                                                                const eks::ClusterRecord& cluster,
                                                                const kube::PodToken& pod) {
  static thread_local AssociationPlans memory;
  auto name = concat({cluster_name, "/", pod.namespace_, "/", pod.service_account});  // none of them has a slash
  if (const auto& remembered = memory.find(call, name)) return remembered;
  const auto* association =
      eks::find_association(call.tx, call.deployment, cluster_name, pod.namespace_, pod.service_account);
  if (!association) {
    return Error::not_found(
        fmt::format("No pod identity association found for service account {} in namespace {} of cluster {}.",
                    pod.service_account, pod.namespace_, cluster_name));
  }
  const auto* role = iam::find_role_by_arn(call.tx, call.deployment, association->role_arn);
  if (!role) {
    call.audit.add_facts(role_fact(*association));
    call.audit.association_id = association->id;
    return not_assumable(call, "the role does not exist");
  }
  auto plan = make_association_plan(call, cluster_name, cluster, *association, *role, pod);
  // A transaction that has failed could not read the store.
  if (!call.tx.failure()) memory.put(call, std::move(name), plan);
  return plan;
}

// A plan points at their records, which are decoded once for all transactions of a version.
static_assert(eks::kClusters.decoded == store::Decoded::kept && iam::kRoles.decoded == store::Decoded::kept);

crypto::DigestMemory<ExchangePlan>& memory() {
  static thread_local crypto::DigestMemory<ExchangePlan> plans(kPlansKept);
  return plans;
}

}  // namespace

sts::Assumption ExchangePlan::first_hop(std::string_view session_name) const {
  auto assumption = association->assumption;
  assumption.session_name = session_name;
  assumption.tags = tags;
  return assumption;
}

std::string pod_facts(const kube::PodToken& pod) {
  aws::Audit facts;
  facts.add("namespace", pod.namespace_);
  facts.add("serviceAccount", pod.service_account);
  facts.add("podName", pod.pod_name);
  facts.add("podUid", pod.pod_uid);
  return std::move(facts.facts);
}

Error not_assumable(aws::Call& call, std::string reason) {
  call.audit.add("reason", reason);
  return {
      ErrorKind::denied, {}, 0, "Unauthorized Exception! EKS does not have permissions to assume the associated role.",
      std::move(reason), {}};
}

const ExchangePlan* remembered_plan(const aws::Call& call, std::string_view cluster_name) {
  if (!call.body_hash) return nullptr;
  const auto* plan = memory().find(*call.body_hash).get();
  const bool good = plan && plan->association->version == call.tx.version() &&
                    plan->association->cluster_name == cluster_name &&
                    plan->association->deployment == &call.deployment;
  return good ? plan : nullptr;
}

Result<const ExchangePlan*> make_plan(aws::Call& call, std::string_view cluster_name, const eks::ClusterRecord& cluster,
                                      kube::SeenToken seen, std::string facts_of_pod) {
  auto plan = std::make_shared<ExchangePlan>();
  plan->association = TRY(association_plan(call, cluster_name, cluster, *seen.token));
  plan->pod = std::move(seen.token);
  plan->pod_facts = std::move(facts_of_pod);
  plan->session_name_front =
      concat({plan->association->session_name_front, std::string_view(plan->pod->pod_name).substr(0, 10), "-"});
  auto assumption = plan->association->assumption;
  assumption.tags = tags_of(*plan->association, *plan->pod);
  plan->packed_percent = sts::packed_policy_percent(assumption);
  aws::Session session;
  sts::put_shared_part(std::move(assumption), session);
  plan->shared_part = sts::encode_shared_part(session);
  plan->tags = std::move(session.tags);
  if (seen.before && call.body_hash && !call.tx.failure()) memory().put(*call.body_hash, plan);
  static thread_local std::shared_ptr<const ExchangePlan> newest;
  newest = std::move(plan);
  return newest.get();
}

Result<void> authorize(const aws::Call& call, const ExchangePlan& plan, std::string_view session_name) {
  if (plan.association->is_trusted && !call.deployment.audits_every_decision) return {};
  return authorize_first_hop(call, plan.first_hop(session_name));  // which says why not
}

}  // namespace podpass::eks_auth
