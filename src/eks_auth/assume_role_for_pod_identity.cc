#include "eks_auth/assume_role_for_pod_identity.h"

#include <fmt/format.h>

#include "aws/global_keys.h"
#include "base/strings.h"
#include "eks/lookup.h"
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

// All that one exchange is about, found step by step.
struct Exchange {
  const std::string& cluster_name;
  std::string cluster_arn;
  std::shared_ptr<const kube::PodToken> pod;
  const eks::AssociationRecord* association = nullptr;
  const iam::RoleRecord* role = nullptr;
  std::string session_name;
  std::string external_id;
};

// One sentence for every reason, as AWS has it; the audit record holds the reason.
Error not_assumable(aws::Call& call, std::string reason) {
  call.audit.add("reason", reason);
  return {
      ErrorKind::denied, {}, 0, "Unauthorized Exception! EKS does not have permissions to assume the associated role.",
      std::move(reason), {}};
}

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

std::string session_name(std::string_view cluster, std::string_view pod, Random& random) {
  return concat({"eks-", cluster.substr(0, 10), "-", pod.substr(0, 10), "-", random.uuid()});
}

PodPlace place_of(const Exchange& exchange) {
  const auto& pod = *exchange.pod;
  return {exchange.cluster_name, exchange.cluster_arn, pod.namespace_, pod.service_account, pod.pod_name, pod.pod_uid};
}

