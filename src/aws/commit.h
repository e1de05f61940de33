// Waiting for a commit without holding the thread: the coroutine goes on, on its own executor, when the transaction is
// durable or refused.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "base/result.h"
#include "store/store.h"

namespace podpass::aws {

boost::asio::awaitable<Result<void>> commit(store::Store& store, store::Transaction transaction);

}  // namespace podpass::aws
