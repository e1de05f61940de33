// Hears from the server which associations of the cluster change, by WatchPodIdentityAssociations: a long poll, so that
// a change is known at once and an idle agent asks twice a minute. Tells the cache.
//
// The list itself is not kept: what is new is all that matters here. After a reset - the server started anew, or we
// were away too long - anything may have changed, and the cache is told to distrust what it has. While there is no
// watch (not permitted, not known to the server, no answer), the cache is told to ask again after kRecheck; this is
// logged once each time it begins and ends.
//
// One thread: the agent's loop, on which run() is started and the cache lives. Ends with stop(). Errors are waited out:
// kFirstPause doubling to kLastPause; a refusal kRefusedPause. Limits: an answer of kMaxAnswerBytes.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <string>

#include "agent/credentials_cache.h"
#include "agent/upstream.h"
#include "codec/value.h"

namespace podpass::agent {

class AssociationWatch {
 public:
  static constexpr Seconds kWait{25};  // of a poll
  static constexpr std::size_t kMaxAnswerBytes = 4 * 1024 * 1024;
  static constexpr Milliseconds kFirstPause{500}, kLastPause{10'000}, kRefusedPause{30'000}, kLeastRound{1'000};

  AssociationWatch(ServerAccess access, std::string cluster, Milliseconds recheck, CredentialsCache& cache);

  boost::asio::awaitable<void> run();

  enum class Status : unsigned char { starting, watching, refused, away };
  Status status() const { return status_; }  // any thread
  std::uint64_t changes() const { return changes_; }

 private:
  boost::asio::awaitable<void> poll();
  bool take(const codec::Value& answer);
  void failed(Status status, const std::string& why);

  SignedCalls calls_;
  const std::string cluster_;
  const Milliseconds recheck_;
  CredentialsCache& cache_;
  std::string after_;
  bool lists_ = true;     // the list is being read: pages of what is there, not of changes
  bool told_all_ = true;  // no more pages are waiting: the next poll may wait
  std::chrono::steady_clock::time_point asked_{};
  Milliseconds pause_{0};
  std::atomic<Status> status_{Status::starting};
  std::atomic<std::uint64_t> changes_{0};
};

}  // namespace podpass::agent
