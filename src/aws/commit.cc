#include "aws/commit.h"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace podpass::aws {

namespace asio = boost::asio;

asio::awaitable<Result<void>> commit(store::Store& store, store::Transaction transaction) {
  auto executor = co_await asio::this_coro::executor;
  // The handler must come to rest on the heap: the store calls back from its writer thread, after this frame has
  // suspended.
  auto begin = [&](auto handler) {
    auto held = std::make_shared<decltype(handler)>(std::move(handler));
    store.commit(std::move(transaction), [held, executor](Result<void> result) {
      asio::post(executor, [held, result = std::make_shared<Result<void>>(std::move(result))] {
        std::move (*held)(std::move(result));
      });
    });
  };
  auto result = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::shared_ptr<Result<void>>)>(
      begin, asio::use_awaitable);
  co_return std::move(*result);
}

asio::awaitable<void> wait(Wait outside) {
  auto executor = co_await asio::this_coro::executor;
  auto begin = [&](auto handler) {
    auto held = std::make_shared<decltype(handler)>(std::move(handler));
    outside([held, executor] { asio::post(executor, [held] { std::move (*held)(); }); });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(begin, asio::use_awaitable);
}

}  // namespace podpass::aws
