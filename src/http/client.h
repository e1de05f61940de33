// A small HTTP/1.1 client over keep-alive connections, with TLS or without: what the agent uses upstream and the tests
// use downstream.
//
// Threads: Client is for one thread at a time. AsyncClient is a pool on an executor, for any number of concurrent calls
// from any thread; a call's coroutine may run on another executor than the pool's. It may be destroyed while calls are
// in flight: those of send() end by themselves, those of stream() at once. A coroutine that is destroyed or cancelled
// ends its call.
//
// TLS: for https endpoints, verified by the ClientTls given, else by the system's authorities (crypto/tls.h).
//
// Limits: ClientLimits, StreamLimits; heads of at most 32 KiB; redirects are not followed.
//
// Repeats: a kept connection may have been closed by the other side. If it fails before the first byte of an answer,
// the request is sent once more on a new connection, provided that nothing of it was sent, its method is idempotent
// (RFC 9110 section 9.2.2) or it says that it may be repeated.
//
// Errors: unavailable (no connection, no answer in time, malformed answer), too_large (body over the limit), invalid
// (the request cannot be written). The text names the endpoint and the reason.
#pragma once

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes the inlined allocation of a coroutine's frame for a mismatch; this is for whoever writes coroutines.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace podpass::crypto {
class ClientTls;  // crypto/tls.h
}

namespace podpass::http {

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> headers;  // Host and Content-Length are added
  std::string body;
  bool repeatable = false;  // may arrive twice although its method is not idempotent
};

struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string_view header(std::string_view name) const;  // the first of that name; empty if absent
};

// An http:// or https:// endpoint, taken apart.
struct Endpoint {
  std::string host;  // without brackets
  std::uint16_t port = 80;
  bool secure = false;            // https
  std::string authority() const;  // host[:port], as in the Host header
  std::string url() const;        // http[s]://authority
};
Result<Endpoint> parse_endpoint(std::string_view url);  // http[s]://host[:port][/]

struct ClientLimits {
  std::chrono::milliseconds connect{500};
  std::chrono::milliseconds handshake{5'000};
  std::chrono::milliseconds total{5'000};  // with connecting and a repeat, until the last byte
  std::size_t body_bytes = 16 * 1024 * 1024;
};

// Of an answer that is read for as long as it goes on.
struct StreamLimits {
  std::chrono::milliseconds answer{10'000};  // from the first try to connect until the head of the answer
  std::chrono::milliseconds idle{60'000};    // between two pieces of the body
  std::chrono::milliseconds total{0};        // until the last byte; 0: no limit
};

class Client {
 public:
  explicit Client(Endpoint endpoint, ClientLimits limits = {}, std::shared_ptr<const crypto::ClientTls> tls = nullptr);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Result<ClientResponse> send(const ClientRequest& request);  // ErrorKind::unavailable if there is no answer in time

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class AsyncClient {
 public:
  AsyncClient(boost::asio::any_io_executor executor, Endpoint endpoint, ClientLimits limits = {},
              std::size_t idle_connections = 8, std::shared_ptr<const crypto::ClientTls> tls = nullptr);
  ~AsyncClient();
  AsyncClient(const AsyncClient&) = delete;
  AsyncClient& operator=(const AsyncClient&) = delete;
  boost::asio::awaitable<Result<ClientResponse>> send(ClientRequest request);

  // Gives the body of a 2xx answer to `on_bytes` as it comes, however long it is, on the caller's executor; the
  // response then has no body. Other answers are as from send(). An error that on_bytes returns ends the call and is
  // its result. The connection is not kept.
  using OnBytes = std::function<Result<void>(std::string_view)>;
  boost::asio::awaitable<Result<ClientResponse>> stream(ClientRequest request, OnBytes on_bytes,
                                                        StreamLimits limits = {});
  void end_streams();  // those that run, and later ones as they begin

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace podpass::http
