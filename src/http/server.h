// An HTTP/1.1 server: listeners, connections, limits, graceful stop. Boost.Beast's parser is fed by hand inside server.cc and is
// seen nowhere else.
//
// Threads: Server runs Options::threads threads, each with its own event loop; a connection stays on one of them, and its
// handler is called there, one request at a time. stop() may be called from any thread.
// Owns: sockets, buffers. The handler must outlive the server.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace podpass::http {

struct Limits {
  std::size_t header_bytes = 32 * 1024;           // request line and headers: else 431
  std::size_t connections = 10'000;               // more are closed at once
  std::chrono::seconds idle{75};                  // between requests
  std::chrono::seconds head{10};                  // from the first byte of a head to its last
  std::chrono::seconds body{60};                  // between two reads of a body, or two writes of a response
  std::chrono::seconds drain{30};                 // from stop() until connections are cut
};

// The body of the request being handled. Bytes are taken off the wire only when asked for; `Expect: 100-continue` is
// answered on the first read. What a handler leaves unread is skipped if it is short, else the connection is closed.
class Body {
 public:
  virtual ~Body() = default;
  // The whole body; more than `limit` bytes: ErrorKind::too_large. The view lives as long as the request.
  virtual boost::asio::awaitable<Result<std::string_view>> read_all(std::size_t limit) = 0;
  // Some bytes of it, at least one; empty at the end. The view lives until the next call.
  virtual boost::asio::awaitable<Result<std::string_view>> read_some() = 0;
  // Its length if the head told it (Content-Length); nothing when chunked.
  virtual std::optional<std::uint64_t> length() const = 0;
};

using Handler = std::function<boost::asio::awaitable<Response>(Request& request, Body& body)>;

class Server {
 public:
  struct Options {
    int threads = 1;
    Limits limits;
    std::string server_name = "podpass";  // the Server header
  };

  Server(Options options, Handler handler);
  ~Server();  // stops and joins
  Server(const Server&) = delete;

  // Binds `address` ("127.0.0.1", "::1") and `port` (0: any free one); returns the bound port. Before start().
  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port);
  void start();  // starts the threads and returns
  void stop();   // no new connections; running requests finish; returns when all is closed or Limits::drain is over

  struct Counters {
    std::uint64_t connections_open, requests;
  };
  Counters counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace podpass::http
