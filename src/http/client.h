// A small HTTP/1.1 client over keep-alive connections: what the agent uses upstream and the tests use downstream.
// Synchronous Client: one thread at a time. AsyncClient: a pool on an executor, any number of concurrent calls.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace podpass::http {

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> headers;  // Host and Content-Length are added
  std::string body;
};

struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string_view header(std::string_view name) const;
};

// An http:// endpoint, taken apart.
struct Endpoint {
  std::string host;  // without brackets
  std::uint16_t port = 80;
  std::string authority() const;  // host[:port], as in the Host header
};
Result<Endpoint> parse_endpoint(std::string_view url);  // http://host[:port][/]; https is refused until a later version

struct ClientLimits {
  std::chrono::milliseconds connect{500};
  std::chrono::milliseconds total{5'000};
  std::size_t body_bytes = 16 * 1024 * 1024;
};

class Client {
 public:
  explicit Client(Endpoint endpoint, ClientLimits limits = {});
  ~Client();
  Result<ClientResponse> send(const ClientRequest& request);  // ErrorKind::unavailable if there is no answer in time

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class AsyncClient {
 public:
  AsyncClient(boost::asio::any_io_executor executor, Endpoint endpoint, ClientLimits limits = {},
              std::size_t idle_connections = 8);
  ~AsyncClient();
  boost::asio::awaitable<Result<ClientResponse>> send(ClientRequest request);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace podpass::http
