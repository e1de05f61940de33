// For tests: a server that writes and reads bytes as a test says, on a thread of its own.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "http/client.h"
#include "http/wire_test.h"

namespace podpass::http {

// A server that does as it is told: one function for each connection, in order.
class Script {
 public:
  using Act = std::function<void(Wire&)>;
  explicit Script(std::vector<Act> acts) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    endpoint.host = "127.0.0.1";
    endpoint.port = ntohs(address.sin_port);
    thread_ = std::thread([this, acts = std::move(acts)] {
      for (const Act& act : acts) {
        Wire wire(::accept(listener_, nullptr, nullptr), nullptr);
        act(wire);
        ++played;
      }
    });
  }
  ~Script() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  Endpoint endpoint;
  std::atomic<int> played = 0;

 private:
  int listener_;
  std::thread thread_;
};

}  // namespace podpass::http
