#include "eks_auth/exchange_plan.h"

#include <fmt/format.h>

#include <algorithm>
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

// What a trust policy gets to see that is the same in every exchange of a token while the store stays as it is. A key
// that is not named here may change: the time, the session's name, whatever comes to be.
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

bool is_staying_tag(std::string_view key) {
  return std::ranges::any_of(kStayingTags, [&](auto each) { return iequals(each, key.substr(0, each.size())); });
}

bool stays(std::string_view key) {
  return std::ranges::any_of(kStayingKeys, [&](auto each) { return iequals(each, key); }) || is_staying_tag(key);
}

void copy_staying_keys(const policy::Context& from, policy::Context& to) {
  from.for_each([&](const policy::Context::Entry& entry) {
    if (entry.prefix.empty() ? !stays(entry.name) : !is_staying_tag(entry.prefix)) return;
    if (entry.multivalued) {
      to.add_list(entry.name, entry.values);
    } else {
      to.add_tag(entry.prefix, entry.name, entry.value);
    }
  });
}

// Does the trust policy let this assumption through, whatever the other keys are? It is folded for the keys that stay:
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

sts::Assumption assumption_of(const aws::Deployment& deployment, const ExchangePlan& plan, std::string_view cluster_arn,
                              std::string_view session_name) {
  auto assumption = first_hop(deployment, *plan.role, plan.record.role_arn, session_name, cluster_arn);
  assumption.tags = plan.tags;
  if (!plan.record.target_role_arn && plan.record.policy) assumption.policy = *plan.record.policy;
  return assumption;
}

std::string association_facts(const eks::AssociationRecord& association) {
  aws::Audit facts;
  facts.add("associationId", association.id);
  facts.add("roleArn", association.role_arn);
  return std::move(facts.facts);
}

template <class Shape>
std::string json_of(const Shape& shape) {
  std::string json;
  codec::write_json(shape, json);
  return json;
}

// All that follows from the records.
void fill(const aws::Call& call, std::string_view cluster_name, ExchangePlan& plan) {
  const auto& deployment = call.deployment;
  const auto& pod = *plan.pod;
  const auto cluster_arn = eks::cluster_arn(deployment, cluster_name);
  if (!plan.record.disable_session_tags.value_or(false)) {
    plan.tags =
        session_tags({cluster_name, cluster_arn, pod.namespace_, pod.service_account, pod.pod_name, pod.pod_uid});
  }
  auto assumption = assumption_of(deployment, plan, cluster_arn, {});
  plan.packed_percent = sts::packed_policy_percent(assumption);
  plan.is_trusted = is_always_trusted(call, assumption);
  aws::Session session;
  sts::put_shared_part(std::move(assumption), session);
  const auto& id = plan.record.id;

  const std::pair<std::string_view ExchangePlan::*, std::string> texts[] = {
      {&ExchangePlan::cluster_name, std::string(cluster_name)},
      {&ExchangePlan::cluster_arn, cluster_arn},
      {&ExchangePlan::pod_facts, pod_facts(pod)},
      {&ExchangePlan::association_facts, association_facts(plan.record)},
      {&ExchangePlan::session_name_front,
       concat({"eks-", cluster_name.substr(0, 10), "-", std::string_view(pod.pod_name).substr(0, 10), "-"})},
      {&ExchangePlan::shared_part, sts::encode_shared_part(session)},
      {&ExchangePlan::subject, json_of(Subject{pod.namespace_, pod.service_account})},
      {&ExchangePlan::association,
       json_of(PodIdentityAssociation{eks::association_arn(deployment, cluster_name, id), id})},
      {&ExchangePlan::session_arn_front, sts::session_arn(deployment, session)},
      {&ExchangePlan::session_id_front, sts::assumed_role_id(session)}};
  std::size_t size = 0;
  for (const auto& [member, text] : texts) size += text.size();
  plan.text.reserve(size);  // so that it never moves
  for (const auto& [member, text] : texts) {
    plan.text += text;
    plan.*member = std::string_view(plan.text).substr(plan.text.size() - text.size());
  }
}

// A plan points at their records, which are decoded once for all transactions of a version.
static_assert(eks::kClusters.decoded == store::Decoded::kept && iam::kRoles.decoded == store::Decoded::kept);

crypto::DigestMemory<ExchangePlan>& memory() {
  static thread_local crypto::DigestMemory<ExchangePlan> plans(kPlansKept);
  return plans;
}

}  // namespace

sts::Assumption ExchangePlan::first_hop(const aws::Deployment& deployment, std::string_view session_name) const {
  return assumption_of(deployment, *this, cluster_arn, session_name);
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
  const bool good = plan && plan->version == call.tx.version() && plan->cluster_name == cluster_name &&
                    plan->deployment == &call.deployment;
  return good ? plan : nullptr;
}

Result<const ExchangePlan*> make_plan(aws::Call& call, std::string_view cluster_name, const eks::ClusterRecord& cluster,
                                      kube::SeenToken seen) {
  const auto& pod = *seen.token;
  const auto* association =
      eks::find_association(call.tx, call.deployment, cluster_name, pod.namespace_, pod.service_account);
  if (!association) {
    return Error::not_found(
        fmt::format("No pod identity association found for service account {} in namespace {} of cluster {}.",
                    pod.service_account, pod.namespace_, cluster_name));
  }
  const auto* role = iam::find_role_by_arn(call.tx, call.deployment, association->role_arn);
  if (!role) {
    call.audit.add_facts(association_facts(*association));
    return not_assumable(call, "the role does not exist");
  }
  auto plan = std::make_shared<ExchangePlan>();
  plan->version = call.tx.version();
  plan->deployment = &call.deployment;
  plan->cluster = &cluster;
  plan->role = role;
  plan->pod = std::move(seen.token);
  plan->record = *association;
  fill(call, cluster_name, *plan);
  // A transaction that has failed could not read the store.
  if (seen.before && call.body_hash && !call.tx.failure()) memory().put(*call.body_hash, plan);
  static thread_local std::shared_ptr<const ExchangePlan> newest;
  newest = std::move(plan);
  return newest.get();
}

Result<void> authorize(const aws::Call& call, const ExchangePlan& plan, std::string_view session_name) {
  if (plan.is_trusted && !call.deployment.audits_every_decision) return {};
  return authorize_first_hop(call, plan.first_hop(call.deployment, session_name));  // which says why not
}

}  // namespace podpass::eks_auth
