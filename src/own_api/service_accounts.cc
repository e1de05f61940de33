#include "own_api/service_accounts.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "base/strings.h"
#include "eks/lookup.h"
#include "kube/cluster_access.h"

namespace podpass::own_api {
namespace {

using Names = std::map<std::string, std::set<std::string>>;

std::vector<NamespaceOfAccounts> shown(const Names& names) {
  std::vector<NamespaceOfAccounts> all;
  for (const auto& [space, accounts] : names) all.push_back({space, {accounts.begin(), accounts.end()}});
  return all;
}

std::string note_of(const Error& error) {
  constexpr std::string_view kFallback = "These are the service accounts that have an association.";
  if (error.status == 401 || error.status == 403) {
    return concat(
        {"The credentials that are stored for the API server may not list service accounts: bind their user to "
         "a ClusterRole with the verb list on serviceaccounts. ",
         kFallback});
  }
  return concat({"The cluster's API server could not be asked just now. ", kFallback});
}

// Up to as many as a cluster is asked for.
ListServiceAccounts::Response from_associations(const aws::Call& call, const std::string& cluster, std::string note) {
  const auto most = kube::ClusterAccess::kMaxListed;
  Names names;
  const auto rows =
      call.tx.scan(eks::kAssociations, {call.deployment.account, call.deployment.region, cluster}, most + 1);
  for (const auto& row : rows) names[row.key[3]].insert(row.key[4]);
  if (rows.size() > most) note += fmt::format(" There are more than the {} that are shown.", most);
  return {shown(names), "associations", std::move(note)};
}

}  // namespace

Result<aws::Resource> ListServiceAccounts::resource(aws::Call& call, const Request& request) {
  return eks::cluster_resource(call, request.clusterName);
}

Result<ListServiceAccounts::Response> ListServiceAccounts::handle(aws::Call& call, const Request& request) {
  const auto& name = request.clusterName;
  TRY(eks::require_cluster(call.tx, call.deployment, name));
  const auto* access = call.tx.find(eks::kClusterAccess, {call.deployment.account, call.deployment.region, name});
  auto* clusters = call.deployment.clusters;
  if (!access || access->only_keys || !clusters) {
    return from_associations(call, name,
                             "No API server is known of the cluster. These are the service accounts that have an "
                             "association.");
  }
  const auto listed = clusters->service_accounts(name);
  if (!listed && call.waits == 0) {
    return call.wait_for(
        [clusters, name](std::function<void()> done) { clusters->list_service_accounts(name, std::move(done)); });
  }
  if (!listed) return from_associations(call, name, note_of(Error::unavailable("it was not asked")));
  if (!*listed) return from_associations(call, name, note_of(listed->error()));
  Names names;
  for (const auto& [space, account] : (*listed)->names) names[space].insert(account);
  Response response{shown(names), "cluster", {}};
  if (!(*listed)->complete)
    response.note = fmt::format("The cluster has more than the {} that are shown.", (*listed)->names.size());
  return response;
}

}  // namespace podpass::own_api
