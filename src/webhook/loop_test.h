// For tests: an event loop on a thread of its own, and waiting for what a coroutine gives.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

namespace podpass::webhook {

class Loop {
 public:
  Loop() : work_(boost::asio::make_work_guard(context_)), thread_([this] { context_.run(); }) {}
  ~Loop() { stop(); }
  void stop() {
    work_.reset();
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }
  auto executor() { return context_.get_executor(); }

  template <class T>
  std::future<T> begin(boost::asio::awaitable<T> coroutine) {
    return boost::asio::co_spawn(context_, std::move(coroutine), boost::asio::use_future);
  }
  template <class T>
  T run(boost::asio::awaitable<T> coroutine) {
    auto result = begin(std::move(coroutine));
    EXPECT_EQ(result.wait_for(std::chrono::seconds(20)), std::future_status::ready) << "it takes too long";
    return result.get();
  }

 private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

// Something that tests wait for; whoever changes what a condition looks at calls changed().
class Signal {
 public:
  void changed() {
    std::lock_guard lock(mutex_);
    ++count_;
    condition_.notify_all();
  }
  // Waits until the condition holds; it is looked at after each change, and every few milliseconds for what can't say
  // that it changed.
  testing::AssertionResult wait_for(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::unique_lock lock(mutex_);
    for (;;) {
      lock.unlock();
      if (condition()) return testing::AssertionSuccess();
      lock.lock();
      if (std::chrono::steady_clock::now() > end) return testing::AssertionFailure() << "it never happened";
      condition_.wait_for(lock, std::chrono::milliseconds(5));
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  int count_ = 0;
};

}  // namespace podpass::webhook
