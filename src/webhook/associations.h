// Which service accounts of a cluster have a pod identity association, kept up to date from the server. Source: the
// operation podpass:WatchPodIdentityAssociations.
//
// Two calls are at work. A long one waits at the server until something changes. A short one is made when somebody asks
// for a service account that is not known: it fetches what changed until now, and begins after the question came, so
// that its answer holds every association that was created before. It serves all who asked meanwhile, whichever their
// service accounts; hence there is one at a time, and nothing to remember of who has none.
//
// Threads: runs on its executor, which has one thread; every member may be called from any thread. start() once. The
// executor's context must be stopped before this is destroyed, and live longer; the clock and the metrics outlive it.
//
// Limits: kMaxAssociations; an ask waits `patience` at most, a call takes `call` at most, asks are kAskSpacing apart,
// long calls that are answered at once with nothing kLeastRound: a server where too many wait does so.
// What is known stays known while the server is away. Errors: unavailable, in words for people.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "aws/sigv4_sign.h"
#include "base/clock.h"
#include "base/result.h"
#include "cli/node_credentials.h"
#include "http/client.h"
#include "webhook/metrics.h"

namespace podpass::webhook {

inline constexpr std::size_t kMaxAssociations = 1'000'000;
inline constexpr std::chrono::milliseconds kAskSpacing{2}, kLeastRound{1'000};

class Associations {
 public:
  struct Options {
    std::string cluster, region;
    http::Endpoint endpoint;
    std::shared_ptr<const crypto::ClientTls> tls;  // null: the system's authorities, where it is https
    std::chrono::milliseconds patience{3'000}, call{1'000};
    std::chrono::seconds wait{25};                                     // of the long call, at the server
    std::chrono::milliseconds first_pause{100}, longest_pause{5'000};  // after a failure
  };

  Associations(boost::asio::any_io_executor executor, Options options,
               std::unique_ptr<cli::CredentialsProvider> credentials, const Clock& clock, Metrics& metrics);
  ~Associations();
  Associations(const Associations&) = delete;
  Associations& operator=(const Associations&) = delete;

  void start();
  bool has(std::string_view namespace_, std::string_view service_account) const;
  bool complete() const;  // whether the whole list was read, ever
  std::size_t size() const;
  // Whether there is one at this moment, as the server knows it.
  boost::asio::awaitable<Result<bool>> ask(std::string namespace_, std::string service_account);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace podpass::webhook
