// The webhook's answers: POST /mutate, GET /healthz and /readyz. Codes and texts are those of the known webhook, where
// they are good (docs/webhook.md).
//
// A pod is refused only if its review can't be read, or if its identity can't be established where the failure policy
// is to fail. All that it points to outlives it. Threads: any.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>

#include "base/random.h"
#include "http/message.h"
#include "http/server.h"
#include "webhook/directory.h"
#include "webhook/events.h"
#include "webhook/failure_policy.h"
#include "webhook/metrics.h"
#include "webhook/review.h"

namespace podpass::webhook {

class Admission {
 public:
  struct Parts {
    kube::PatchSettings settings;
    Directory& directory;
    FailurePolicies& policies;
    Events* events;  // null: none are written
    Metrics& metrics;
    Random& random;
    std::function<bool()> ready;  // whether all is there that answers need
  };
  explicit Admission(Parts parts);

  boost::asio::awaitable<http::Response> serve(http::Request& request, http::Body& body);
  http::Response metrics() const;                     // GET /metrics
  http::Response probe(std::string_view path) const;  // /healthz, /readyz, else 404

 private:
  boost::asio::awaitable<http::Response> respond(http::Request& request, http::Body& body);
  boost::asio::awaitable<Answer> decide(const Review& review);
  boost::asio::awaitable<Answer> undecided(const Review& review, const Error& why);

  Parts parts_;
  ReviewReader reader_;
};

}  // namespace podpass::webhook
