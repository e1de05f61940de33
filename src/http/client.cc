#include "http/client.h"

#include <sys/socket.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>

#include "base/strings.h"
#include "http/exchange.h"

namespace podpass::http {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t kReadSize = 16 * 1024;
using SteadyTime = std::chrono::steady_clock::time_point;
using Socket = std::unique_ptr<tcp::socket>;

// True if the other side has closed it, or has sent what nobody asked for.
bool is_stale(tcp::socket& socket) {
  char byte;
  const ssize_t got = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

std::string reason_of(const error_code& error) {
  std::string text = error.message();
  if (!text.empty()) text[0] = ascii_lower(text[0]);
  return text;
}

}  // namespace

struct AsyncClient::State {
  State(asio::any_io_executor on, Endpoint where, ClientLimits with, std::size_t most_idle)
      : executor(std::move(on)), endpoint(std::move(where)), limits(with), idle_limit(most_idle) {}

  Socket take_idle();
  void keep(Socket socket);

  asio::any_io_executor executor;
  Endpoint endpoint;
  ClientLimits limits;
  std::size_t idle_limit;
  std::mutex mutex;
  std::vector<Socket> idle;  // the most recently used last
};

Socket AsyncClient::State::take_idle() {
  const std::lock_guard lock(mutex);
  while (!idle.empty()) {
    Socket socket = std::move(idle.back());
    idle.pop_back();
    if (!is_stale(*socket)) return socket;
  }
  return nullptr;
}

void AsyncClient::State::keep(Socket socket) {
  const std::lock_guard lock(mutex);
  if (idle.size() < idle_limit) idle.push_back(std::move(socket));
}

namespace {

// One call. Its coroutine runs wherever the caller does; only the timer, which may fire on another thread, meets it,
// and that under the mutex: it does no more than shut the socket down, which ends whatever the coroutine waits for.
template <class Pool>
class Exchange : public std::enable_shared_from_this<Exchange<Pool>> {
 public:
  Exchange(std::shared_ptr<Pool> pool, ClientRequest request)
      : pool_(std::move(pool)), request_(std::move(request)), timer_(pool_->executor), resolver_(pool_->executor) {}

  std::optional<Result<ClientResponse>> result;

  asio::awaitable<void> run() {
    deadline_ = std::chrono::steady_clock::now() + pool_->limits.total;
    Result<std::string> wire = write_request(pool_->endpoint, request_);
    if (!wire) {
      result = std::move(wire).error();
      co_return;
    }
    wire_ = std::move(*wire);
    own(pool_->take_idle());
    const bool reused = socket_ != nullptr;
    co_await attempt();
    if (reused && unanswered_ && !is_late() && (written_ == 0 || is_repeatable(request_))) {
      own(nullptr);
      co_await attempt();
    }
    disarm();
    own(nullptr);
  }

 private:
  asio::awaitable<void> attempt() {
    unanswered_ = false;
    written_ = 0;
    if (!socket_) co_await connect();
    if (!socket_) co_return;
    arm(deadline_);
    const error_code error = co_await write();
    // An answer may have come although the request was not taken whole (413): read on.
    co_await read(error);
  }

  void fail(Error error) {
    error.message = pool_->endpoint.url() + ": " + error.message;
    result = std::move(error);
  }
  void fail(const error_code& error) {
    if (is_late()) {
      return fail(Error::unavailable("no answer within " + std::to_string(pool_->limits.total.count()) + " ms"));
    }
    if (error == asio::error::eof) return fail(Error::unavailable("the connection ended before an answer had come"));
    fail(Error::unavailable(reason_of(error)));
  }

  // The socket in use, replaced under the mutex: the old one is closed.
  void own(Socket socket) {
    const std::lock_guard lock(mutex_);
    socket_ = std::move(socket);
  }
  Socket give_up() {
    const std::lock_guard lock(mutex_);
    return late_ ? nullptr : std::move(socket_);
  }
  bool is_late() {
    const std::lock_guard lock(mutex_);
    return late_;
  }

  void arm(SteadyTime when) {
    const std::uint64_t mine = disarm();
    timer_.expires_at(when);
    timer_.async_wait([self = this->shared_from_this(), mine](const error_code&) { self->expire(mine); });
  }
  std::uint64_t disarm() {
    std::uint64_t next;
    {
      const std::lock_guard lock(mutex_);
      next = ++armed_;  // before the cancelled wait can look at it
    }
    timer_.cancel();
    return next;
  }
  void expire(std::uint64_t armed) {
    const std::lock_guard lock(mutex_);
    if (armed != armed_) return;
    late_ = true;
    if (socket_) {
      ::shutdown(socket_->native_handle(), SHUT_RDWR);
    } else {
      resolver_.cancel();
    }
  }

