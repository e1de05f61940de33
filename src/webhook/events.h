// Kubernetes Events, for those who look at a workload whose pods did not get what they might have had. The pod itself
// doesn't exist yet when it is admitted, so what made it is told: its controller, else the pod by its name.
//
// Threads: tell() from any thread; it does not wait. Runs on its executor, whose context must be stopped before this is
// destroyed. The client and the clock outlive it. Limits: one event a workload, reason and kEventAge, kEventsKept
// remembered, kEventsInFlight at once; what is beyond is left out. An event that can't be written is logged once.
// Source: Kubernetes API reference, Event v1 core.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/time.h"
#include "kube/api_client.h"
#include "webhook/review.h"

namespace podpass::webhook {

inline constexpr Seconds kEventAge{600};
inline constexpr std::size_t kEventsKept = 1'000;
inline constexpr int kEventsInFlight = 8;

class Events {
 public:
  Events(boost::asio::any_io_executor executor, kube::ApiClient& client, const Clock& clock);
  ~Events();
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  void tell(const Review& review, std::string_view reason, std::string message);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// What the event is about, as its involvedObject.
codec::Value involved_object(const Review& review);

}  // namespace podpass::webhook
