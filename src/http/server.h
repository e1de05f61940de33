// An HTTP/1.1 server: listeners, connections, limits, graceful stop, with TLS or without. Source: RFC 9110, RFC 9112.
//
// Threads: Server runs Options::threads threads, each with its own event loop; a connection stays on one of them, and
// its handler is called there, one request at a time, answers in the order of the requests. A handler may suspend and
// be resumed from elsewhere by a post to `co_await asio::this_coro::executor`. stop() may be called from any thread but
// the server's own.
//
// Owns: sockets, buffers. The handler must outlive the server. A request that is still suspended after the drain time
// is cut: whoever holds it should resume or drop it before the server is destroyed, else its memory is leaked.
//
// TLS: the certificate's files are looked at every few seconds and loaded anew when they have changed; what happens is
// logged. A client that speaks plain HTTP is told so, with 400.
//
// Errors: what the wire did wrong is answered here (400, 408, 417, 431, 501, 505, text/plain) and ends the connection;
// a handler that throws is a 500 and logged.
#pragma once

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes the inlined allocation of a coroutine's frame for a mismatch; this is for whoever writes coroutines.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "http/message.h"

namespace podpass::crypto {
class ServerTls;  // crypto/tls.h
}

namespace podpass::http {

// Times are kept by a sweep: they run up to a second (for times under four seconds, up to half their length) over.
struct Limits {
  std::size_t header_bytes = 32 * 1024;               // request line and headers: else 431
  std::size_t connections = 10'000;                   // more are closed at once
  std::size_t connections_of_peer = 0;                // from one address; more are closed at once; 0: as many as of all
  std::chrono::milliseconds handshake{10'000};        // of TLS, from accepting the connection
  std::chrono::milliseconds idle{75'000};             // between requests
  std::chrono::milliseconds head{10'000};             // from the first byte of a head to its last: else 408
  std::chrono::milliseconds body{60'000};             // between two reads of a body, or two writes of a response
  std::chrono::milliseconds certificate_look{5'000};  // how often its files are looked at
  std::chrono::milliseconds first{500};               // after stop(): for the first request of who has just connected
  std::chrono::milliseconds drain{30'000};            // from stop() until connections are cut
};

// The body of the request being handled. Bytes are taken off the wire only when asked for; `Expect: 100-continue` is
// answered on the first read. What a handler leaves unread is skipped if it is at most 64 KiB, else the connection is
// closed. Errors: too_large; invalid with status 400 or 408 (malformed, cut off, too slow), after which the connection
// ends.
class Body {
 public:
  virtual ~Body() = default;
  // The whole body if it is here already, as short ones are: then nobody need wait. Nothing says little.
  virtual std::optional<std::string_view> all_here(std::size_t limit) = 0;
  // The whole body; more than `limit` bytes: ErrorKind::too_large. The view lives as long as the request.
  virtual boost::asio::awaitable<Result<std::string_view>> read_all(std::size_t limit) = 0;
  // Some bytes of it, at least one; empty at the end. The view lives until the next call.
  virtual boost::asio::awaitable<Result<std::string_view>> read_some() = 0;
  // Its length if the head told it (Content-Length, or 0 if there is none); nothing when chunked.
  virtual std::optional<std::uint64_t> length() const = 0;
};

using Handler = std::function<boost::asio::awaitable<Response>(Request& request, Body& body)>;

class Server {
 public:
  struct Options {
    int threads = 1;
    Limits limits;
    std::string server_name = "podpass";       // the Server header
    std::shared_ptr<crypto::ServerTls> tls{};  // null: plain
  };

  Server(Options options, Handler handler);
  ~Server();  // stops and joins
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds `address` ("127.0.0.1", "::1"; an IPv6 address takes IPv6 only) and `port` (0: any free one); returns the
  // bound port. Before start(), any number of times. From then on clients can connect; they are answered after start().
  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port);
  // The same with a socket that listens already, which it then owns.
  Result<std::uint16_t> adopt(int listening_socket);
  int listening_socket() const;  // the first one's descriptor, still its own; -1: none
  // Starts the threads and returns. Lets the process have as many open files as it may (RLIMIT_NOFILE): the usual soft
  // limit is a tenth of Limits::connections.
  void start();
  void stop();  // no new connections; running requests finish; returns when all is closed or Limits::drain is over

  struct Counters {
    std::uint64_t connections_open, requests;
    std::uint64_t handshakes, handshakes_resumed, handshakes_failed;  // of TLS
  };
  Counters counters() const;  // any thread

  // The first thread's loop, for what has to run on it beside the requests. What is suspended there after stop() is
  // dropped with the server. With one thread, nothing else runs while such a coroutine does.
  boost::asio::any_io_executor executor();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace podpass::http
