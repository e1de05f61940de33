// WatchPodIdentityAssociations: which service accounts of a cluster have an association, and what changes, for those
// who keep a copy (service `podpass`; webhook and agent call it). The first answers are the whole list, page by page as
// long as `complete` is false; then each answer is what changed behind `after`, and one with nothing new comes after
// maxWaitSeconds. `reset` says that the list begins anew with this answer. See association_feed.h for what is kept.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/operation.h"

namespace podpass::eks {

struct AssociationChange {
  std::string namespace_, serviceAccount, associationId;
  bool deleted = false;
  std::int64_t revision = 0;  // rises; not comparable across a reset
};
BOOST_DESCRIBE_STRUCT(AssociationChange, (), (namespace_, serviceAccount, associationId, deleted, revision))

struct WatchPodIdentityAssociations {
  struct Request {
    std::string clusterName;
    std::optional<std::string> after;            // what the last answer called next
    std::optional<std::int64_t> maxWaitSeconds;  // 0 to 30; 0 unless told
  };
  struct Response {
    std::vector<AssociationChange> changes;
    std::string next;
    bool complete = true, reset = false;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(WatchPodIdentityAssociations::Request, (), (clusterName, after, maxWaitSeconds))
BOOST_DESCRIBE_STRUCT(WatchPodIdentityAssociations::Response, (), (changes, next, complete, reset))

}  // namespace podpass::eks
