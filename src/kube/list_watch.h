// Keeps up with a list of objects of an API server: lists it page by page, watches from there on, and lists it anew
// when the server no longer knows that place.
//
// One coroutine, which runs until its executor's context is stopped; the callbacks are called on its executor. The
// client and the callbacks must outlive it. Limits: kListPage objects a call; what is kept is the callbacks' business.
// Errors are logged, once for each new text, and tried again after a pause. Source: Kubernetes API Concepts,
// "Efficient detection of changes".
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "codec/value.h"
#include "kube/api_client.h"

namespace podpass::kube {

inline constexpr int kListPage = 500;

struct ListSink {
  std::function<void()> begin;                   // a list begins; what was known stays so until it has ended
  std::function<void(const codec::Value&)> put;  // an object of the list, or one that came or changed afterwards
  std::function<void(const codec::Value&)> remove;
  std::function<void()> end;  // all of the list was put: what was not is gone
};

// `path` may have a query, for example a field selector.
boost::asio::awaitable<void> list_and_watch(ApiClient& client, std::string path, ListSink sink);

}  // namespace podpass::kube
