#include "eks_auth/first_hop.h"

#include "aws/global_keys.h"
#include "eks/lookup.h"

namespace podpass::eks_auth {

using policy::operator""_key;

namespace {

// Calls `use` with a Call whose context is that of the service, which acts by itself.
template <class Use>
auto as_pods_service(const aws::Call& call, Use use) {
  policy::Context context;
  aws::add_service_keys(context, call.deployment, eks::kPodsService, call.now);
  return use(aws::Call{call.tx, call.deployment, call.caller, context, call.now, call.request_id, call.audit});
}

}  // namespace

aws::SessionTags session_tags(const PodPlace& place) {
  const std::pair<std::string_view, std::string_view> all[] = {{"eks-cluster-arn", place.cluster_arn},
                                                               {"eks-cluster-name", place.cluster_name},
                                                               {"kubernetes-namespace", place.namespace_},
                                                               {"kubernetes-service-account", place.service_account},
                                                               {kPodTags[0], place.pod_name},
                                                               {kPodTags[1], place.pod_uid}};
  aws::SessionTags tags;
  tags.reserve(std::size(all));
  for (const auto& [key, value] : all) tags.push_back({std::string(key), std::string(value), true});
  return tags;
}

sts::Assumption first_hop(const aws::Deployment& deployment, const iam::RoleRecord& role, std::string_view role_arn,
                          std::string_view session_name, std::string_view cluster_arn) {
  sts::Assumption assumption;
  assumption.role = &role;
  assumption.role_account = deployment.account;
  assumption.role_arn = role_arn;
  assumption.session_name = session_name;
  assumption.duration = kSessionLength;
  assumption.keys = {{"aws:SourceArn"_key, cluster_arn}, {"aws:SourceAccount"_key, deployment.account}};
  return assumption;
}

Result<void> authorize_first_hop(const aws::Call& call, const sts::Assumption& assumption) {
  return as_pods_service(call, [&](const aws::Call& service) {
    return sts::authorize(service, eks::pods_principal(), aws::Authority(), assumption);
  });
}

void ask_first_hop(const aws::Call& call, const sts::Assumption& assumption, const aws::Call::Asked& asked) {
  as_pods_service(call, [&](const aws::Call& service) {
    sts::ask(service, eks::pods_principal(), aws::Authority(), assumption, asked);
  });
}

}  // namespace podpass::eks_auth
