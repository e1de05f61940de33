// A fake API server for tests: answers by path, or by path and query, what it is told to, counts what it is asked, and
// can hold its answers back. Plain HTTP on loopback. Safe from any thread.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "http/server.h"

namespace podpass::kube {

class FakeApiServer {
 public:
  FakeApiServer()
      : server_({1, {}, "fake"}, [this](http::Request& request, http::Body& body) { return answer(request, body); }) {
    port_ = server_.listen("127.0.0.1", 0).value();
    server_.start();
  }
  ~FakeApiServer() {
    release();
    server_.stop();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  void set(const std::string& path, int status, std::string body, std::string type = "application/json") {
    std::lock_guard lock(mutex_);
    answers_[path] = {status, std::move(body), std::move(type)};
  }
  int asked(const std::string& path) {
    std::lock_guard lock(mutex_);
    return asked_[path];
  }
  std::string last_body() {
    std::lock_guard lock(mutex_);
    return last_body_;
  }
  std::string last_authorization() {
    std::lock_guard lock(mutex_);
    return last_authorization_;
  }
  void hold() {
    std::lock_guard lock(mutex_);
    held_ = true;
  }
  void wait_until_asked(const std::string& path, int times) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return asked_[path] >= times; }));
  }
  void release() {
    std::vector<std::function<void()>> waiting;
    {
      std::lock_guard lock(mutex_);
      held_ = false;
      waiting.swap(waiting_);
    }
    for (auto& each : waiting) each();
  }

 private:
  struct Answer {
    int status;
    std::string body, type;
  };

  boost::asio::awaitable<http::Response> answer(http::Request& request, http::Body& body) {
    auto reading = body.read_all(1 << 20);
    auto sent = co_await std::move(reading);
    auto executor = co_await boost::asio::this_coro::executor;
    const std::string path(request.path), target(request.target);
    bool held = false;
    {
      std::lock_guard lock(mutex_);
      last_body_ = sent ? std::string(*sent) : "";
      last_authorization_ = request.header("Authorization");
      ++asked_[path];
      held = held_;
      changed_.notify_all();
    }
    if (held) {
      auto begin = [&](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        auto go_on = [shared, executor] { boost::asio::post(executor, [shared] { std::move (*shared)(); }); };
        std::lock_guard lock(mutex_);
        if (held_) {
          waiting_.emplace_back(std::move(go_on));
        } else {  // released meanwhile
          go_on();
        }
      };
      co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(begin,
                                                                                         boost::asio::use_awaitable);
    }
    http::Response response;
    std::lock_guard lock(mutex_);
    const auto found = answers_.find(answers_.contains(target) ? target : path);
    response.status = found == answers_.end() ? 404 : found->second.status;
    response.set("Content-Type", found == answers_.end() ? "text/plain" : found->second.type);
    response.body = found == answers_.end() ? std::string("nothing here") : found->second.body;
    co_return response;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Answer> answers_;
  std::map<std::string, int> asked_;
  std::string last_body_, last_authorization_;
  bool held_ = false;
  std::vector<std::function<void()>> waiting_;
  http::Server server_;
  std::uint16_t port_ = 0;
};

}  // namespace podpass::kube
