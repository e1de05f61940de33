#include "http/client.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "http/call.h"

namespace podpass::http {
namespace asio = boost::asio;

struct AsyncClient::State {
  std::shared_ptr<Pool> pool;
};

AsyncClient::AsyncClient(asio::any_io_executor executor, Endpoint endpoint, ClientLimits limits,
                         std::size_t idle_connections, std::shared_ptr<const crypto::ClientTls> tls)
    : state_(std::make_unique<State>(std::make_shared<Pool>())) {
  Pool& pool = *state_->pool;
  pool.executor = std::move(executor);
  pool.limits = limits;
  pool.idle_limit = idle_connections;
  if (endpoint.secure) pool.tls = tls ? std::move(tls) : crypto::ClientTls::of_system();
  pool.endpoint = std::move(endpoint);
}

AsyncClient::~AsyncClient() {
  end_streams();
}

void AsyncClient::end_streams() {
  state_->pool->end_streams();
}

asio::awaitable<Result<ClientResponse>> AsyncClient::send(ClientRequest request) {
  const auto call = std::make_shared<Call>(state_->pool, std::move(request));
  co_await call->run();
  co_return std::move(*call->result);
}

asio::awaitable<Result<ClientResponse>> AsyncClient::stream(ClientRequest request, OnBytes on_bytes,
                                                            StreamLimits limits) {
  const auto call = std::make_shared<Call>(state_->pool, std::move(request));
  co_await call->run_stream(std::move(on_bytes), limits);
  co_return std::move(*call->result);
}

struct Client::State {
  State(Endpoint endpoint, ClientLimits limits, std::shared_ptr<const crypto::ClientTls> tls)
      : client(context.get_executor(), std::move(endpoint), limits, 1, std::move(tls)) {}

  asio::io_context context{1};
  AsyncClient client;
};

Client::Client(Endpoint endpoint, ClientLimits limits, std::shared_ptr<const crypto::ClientTls> tls)
    : state_(std::make_unique<State>(std::move(endpoint), limits, std::move(tls))) {}

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
