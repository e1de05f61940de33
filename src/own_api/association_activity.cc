#include "own_api/association_activity.h"

#include <algorithm>

#include "eks/lookup.h"
#include "own_api/activity.h"

namespace podpass::own_api {

Result<aws::Resource> DescribeAssociationActivity::resource(aws::Call& call, const Request& request) {
  return eks::association_resource(call, request.clusterName, request.associationId);
}

Result<DescribeAssociationActivity::Response> DescribeAssociationActivity::handle(aws::Call& call,
                                                                                  const Request& request) {
  TRY(eks::require_association(call, request.clusterName, request.associationId));
  const auto hours = request.hours.value_or(24);
  if (hours < 1 || hours > AssociationCounts::kHoursKept) return Error::invalid("hours: give 1 to 168.");
  const auto* activity = call.deployment.activity;
  if (!activity) return Error::unavailable("No audit trail is kept here.");
  const auto counts = activity->counts_of(request.associationId);
  Response response;
  response.countedSince = counts.since;
  response.lastUsedAt = counts.last_used;
  response.lastDeniedAt = counts.last_denied;
  const auto present = hour_of(call.now);
  auto hour = counts.hours.begin();
  for (auto number = std::max(present - hours + 1, hour_of(counts.since)); number <= present; ++number) {
    while (hour != counts.hours.end() && hour->number < number) ++hour;
    const bool counted = hour != counts.hours.end() && hour->number == number;
    ActivityInterval interval{start_of_hour(number), counted ? hour->exchanges : 0, counted ? hour->denials : 0};
    response.exchanges += interval.exchanges;
    response.denials += interval.denials;
    response.intervals.push_back(interval);
  }
  return response;
}

}  // namespace podpass::own_api