aws::SessionTags session_tags(const Exchange& exchange) {
  if (exchange.association->disable_session_tags.value_or(false)) return {};
  return session_tags(place_of(exchange));
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
                    const kube::PodToken& pod, const std::string& token) {
  auto* clusters = call.deployment.clusters;
  const auto away = [&](std::string_view why) {
    call.audit.add("reason", "the token could not be reviewed: " + std::string(why));
    return Error::unavailable(
        fmt::format("Cluster {} cannot be asked about the service account token just now.", name));
  };
  if (!clusters) return away("this server reaches no API servers");
  kube::ClusterAccess::Question question{name, cluster.registration->id, token, kube::user_of(pod),
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

Result<Exchange> find_association(aws::Call& call, const AssumeRoleForPodIdentity::Request& request) {
  const auto& deployment = call.deployment;
  const auto* cluster = TRY(eks::require_cluster(call.tx, deployment, request.clusterName));
  Exchange exchange{
      request.clusterName, eks::cluster_arn(deployment, request.clusterName), {}, nullptr, nullptr, {}, {}};
  // The body is what says which token it is, and its hash was taken for the signature.
  const auto hash = call.body_hash ? *call.body_hash : crypto::sha256(request.token);
  auto verified =
      kube::verify(request.token, hash, *cluster->keys.keys, cluster->issuer, kube::kPodIdentityAudience, call.now);
  if (!verified && verified.error().kind == ErrorKind::not_found) {
    return unknown_key(call, request.clusterName, *cluster, std::move(verified).error());
  }
  exchange.pod = TRY(std::move(verified));
  const auto& pod = *exchange.pod;
  call.audit.add("namespace", pod.namespace_);
  call.audit.add("serviceAccount", pod.service_account);
  call.audit.add("podName", pod.pod_name);
  call.audit.add("podUid", pod.pod_uid);
  TRY(check_node(call, pod));
  if (cluster->registration && cluster->registration->token_review) {
    TRY(review(call, request.clusterName, *cluster, pod, request.token));
  }
  exchange.association =
      eks::find_association(call.tx, deployment, request.clusterName, pod.namespace_, pod.service_account);
  if (!exchange.association) {
    return Error::not_found(
        fmt::format("No pod identity association found for service account {} in namespace {} of cluster {}.",
                    pod.service_account, pod.namespace_, request.clusterName));
  }
  call.audit.add("associationId", exchange.association->id);
  call.audit.add("roleArn", exchange.association->role_arn);
  return exchange;
}

Result<void> check_packed_size(const sts::Assumption& assumption) {
  auto percent = sts::packed_policy_percent(assumption);
  if (percent <= 100) return {};
  auto error = sts::packed_too_large(percent);
  error.code = "InvalidRequestException";
  error.message += " Set disableSessionTags on the association, or use shorter names.";  // a policy alone always fits
  return error;
}

// Hop 1: the service principal assumes the association's role. Only the role's trust policy is asked.
Result<aws::Session> assume_role(aws::Call& call, const Exchange& exchange) {
  const auto& association = *exchange.association;
  auto assumption =
      first_hop(call.deployment, *exchange.role, association.role_arn, exchange.session_name, exchange.cluster_arn);
  assumption.tags = session_tags(exchange);
  if (!association.target_role_arn && association.policy) assumption.policy = *association.policy;
  if (auto allowed = authorize_first_hop(call, assumption); !allowed) {
    return not_assumable(call, allowed.error().message);
  }
  TRY(check_packed_size(assumption));
  return sts::start_session(call, std::move(assumption));
}

// Hop 2: the session of the association's role assumes the target role, and tells it the external id. Both sides are
// asked.
Result<aws::Session> assume_target(aws::Call& call, Exchange& exchange, aws::Session first) {
  const auto& association = *exchange.association;
  sts::Assumption assumption;
  assumption.role_arn = *association.target_role_arn;
  const auto role_account = iam::account_of_role_arn(assumption.role_arn).value_or("");
  assumption.role_account = role_account;
  assumption.role = iam::find_role_by_arn(call.tx, call.deployment, assumption.role_arn);
  call.audit.add("targetRoleArn", assumption.role_arn);
  if (!assumption.role) return not_assumable(call, "the target role does not exist");
  assumption.session_name = exchange.session_name;
  assumption.duration = kTargetSessionLength;
  assumption.tags = session_tags(exchange);
  exchange.external_id =
      eks::external_id(call.deployment, exchange.cluster_name, exchange.pod->namespace_, exchange.pod->service_account);
  assumption.external_id = exchange.external_id;
  if (association.policy) assumption.policy = *association.policy;

  aws::Caller caller;
  TRY(sts::fill_caller(call.tx, call.deployment, std::move(first), caller));
  policy::Context context;
  aws::add_principal_keys(context, caller);
  aws::add_environment_keys(context, call.deployment, call.now);
  aws::Call as_session{call.tx, call.deployment, caller, context, call.now, call.request_id, call.audit};
  if (auto allowed = sts::authorize(as_session, caller.principal(), caller.authority, assumption); !allowed) {
    return not_assumable(call, allowed.error().message);
  }
  TRY(check_packed_size(assumption));
  return sts::start_session(as_session, std::move(assumption));
}

}  // namespace

Result<aws::Resource> AssumeRoleForPodIdentity::resource(aws::Call& call, const Request& request) {
  TRY(check_cluster_name(request.clusterName));
  return eks::cluster_resource(call, request.clusterName);
}

Result<AssumeRoleForPodIdentity::Response> AssumeRoleForPodIdentity::handle(aws::Call& call, const Request& request) {
  TRY(check_token(request.token));
  auto exchange = TRY(find_association(call, request));
  exchange.role = iam::find_role_by_arn(call.tx, call.deployment, exchange.association->role_arn);
  if (!exchange.role) return not_assumable(call, "the role does not exist");
  exchange.session_name = session_name(request.clusterName, exchange.pod->pod_name, call.random());

  auto session = TRY(assume_role(call, exchange));
  if (exchange.association->target_role_arn) session = TRY(assume_target(call, exchange, std::move(session)));
  call.audit.add("sessionName", session.session_name);
  call.audit.add("accessKeyId", session.access_key_id);

  Response response;
  response.subject = {exchange.pod->namespace_, exchange.pod->service_account};
  response.audience = kube::kPodIdentityAudience;
  response.podIdentityAssociation = {
      eks::association_arn(call.deployment, request.clusterName, exchange.association->id), exchange.association->id};
  response.assumedRoleUser = {sts::session_arn(call.deployment, session), sts::assumed_role_id(session)};
  response.credentials = {sts::seal_session(session, call.deployment.sessions->ring()),
                          std::string(session.secret.reveal()), session.access_key_id, session.expires};
  return response;
}

}  // namespace podpass::eks_auth
