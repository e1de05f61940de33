// DescribeAssociationActivity: how often a pod identity association was exchanged for credentials, and how often that
// was denied, by the hour; counted from the audit records since countedSince. Agents keep credentials, so a pod that
// runs asks a few times a day. Permission: podpass:DescribeAssociationActivity, on the association.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/operation.h"

namespace podpass::own_api {

struct ActivityInterval {
  Time start{};
  std::int64_t exchanges = 0, denials = 0;
};
BOOST_DESCRIBE_STRUCT(ActivityInterval, (), (start, exchanges, denials))

struct DescribeAssociationActivity {
  struct Request {
    std::string clusterName, associationId;
    std::optional<std::int64_t> hours;  // 1 to 168; 24 unless told
  };
  struct Response {
    Time countedSince{};
    std::optional<Time> lastUsedAt, lastDeniedAt;
    std::int64_t exchanges = 0, denials = 0;  // of the intervals
    std::vector<ActivityInterval> intervals;  // each hour, the present one last; none from before countedSince
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DescribeAssociationActivity::Request, (), (clusterName, associationId, hours))
BOOST_DESCRIBE_STRUCT(DescribeAssociationActivity::Response, (),
                      (countedSince, lastUsedAt, lastDeniedAt, exchanges, denials, intervals))

}  // namespace podpass::own_api
