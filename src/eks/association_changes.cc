#include "eks/association_changes.h"

#include "eks/association_feed.h"
#include "eks/lookup.h"
#include "eks/validate.h"

namespace podpass::eks {

Result<aws::Resource> WatchPodIdentityAssociations::resource(aws::Call& call, const Request& request) {
  TRY(check_cluster_name(request.clusterName));
  return cluster_resource(call, request.clusterName);
}

Result<WatchPodIdentityAssociations::Response> WatchPodIdentityAssociations::handle(aws::Call& call,
                                                                                    const Request& request) {
  const Seconds most{request.maxWaitSeconds.value_or(0)};
  if (most < Seconds{0} || most > AssociationFeed::kMaxWait) return Error::invalid("maxWaitSeconds: give 0 to 30.");
  TRY(require_cluster(call.tx, call.deployment, request.clusterName));
  auto* feed = call.deployment.associations;
  if (!feed) return Error::unavailable("Changes of associations are not told here.");
  auto page = TRY(feed->read(request.clusterName, request.after.value_or("")));
  const bool nothing = page.changes.empty() && page.complete && !page.reset;
  if (nothing && most > Seconds{0} && call.waits == 0) {
    return call.wait_for([feed, cluster = request.clusterName, place = page.next, most](std::function<void()> done) {
      feed->wait(cluster, place, most, std::move(done));
    });
  }
  Response response{{}, std::move(page.next), page.complete, page.reset};
  response.changes.reserve(page.changes.size());
  for (auto& change : page.changes) {
    response.changes.push_back({std::move(change.namespace_), std::move(change.service_account), std::move(change.id),
                                change.deleted, change.number});
  }
  return response;
}

}  // namespace podpass::eks
