#include "eks_auth/assume_role_for_pod_identity.h"

#include <fmt/format.h>

#include <span>

#include "aws/global_keys.h"
#include "base/strings.h"
#include "eks/lookup.h"
#include "eks_auth/exchange_plan.h"
#include "eks_auth/first_hop.h"
#include "iam/lookup.h"
#include "kube/cluster_access.h"
#include "kube/service_account_tokens.h"
#include "sts/assume.h"
#include "sts/session_token.h"

namespace podpass::eks_auth {

namespace {

constexpr Seconds kTargetSessionLength{59 * 60};  // behind a role chain: under its cap of one hour
constexpr std::size_t kMaxTokenBytes = 20'000;

// Both rules are the model's. The name is looked at first, before the permission on what it names.
Result<void> check_cluster_name(std::string_view name) {
  if (!name.empty() && name.size() <= 100 && is_alnum(name[0]) && only_alnum_and(name, "-_")) return {};
  return Error::invalid(
      "clusterName: use 1 to 100 letters, digits, hyphens and underscores, beginning with a letter or a digit.");
}

Result<void> check_token(std::string_view token) {
  const auto first = token.find('.');
  const auto second = first == token.npos ? first : token.find('.', first + 1);
  const bool three_parts = second != token.npos && first > 0 && second > first + 1 && second + 1 < token.size() &&
                           token.find('.', second + 1) == token.npos;
  if (three_parts && token.size() <= kMaxTokenBytes && only_alnum_and(token, "-_=.")) return {};
  return Error::invalid(
      "token: it is not a JSON Web Token. Send the contents of the pod's token file, without \"Bearer \" before it.");
}

// The token is of a key that is not stored. A registered cluster may have new ones: they are read, once.
Error unknown_key(aws::Call& call, const std::string& name, const eks::ClusterRecord& cluster, Error error) {
  if (cluster.cluster.status == "PENDING") {
    return {ErrorKind::conflict,
            {},
            0,
            fmt::format("Cluster {} is pending: it is not known yet who issues its tokens. Complete its registration "
                        "with `podpass cluster register {}`.",
                        name, name),
            {},
            {}};
  }
  if (auto waits = eks::read_new_keys(call, {&cluster})) return *std::move(waits);
  const auto* clusters = call.deployment.clusters;
  if (!cluster.registration || !cluster.registration->reads_keys || !clusters) return error;
  const auto status = clusters->keys_status(name);
  if (status.failure.empty()) return error;
  call.audit.add("reason", "the keys could not be read: " + status.failure);
  return Error::unavailable(fmt::format(
      "The service account token's key is not known, and the keys of cluster {} cannot be read just now.", name));
}

// Is the token's pod still there? The cluster is asked; what can't be asked is not let in.
Result<void> review(aws::Call& call, const std::string& name, const eks::ClusterRecord& cluster,
                    const kube::PodToken& pod, std::string_view token) {
  auto* clusters = call.deployment.clusters;
  const auto away = [&](std::string_view why) {
    call.audit.add("reason", "the token could not be reviewed: " + std::string(why));
    return Error::unavailable(
        fmt::format("Cluster {} cannot be asked about the service account token just now.", name));
  };
  if (!clusters) return away("this server reaches no API servers");
  kube::ClusterAccess::Question question{name, cluster.registration->id, std::string(token), kube::user_of(pod),
                                         std::string(kube::kPodIdentityAudience)};
  const auto outcome = clusters->reviewed(question.hash());
  if (!outcome) {
    return call.wait_for([clusters, question = std::move(question)](std::function<void()> done) {
      clusters->review(question, std::move(done));
    });
  }
  if (!*outcome && outcome->error().kind != ErrorKind::unauthenticated) return away(outcome->error().message);
  return *outcome;
}

// A node gets credentials for its own pods only, where both are known.
Result<void> check_node(aws::Call& call, const kube::PodToken& pod) {
  const auto& session = call.caller.session;
  if (!session || session->node.empty() || !pod.node_name || *pod.node_name == session->node) return {};
  call.audit.add("reason", concat({"the pod is on node ", *pod.node_name, ", the caller is node ", session->node}));
  return Error{
      ErrorKind::denied, {}, 0, "The service account token is of a pod on another node than the caller's.", {}, {}};
}

// Whose token is it?
Result<kube::SeenToken> verify(aws::Call& call, const AssumeRoleForPodIdentity::Request& request,
                               const eks::ClusterRecord& cluster) {
  // The body is what says which token it is, and its hash was taken for the signature.
  const auto hash = call.body_hash ? *call.body_hash : crypto::sha256(request.token);
  auto verified =
      kube::verify(request.token, hash, *cluster.keys.keys, cluster.issuer, kube::kPodIdentityAudience, call.now);
  if (!verified && verified.error().kind == ErrorKind::not_found) {
    return unknown_key(call, request.clusterName, cluster, std::move(verified).error());
  }
  return verified;
}

// May this pod's token be exchanged, by who asks?
Result<void> check_pod(aws::Call& call, const AssumeRoleForPodIdentity::Request& request,
                       const eks::ClusterRecord& cluster, const kube::PodToken& pod) {
  TRY(check_node(call, pod));
  if (!cluster.registration || !cluster.registration->token_review) return {};
  return review(call, request.clusterName, cluster, pod, request.token);
}

std::string new_session_name(const ExchangePlan& plan, Random& random) {
  constexpr std::size_t kUuid = 36;
  const std::string_view front = plan.session_name_front;
  std::string name(front.size() + kUuid, '\0');
  front.copy(name.data(), front.size());
  random.uuid(std::span(name).subspan(front.size()).first<kUuid>());
  return name;
}

Result<void> check_packed_size(int percent) {
  if (percent <= 100) return {};
  auto error = sts::packed_too_large(percent);
  error.code = "InvalidRequestException";
  error.message += " Set disableSessionTags on the association, or use shorter names.";  // a policy alone always fits
  return error;
}

// Hop 2: the session of the association's role assumes the target role, and tells it the external id. Both sides are
// asked.
Result<aws::Session> assume_target(aws::Call& call, const ExchangePlan& plan, const std::string& session_name) {
  const auto& association = plan.association->record;
  sts::Assumption assumption;
  assumption.role_arn = *association.target_role_arn;
  const auto role_account = iam::account_of_role_arn(assumption.role_arn).value_or("");
  assumption.role_account = role_account;
  assumption.role = iam::find_role_by_arn(call.tx, call.deployment, assumption.role_arn);
  call.audit.add("targetRoleArn", assumption.role_arn);
  if (!assumption.role) return not_assumable(call, "the target role does not exist");
  assumption.session_name = session_name;
  assumption.duration = kTargetSessionLength;
  assumption.tags = plan.tags;
  const auto external_id = eks::external_id(call.deployment, plan.association->cluster_name, plan.pod->namespace_,
                                            plan.pod->service_account);
  assumption.external_id = external_id;
  if (association.policy) assumption.policy = *association.policy;

  aws::Caller caller;
  auto first = sts::start_session(call, plan.first_hop(session_name));
  TRY(sts::fill_caller(call.tx, call.deployment, std::move(first), caller));
  policy::Context context;
  aws::add_principal_keys(context, caller);
  aws::add_environment_keys(context, call.deployment, call.now);
  aws::Call as_session{call.tx, call.deployment, caller, context, call.now, call.request_id, call.audit};
  if (auto allowed = sts::authorize(as_session, caller.principal(), caller.authority, assumption); !allowed) {
    return not_assumable(call, allowed.error().message);
  }
  TRY(check_packed_size(sts::packed_policy_percent(assumption)));
  return sts::start_session(as_session, std::move(assumption));
}

}  // namespace

Result<aws::Resource> AssumeRoleForPodIdentity::resource(aws::Call& call, const Request& request) {
  if (const auto* plan = remembered_plan(call, request.clusterName)) {
    return eks::cluster_resource(plan->association->cluster_arn, plan->association->cluster);
  }
  TRY(check_cluster_name(request.clusterName));
  return eks::cluster_resource(call, request.clusterName);
}

Result<AssumeRoleForPodIdentity::Response> AssumeRoleForPodIdentity::handle(aws::Call& call, const Request& request) {
  const auto* plan = remembered_plan(call, request.clusterName);
  if (plan) {
    TRY(kube::check_time(*plan->pod, call.now));
    call.audit.add_facts(plan->pod_facts);
    TRY(check_pod(call, request, *plan->association->cluster, *plan->pod));
  } else {
    TRY(check_token(request.token));
    const auto* cluster = TRY(eks::require_cluster(call.tx, call.deployment, request.clusterName));
    auto seen = TRY(verify(call, request, *cluster));
    auto facts = pod_facts(*seen.token);
    call.audit.add_facts(facts);
    TRY(check_pod(call, request, *cluster, *seen.token));
    plan = TRY(make_plan(call, request.clusterName, *cluster, std::move(seen), std::move(facts)));
  }
  const auto& association = *plan->association;
  call.audit.add_facts(association.role_fact);
  call.audit.association_id = association.record.id;

  // Hop 1: the service principal assumes the association's role. Only the role's trust policy is asked.
  const auto session_name = new_session_name(*plan, call.random());
  if (auto allowed = authorize(call, *plan, session_name); !allowed) {
    return not_assumable(call, std::move(allowed).error().message);
  }
  TRY(check_packed_size(plan->packed_percent));
  const bool chained = association.record.target_role_arn.has_value();
  auto session = chained ? TRY(assume_target(call, *plan, session_name))
                         : sts::start_own_part(call, call.deployment.account, session_name, kSessionLength);
  Response response;
  const auto& ring = call.deployment.sessions->ring();
  if (chained) {
    response.assumedRoleUser = {sts::session_arn(call.deployment, session), sts::assumed_role_id(session)};
    response.credentials.sessionToken = sts::seal_session(session, ring);
  } else {
    response.assumedRoleUser = {concat({association.session_arn_front, session_name}),
                                concat({association.session_id_front, session_name})};
    response.credentials.sessionToken = sts::seal_session(session, plan->shared_part, ring);
  }
  call.audit.add("sessionName", session_name);
  call.audit.add("accessKeyId", session.access_key_id);

  response.subject = {association.subject_json};
  response.audience = kube::kPodIdentityAudience;
  response.podIdentityAssociation = {association.association_json};
  response.credentials.secretAccessKey = session.secret.reveal();
  response.credentials.accessKeyId = std::move(session.access_key_id);
  response.credentials.expiration = session.expires;
  return response;
}

}  // namespace podpass::eks_auth
