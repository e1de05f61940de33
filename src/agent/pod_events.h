// Kubernetes Events on pods whose exchange EKS Auth denied, so that `kubectl describe pod` says why. Only for denials
// that EKS Auth made after it had verified the token: what a made-up token claims of itself reaches no other pod.
//
// One thread: the agent's loop. Limits: one Event a pod and code in kEvery, kMaxPods pods remembered, at most one call
// at a time and kMaxWaiting that wait; more are left out and counted. Needs the right to create events.
// Source: Kubernetes API, core/v1 Event.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "agent/credentials_source.h"
#include "agent/jwt_claims.h"
#include "base/clock.h"
#include "codec/value.h"
#include "kube/api_client.h"

namespace podpass::agent {

class PodEvents {
 public:
  static constexpr Seconds kEvery{600};
  static constexpr std::size_t kMaxPods = 1'000;
  static constexpr std::size_t kMaxWaiting = 32;

  PodEvents(boost::asio::any_io_executor executor, kube::ApiServer server, std::string node, const Clock& clock);
  ~PodEvents();

  void tell(const TokenClaims& claims, const ExchangeFailure& failure);

  std::uint64_t sent() const { return *sent_; }  // any thread
  std::uint64_t left_out() const { return left_out_; }

 private:
  struct Sender;
  bool is_new(const std::string& key, Time now);

  boost::asio::any_io_executor executor_;
  const std::string node_;
  const Clock& clock_;
  std::shared_ptr<Sender> sender_;  // outlives this while a call is in flight
  std::unordered_map<std::string, Time> told_;
  std::shared_ptr<std::atomic<std::uint64_t>> sent_;
  std::atomic<std::uint64_t> left_out_{0};
};

// The Event, as it is posted.
codec::Value make_event(const TokenClaims& claims, const ExchangeFailure& failure, const std::string& node, Time now);

}  // namespace podpass::agent
