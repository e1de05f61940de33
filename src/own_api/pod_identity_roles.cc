#include "own_api/pod_identity_roles.h"

#include <algorithm>

#include "aws/paging.h"
#include "eks/lookup.h"
#include "eks_auth/first_hop.h"
#include "iam/lookup.h"
#include "own_api/trust_suggestion.h"

namespace podpass::own_api {
namespace {

using codec::Value;

constexpr std::size_t kUsualRoles = 100, kMostRoles = 1'000;
constexpr std::string_view kAnyPod = "any-pod";  // stands for what differs from pod to pod

// For whom the roles are to be: somebody, or the service account that the request names.
class Judge {
 public:
  Judge(const aws::Call& call, const ListPodIdentityRoles::Request& request)
      : call_(call), actions_(eks::exchange_actions(request.disableSessionTags)), pods_(eks::pods_principal()) {
    if (!request.clusterName) return;
    cluster_arn_ = eks::cluster_arn(call.deployment, *request.clusterName);
    place_ = {*request.clusterName, cluster_arn_, *request.namespace_, *request.serviceAccount, kAnyPod, kAnyPod};
  }

  PodIdentityRole judge(const iam::RoleRecord& role) const {
    PodIdentityRole shown;
    shown.roleName = role.name;
    shown.arn = iam::role_arn(call_.deployment, call_.deployment.account, role);
    shown.path = role.path;
    if (!role.description.empty()) shown.description = role.description;
    shown.trustPolicy = iam::with_current_names(call_.tx, call_.deployment, call_.deployment.account, role.trust.text,
                                                role.trust.principals);
    const auto* trust = role.trust.compiled.get();
    if (!trust) {
      for (const auto action : actions_) {
        shown.reasons.push_back({std::string(action),
                                 std::string(action) + " is not allowed: this version of Podpass "
                                                       "cannot read the role's trust policy.",
                                 {},
                                 {}});
      }
      return shown;
    }
    if (!cluster_arn_.empty() || !eks::trusts_pods(trust, actions_)) shown.reasons = reasons(role, shown.arn, *trust);
    shown.trusted = shown.reasons.empty();
    if (!shown.trusted) shown.suggestedTrustPolicy = suggestion(role, shown);
    return shown;
  }

 private:
  // With `trust` in place of the role's own.
  std::vector<TrustReason> reasons(const iam::RoleRecord& role, const std::string& arn,
                                   const policy::Policy& trust) const {
    std::vector<TrustReason> all;
    if (cluster_arn_.empty()) {
      const policy::Context context;
      policy::Layers layers;
      layers.resource = &trust;
      layers.trust = true;
      for (const auto action : actions_) {
        const policy::Request request{pods_, action, arn, call_.deployment.account, context};
        std::ranges::move(reasons_against(request, layers, Conditions::may_come_true), std::back_inserter(all));
      }
      return all;
    }
    auto assumption = eks_auth::first_hop(call_.deployment, role, arn, kAnyPod, cluster_arn_);
    if (has_tags()) assumption.tags = eks_auth::session_tags(place_);
    eks_auth::ask_first_hop(call_, assumption, [&](const policy::Request& request, const policy::Layers& own) {
      auto layers = own;
      layers.resource = &trust;
      std::ranges::move(reasons_against(request, layers, Conditions::decided), std::back_inserter(all));
    });
    return all;
  }

  bool has_tags() const { return actions_.size() > 1; }

  // What is missing as one statement, no wider than it has to be: where a statement for pods is there and its
  // conditions are not met, the new one is for this pod identity only.
  Value statement_for(const policy::Policy& current, const std::vector<TrustReason>& reasons) const {
    Value actions(Value::List{});
    bool narrow = false;
    for (const auto action : actions_) {
      if (std::ranges::find(reasons, action, &TrustReason::action) == reasons.end()) continue;
      actions.push(action);
      narrow = narrow || current.may_allow(pods_, action);
    }
    auto statement = Value::map(
        {{"Effect", "Allow"}, {"Principal", Value::map({{"Service", eks::kPodsService}})}, {"Action", actions}});
    if (narrow && has_tags()) {
      statement.add(
          "Condition",
          Value::map(
              {{"StringEquals", Value::map({{"aws:RequestTag/eks-cluster-arn", cluster_arn_},
                                            {"aws:RequestTag/kubernetes-namespace", place_.namespace_},
                                            {"aws:RequestTag/kubernetes-service-account", place_.service_account}})}}));
    } else if (narrow) {
      statement.add("Condition", Value::map({{"StringEquals", Value::map({{"aws:SourceArn", cluster_arn_}})}}));
    }
    return statement;
  }

  // Proven by the engine: a Deny, for example, can't be mended so.
  std::optional<std::string> suggestion(const iam::RoleRecord& role, const PodIdentityRole& shown) const {
    const auto current = policy::Policy::parse(shown.trustPolicy, policy::Kind::trust);
    if (!current) return std::nullopt;
    auto text = with_statement(**current, statement_for(**current, shown.reasons));
    if (!text || policy::size_without_whitespace(*text) > iam::kMaxTrustPolicy) return std::nullopt;
    const auto mended = policy::Policy::parse(*text, policy::Kind::trust);
    if (!mended || !reasons(role, shown.arn, **mended).empty()) return std::nullopt;
    return text;
  }

  const aws::Call& call_;
  const std::span<const std::string_view> actions_;
  const policy::Principal pods_;
  std::string cluster_arn_;  // empty: no pod identity was named
  eks_auth::PodPlace place_;
};

}  // namespace

Result<aws::Resource> ListPodIdentityRoles::resource(aws::Call&, const Request&) {
  return aws::Resource::all();
}

Result<ListPodIdentityRoles::Response> ListPodIdentityRoles::handle(aws::Call& call, const Request& request) {
  const bool one = request.clusterName.has_value();
  if (request.namespace_.has_value() != one || request.serviceAccount.has_value() != one) {
    return Error::invalid("clusterName, namespace and serviceAccount go together.");
  }
  if (one) TRY(eks::require_cluster(call.tx, call.deployment, *request.clusterName));
  const auto limit = TRY(aws::page_size(request.maxResults, kUsualRoles, kMostRoles, "maxResults"));
  const store::KeyParts prefix{call.deployment.account};
  std::vector<std::string> after;
  if (request.nextToken) {
    after = TRY(aws::read_page_token(*request.nextToken, prefix, 2, "The nextToken is not valid."));
  }
  const Judge judge(call, request);
  Response response;
  const auto rows = call.tx.scan(iam::kRoles, prefix, limit + 1, store::KeyParts(after.begin(), after.end()));
  for (std::size_t i = 0; i < std::min(rows.size(), limit); ++i) response.roles.push_back(judge.judge(*rows[i].record));
  if (rows.size() > limit) response.nextToken = aws::make_page_token(rows[limit - 1].key);
  return response;
}

}  // namespace podpass::own_api