  asio::awaitable<void> connect() {
    const SteadyTime until = std::chrono::steady_clock::now() + pool_->limits.connect;
    arm(std::min(deadline_, until));
    error_code error;
    const std::vector<tcp::endpoint> endpoints = co_await resolve(error);
    for (const tcp::endpoint& endpoint : endpoints) {
      if (is_late()) break;
      auto socket = std::make_unique<tcp::socket>(pool_->executor);
      error = {};
      socket->open(endpoint.protocol(), error);
      if (error) continue;
      own(std::move(socket));
      co_await socket_->async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
      if (!error && !is_late()) {
        socket_->set_option(tcp::no_delay(true), error);
        co_return;
      }
    }
    own(nullptr);
    if (is_late()) {
      const auto limit = std::min(pool_->limits.connect, pool_->limits.total);
      fail(Error::unavailable("no connection within " + std::to_string(limit.count()) + " ms"));
    } else {
      fail(Error::unavailable("cannot connect: " + (error ? reason_of(error) : std::string("no address"))));
    }
  }

  asio::awaitable<std::vector<tcp::endpoint>> resolve(error_code& error) {
    std::vector<tcp::endpoint> endpoints;
    const auto literal = asio::ip::make_address(pool_->endpoint.host, error);
    if (!error) {
      endpoints.emplace_back(literal, pool_->endpoint.port);
      co_return endpoints;
    }
    error = {};
    const std::string port = std::to_string(pool_->endpoint.port);
    const auto found = co_await resolver_.async_resolve(pool_->endpoint.host, port, tcp::resolver::numeric_service,
                                                        asio::redirect_error(asio::use_awaitable, error));
    for (const auto& entry : found) endpoints.push_back(entry.endpoint());
    co_return endpoints;
  }

  asio::awaitable<error_code> write() {
    error_code error;
    while (written_ < wire_.size() && !error) {
      const auto rest = asio::buffer(wire_.data() + written_, wire_.size() - written_);
      written_ += co_await socket_->async_write_some(rest, asio::redirect_error(asio::use_awaitable, error));
    }
    co_return error;
  }

  asio::awaitable<void> read(error_code write_error) {
    AnswerReader reader(request_.method, pool_->limits.body_bytes);
    const auto block = std::make_unique_for_overwrite<std::array<char, kReadSize>>();
    bool answered = false;
    while (!reader.done()) {
      error_code error;
      const std::size_t got =
          co_await socket_->async_read_some(asio::buffer(*block), asio::redirect_error(asio::use_awaitable, error));
      if (got == 0 && !answered) {
        unanswered_ = true;
        co_return fail(write_error ? write_error : error);
      }
      answered = true;
      if (error && (error != asio::error::eof || is_late())) co_return fail(error);
      Result<void> fed = error ? reader.feed_end() : reader.feed(std::string_view(block->data(), got));
      if (!fed) co_return fail(std::move(fed).error());
    }
    if (!write_error && reader.keeps_alive()) {
      if (Socket socket = give_up()) pool_->keep(std::move(socket));
    }
    result = reader.take();
  }

  std::shared_ptr<Pool> pool_;
  ClientRequest request_;
  asio::steady_timer timer_;
  tcp::resolver resolver_;
  SteadyTime deadline_;
  std::string wire_;
  std::size_t written_ = 0;
  bool unanswered_ = false;  // the attempt failed before the first byte of an answer

  std::mutex mutex_;  // over what the timer touches; the coroutine alone changes socket_
  Socket socket_;
  std::uint64_t armed_ = 0;  // tells a timer that has been replaced
  bool late_ = false;        // the timer has ended the call
};

}  // namespace

AsyncClient::AsyncClient(asio::any_io_executor executor, Endpoint endpoint, ClientLimits limits,
                         std::size_t idle_connections)
    : state_(std::make_shared<State>(std::move(executor), std::move(endpoint), limits, idle_connections)) {}

AsyncClient::~AsyncClient() = default;

asio::awaitable<Result<ClientResponse>> AsyncClient::send(ClientRequest request) {
  const auto exchange = std::make_shared<Exchange<State>>(state_, std::move(request));
  co_await exchange->run();
  co_return std::move(*exchange->result);
}

struct Client::State {
  State(Endpoint endpoint, ClientLimits limits) : client(context.get_executor(), std::move(endpoint), limits, 1) {}

  asio::io_context context{1};
  AsyncClient client;
};

Client::Client(Endpoint endpoint, ClientLimits limits) : state_(std::make_unique<State>(std::move(endpoint), limits)) {}

Client::~Client() = default;

Result<ClientResponse> Client::send(const ClientRequest& request) {
  std::optional<Result<ClientResponse>> result;
  const auto call = [&]() -> asio::awaitable<void> {
    Result<ClientResponse> answer = co_await state_->client.send(request);
    result = std::move(answer);
  };
  asio::co_spawn(state_->context, call, [](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  });
  state_->context.restart();
  state_->context.run();
  return std::move(*result);
}

}  // namespace podpass::http
