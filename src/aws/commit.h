// Waiting for a commit, or for whatever else a handler waits for, without holding the thread: the coroutine goes on, on
// its own executor, when the transaction is durable or refused.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "aws/call.h"
#include "base/result.h"
#include "store/store.h"

namespace podpass::aws {

boost::asio::awaitable<Result<void>> commit(store::Store& store, store::Transaction transaction);
boost::asio::awaitable<void> wait(Wait outside);

}  // namespace podpass::aws
