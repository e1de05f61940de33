#include "eks/check_cluster.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "eks/lookup.h"
#include "eks/validate.h"
#include "iam/lookup.h"
#include "kube/cluster_access.h"

namespace podpass::eks {
namespace {

using Probe = kube::ClusterAccess::Probe;

class Steps {
 public:
  void ok(std::string_view name, std::string message) { add(name, "ok", std::move(message), {}); }
  void skip(std::string_view name, std::string message) { add(name, "skipped", std::move(message), {}); }
  void fail(std::string_view name, std::string message, std::string advice) {
    add(name, "failed", std::move(message), std::move(advice));
  }
  std::vector<CheckStep> take() { return std::move(steps_); }

 private:
  void add(std::string_view name, std::string_view outcome, std::string message, std::optional<std::string> advice) {
    steps_.push_back({std::string(name), std::string(outcome), printable(message), std::move(advice)});
  }
  std::vector<CheckStep> steps_;
};

bool says_no(const Error& error) {
  return error.status == 401 || error.status == 403;
}

// What is being looked at, and the command that would bring it in order: with the address that is stored, which need
// not be that of a kubeconfig.
struct Subject {
  const ClusterRecord& record;
  const ClusterAccessRecord& access;
  std::string again;
};

std::string register_again(const std::string& cluster, const ClusterRecord& record, const ClusterAccessRecord& access) {
  if (!access.only_keys)
    return fmt::format("podpass cluster register {} --api-server-url {}", cluster, access.endpoint);
  return fmt::format("podpass cluster register {} --issuer {} --jwks-url {}", cluster, record.issuer, access.endpoint);
}

std::string advice_for(const Error& error, const Subject& subject) {
  const bool only_keys = subject.access.only_keys;
  if (says_no(error) && only_keys)
    return "The keys must be there for anybody to read: nothing is shown to this server.";
  if (error.status == 401) {
    return fmt::format(
        "The API server does not know the stored credentials. Register again with fresh ones: {} --server-token-file "
        "FILE.",
        subject.again);
  }
  if (error.status == 403) {
    return "The stored credentials may not do this. Bind their user to the ClusterRoles "
           "system:service-account-issuer-discovery and, for token reviews, system:auth-delegator.";
  }
  if (error.message.contains("certificate") && only_keys) {
    return "Its certificate must be one that this server's system trusts.";
  }
  if (error.message.contains("certificate")) {
    return fmt::format(
        "If the address or the authority that is stored is not the API server's, register again: {} --kubeconfig FILE.",
        subject.again);
  }
  return "Look whether the API server runs and whether this server may reach it (address, firewall).";
}

void check_issuer(const Subject& subject, const Probe& probe, Steps& steps) {
  if (!probe.discovery) {
    steps.fail("issuer", "The issuer could not be read: " + probe.discovery.error().message,
               advice_for(probe.discovery.error(), subject));
    return;
  }
  const auto issuer = probe.discovery->text("issuer");
  const auto& stored = subject.record.issuer;
  if (issuer == stored) return steps.ok("issuer", fmt::format("Both say {}.", issuer));
  steps.fail("issuer", fmt::format("The API server issues tokens as {}, stored is {}.", issuer, stored),
             fmt::format("If that is the right cluster, register it again: {} --kubeconfig FILE.", subject.again));
}

void check_keys(const Subject& subject, const Probe& probe, const std::string& cluster, Steps& steps) {
  if (!probe.jwks) {
    steps.fail("keys", "The keys could not be read: " + probe.jwks.error().message,
               advice_for(probe.jwks.error(), subject));
    return;
  }
  auto keys = crypto::KeySet::from_jwks(*probe.jwks);
  if (!keys) {
    return steps.fail(
        "keys", "What was read is no usable key set: " + keys.error().message,
        subject.access.only_keys ? "Look at what is there." : "Look at what the API server gives at /openid/v1/jwks.");
  }
  if ((*keys)->fingerprint() == subject.record.keys.keys->fingerprint()) {
    return steps.ok("keys", fmt::format("All {} are stored.", (*keys)->size()));
  }
  steps.fail("keys", "The API server lists other keys than those that are stored.",
             "They are read again within a few minutes, and at once when a token with a new key comes. If this stays, "
             "look at the last failure: podpass cluster show " +
                 cluster + ".");
}

void check_review(const Subject& subject, const Probe& probe, Steps& steps) {
  if (!subject.record.registration->token_review)
    return steps.skip("token review", "It is off: tokens are checked by key only.");
  if (probe.review) return steps.ok("token review", "The API server answers reviews.");
  steps.fail("token review", "The API server does not answer reviews: " + probe.review.error().message,
             advice_for(probe.review.error(), subject));
}

void check_api_server(const Subject& subject, const Probe& probe, const std::string& cluster, Steps& steps) {
  const bool only_keys = subject.access.only_keys;
  const auto& first = only_keys ? probe.jwks : probe.discovery;
  const std::string_view name = only_keys ? "key server" : "API server";
  if (!first && !says_no(first.error())) {
    return steps.fail(name, first.error().message, advice_for(first.error(), subject));
  }
  steps.ok(name, "It answers, and its certificate is good.");
  if (!only_keys) check_issuer(subject, probe, steps);
  check_keys(subject, probe, cluster, steps);
  if (!only_keys) check_review(subject, probe, steps);
}

void check_role(aws::Call& call, const AssociationRecord& association, Steps& steps) {
  const auto& arn = association.role_arn;
  const auto* role = iam::find_role_by_arn(call.tx, call.deployment, arn);
  if (!role) {
    return steps.fail("role", fmt::format("The role {} does not exist.", arn),
                      "Create it, or give the association another one: aws eks update-pod-identity-association.");
  }
  if (trusts_pods(role->trust.compiled.get(), exchange_actions(association.disable_session_tags))) {
    return steps.ok("role", fmt::format("{} trusts pods.eks.amazonaws.com.", arn));
  }
  steps.fail("role", fmt::format("The trust policy of {} does not let pods in.", arn),
             "It must allow the service pods.eks.amazonaws.com sts:AssumeRole and sts:TagSession.");
}

void check_association(aws::Call& call, const CheckCluster::Request& request, Steps& steps) {
  const auto& space = *request.namespace_;
  const auto& account = *request.serviceAccount;
  const auto* found = find_association(call.tx, call.deployment, request.clusterName, space, account);
  if (!found) {
    return steps.fail("association",
                      fmt::format("There is none for service account {} in namespace {}.", account, space),
                      fmt::format("Create it: aws eks create-pod-identity-association --cluster-name {} --namespace {} "
                                  "--service-account {} --role-arn ARN.",
                                  request.clusterName, space, account));
  }
  steps.ok("association", found->id + " is there.");
  check_role(call, *found, steps);
}

}  // namespace

Result<aws::Resource> CheckCluster::resource(aws::Call& call, const Request& request) {
  TRY(check_cluster_name(request.clusterName));
  return cluster_resource(call, request.clusterName);
}

Result<CheckCluster::Response> CheckCluster::handle(aws::Call& call, const Request& request) {
  if (request.namespace_.has_value() != request.serviceAccount.has_value()) {
    return Error::invalid("namespace and serviceAccount go together.");
  }
  if (request.namespace_) {
    TRY(check_namespace(*request.namespace_));
    TRY(check_service_account(*request.serviceAccount));
  }
  const auto& name = request.clusterName;
  const auto* record = TRY(require_cluster(call.tx, call.deployment, name));
  Steps steps;
  if (record->cluster.status == "PENDING") {
    steps.fail("registration", "The cluster is pending: it is not known who issues its tokens.",
               fmt::format("Complete it: podpass cluster register {} --kubeconfig FILE.", name));
    return Response{steps.take()};
  }
  const bool reads_keys = record->registration && record->registration->reads_keys;
  steps.ok("registration", record->registration ? "It is registered." : "It is a cluster without an API server.");
  if (reads_keys && call.deployment.clusters) {
    auto& clusters = *call.deployment.clusters;
    const std::string key(call.request_id);
    auto probe = clusters.take_probe(key);
    if (!probe && call.waits == 0) {
      return call.wait_for(
          [&clusters, name, key](std::function<void()> done) { clusters.probe(name, key, std::move(done)); });
    }
    if (!probe) return Error::unavailable("Too many clusters are being checked. Try again.");
    const auto* access = call.tx.find(kClusterAccess, {call.deployment.account, call.deployment.region, name});
    if (!access) return Error::unavailable("The registration has just changed. Try again.");
    check_api_server({*record, *access, register_again(name, *record, *access)}, *probe, name, steps);
  } else if (record->registration) {
    steps.skip("API server", "This server does not know one: the keys are those of the registration.");
  }
  if (request.namespace_) check_association(call, request, steps);
  return Response{steps.take()};
}

}  // namespace podpass::eks
