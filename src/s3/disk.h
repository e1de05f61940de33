// Disk: a few threads for calls that may wait long for a disk (write, fsync, rename), so that connections don't wait
// for them.
//
// run() hands `work` to a thread and gives its result to the coroutine, which goes on where it was, on its own
// executor. Threads: run() from any; `work` is called on one of Disk's, so it must own what it uses: the coroutine may
// be destroyed (a server that stops) while it runs. Its result is then dropped. ~Disk finishes what is queued. Limits:
// the queue is bounded by the connections, each of which waits for its one job.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

namespace podpass::s3 {

class Disk {
 public:
  explicit Disk(std::size_t threads) : pool_(threads) {}
  ~Disk() { pool_.join(); }
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  template <class Work>
  boost::asio::awaitable<std::invoke_result_t<Work>> run(Work work);

  // Without waiting for it.
  template <class Work>
  void start(Work work) {
    boost::asio::post(pool_, std::move(work));
  }

 private:
  boost::asio::thread_pool pool_;
};

namespace detail {

// Where a coroutine waits: a timer that never runs out and is cancelled when the result is there. The timer belongs to
// the coroutine's event loop, so a loop that ends destroys the coroutine, which then takes the timer out of here.
template <class Value>
struct Handover {
  std::mutex mutex;
  std::optional<Value> value;
  boost::asio::steady_timer* waiting = nullptr;

  static void deliver(const std::shared_ptr<Handover>& self, Value value) {
    std::lock_guard lock(self->mutex);
    if (!self->waiting) return;
    self->value = std::move(value);
    boost::asio::post(self->waiting->get_executor(), [self] {
      if (self->waiting) self->waiting->cancel();  // only the loop's own thread clears it, and we are on it
    });
  }
};

}  // namespace detail

template <class Work>
boost::asio::awaitable<std::invoke_result_t<Work>> Disk::run(Work work) {
  using Value = std::invoke_result_t<Work>;
  using Handover = detail::Handover<Value>;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor,
                                  boost::asio::steady_timer::time_point::max());
  auto handover = std::make_shared<Handover>();
  handover->waiting = &timer;
  struct Leave {
    Handover& handover;
    ~Leave() {
      std::lock_guard lock(handover.mutex);
      handover.waiting = nullptr;
    }
  } leave{*handover};
  start([handover, work = std::move(work)]() mutable {
    // What the work holds is let go before its result is known.
    auto value = [&] {
      auto own = std::move(work);
      return own();
    }();
    Handover::deliver(handover, std::move(value));
  });
  while (true) {
    boost::system::error_code cancelled;
    co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    std::lock_guard lock(handover->mutex);
    if (handover->value) break;
  }
  co_return std::move(*handover->value);
}

}  // namespace podpass::s3
