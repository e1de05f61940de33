#include "kube/list_watch.h"

#include <fmt/format.h>

#include "base/log.h"
#include "codec/uri.h"
#include "kube/backoff.h"

namespace podpass::kube {

namespace asio = boost::asio;
using codec::Value;

namespace {

constexpr std::chrono::milliseconds kFirstPause{200}, kLongestPause{10'000};

std::string with_query(const std::string& path, std::string_view more) {
  return fmt::format("{}{}{}", path, path.contains('?') ? '&' : '?', more);
}

std::string_view metadata_text(const Value& object, std::string_view name) {
  const auto* metadata = object.find("metadata");
  return metadata ? metadata->text(name) : std::string_view();
}

// Lists all; the place to watch from.
asio::awaitable<Result<std::string>> list(ApiClient& client, const std::string& path, const ListSink& sink) {
  sink.begin();
  std::string token;
  for (;;) {
    auto query = fmt::format("limit={}", kListPage);
    if (!token.empty()) query += "&continue=" + codec::percent_encode(token);
    auto target = with_query(path, query);
    auto page = co_await client.call("GET", std::move(target));
    if (!page) co_return std::move(page).error();
    const auto* items = page->find("items");
    if (const auto* objects = items ? items->as<Value::List>() : nullptr) {
      for (const auto& object : *objects) sink.put(object);
    }
    token = metadata_text(*page, "continue");
    if (!token.empty()) continue;
    sink.end();
    co_return std::string(metadata_text(*page, "resourceVersion"));
  }
}

asio::awaitable<Result<void>> watch(ApiClient& client, const std::string& path, std::string& version,
                                    const ListSink& sink) {
  auto on_event = [&](std::string_view type, const Value& object) -> Result<void> {
    if (auto seen = metadata_text(object, "resourceVersion"); !seen.empty()) version = seen;
    if (type == "ADDED" || type == "MODIFIED") sink.put(object);
    if (type == "DELETED") sink.remove(object);
    return {};
  };
  auto from = with_query(path, "resourceVersion=" + codec::percent_encode(version));
  ApiClient::OnEvent sink_event = on_event;
  auto result = co_await client.watch(std::move(from), std::move(sink_event));
  co_return result;
}

}  // namespace

asio::awaitable<void> list_and_watch(ApiClient& client, std::string path, ListSink sink) {
  Backoff backoff(kFirstPause, kLongestPause);
  std::string told;
  const auto tell = [&](const Error& error) {
    if (error.message == told) return;
    told = error.message;
    log::warn(fmt::format("Cannot keep up with {}: {}", path, error.message));
  };
  for (;;) {
    auto version = co_await list(client, path, sink);
    if (!version) {
      if (!is_gone(version.error())) tell(version.error());
      co_await backoff.wait();
      continue;
    }
    for (;;) {
      const auto before = *version;
      auto watched = co_await watch(client, path, *version, sink);
      if (!watched && is_gone(watched.error())) break;
      if (watched || *version != before) {
        backoff.reset();
        told.clear();
      }
      if (!watched) tell(watched.error());
      // A server that ends a watch at once, without a word, must not be asked without a pause either.
      if (!watched || *version == before) co_await backoff.wait();
    }
    co_await backoff.wait();
  }
}

}  // namespace podpass::kube
