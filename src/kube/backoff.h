// Pauses between tries, each about twice as long as the one before, with a random part so that many who wait for one
// server don't come back together. For one coroutine; the pause ends early when its executor's context is stopped.
#pragma once

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "crypto/random.h"

namespace podpass::kube {

inline boost::asio::awaitable<void> pause(std::chrono::milliseconds time) {
  auto executor = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(executor, time);
  boost::system::error_code ignored;
  co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
}

class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest)
      : first_(first), longest_(longest), next_(first) {}

  void reset() { next_ = first_; }
  boost::asio::awaitable<void> wait() {
    crypto::SystemRandom random;
    const auto half = next_ / 2;
    const auto extra = random.number() % static_cast<std::uint64_t>(half.count() + 1);
    next_ = std::min(next_ * 2, longest_);
    return pause(half + std::chrono::milliseconds(static_cast<std::int64_t>(extra)));
  }

 private:
  std::chrono::milliseconds first_, longest_, next_;
};

}  // namespace podpass::kube
