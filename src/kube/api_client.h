// Calls to one Kubernetes API server, JSON in and out, and watches.
//
// Threads: any number of calls and watches at once, from any thread; their coroutines may run on another executor than
// the client's. When the client is destroyed, its calls end by themselves and its watches at once.
//
// Limits: ApiLimits. Repeats: GET, HEAD, PUT and DELETE that the server puts off (429, 503, with Retry-After or
// without) are sent again, at most `repeats` times and only while the time for the whole call lasts; PATCH and POST
// after 429 only, for then nothing was done. After 401 a token file is read again, and the call sent once more.
//
// Errors: what the server's Status says: `status` its HTTP code, `code` its reason (NotFound, Conflict, Forbidden,
// Expired, ...), `message` its text, and the kind that fits; unavailable: no answer; invalid: an answer that is no
// JSON, or an ApiServer whose certificates or token file cannot be read. Sources: Kubernetes API Concepts; API
// Conventions, "Response Status Kind".
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/value.h"
#include "kube/api_server.h"

namespace podpass::kube {

struct ApiLimits {
  std::chrono::milliseconds connect{5'000};  // and as much for the TLS handshake
  std::chrono::milliseconds call{15'000};    // one attempt; no repeat begins later than this after the first
  int repeats = 3;
  std::chrono::milliseconds first_pause{200};      // before a repeat without Retry-After; doubles
  std::chrono::milliseconds longest_pause{5'000};  // a Retry-After beyond it ends the call
  std::size_t answer_bytes = 32 * 1024 * 1024;
  std::size_t event_bytes = 4 * 1024 * 1024;  // a line of a watch
  std::chrono::seconds watch{290};            // asked of the server (timeoutSeconds); it is cut 30 s later
};

inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kJsonPatch = "application/json-patch+json";
inline constexpr std::string_view kMergePatch = "application/merge-patch+json";
inline constexpr std::string_view kStrategicMergePatch = "application/strategic-merge-patch+json";
inline constexpr std::string_view kApplyPatch = "application/apply-patch+yaml";  // takes JSON, as it is YAML

class ApiClient {
 public:
  ApiClient(boost::asio::any_io_executor executor, ApiServer server, ApiLimits limits = {});
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  // `path` with its query, e.g. "/api/v1/pods?limit=500". A null body is none. An answer that is no JSON by its content
  // type is a text (/readyz says "ok"), an empty one null. `method` and `content_type` are literals.
  boost::asio::awaitable<Result<codec::Value>> call(std::string_view method, std::string path, codec::Value body = {},
                                                    std::string_view content_type = kJson);

  // Watches a list's path, e.g. "/api/v1/namespaces?resourceVersion=123"; watch=true, allowWatchBookmarks=true and
  // timeoutSeconds are added. Calls on_event with ADDED, MODIFIED, DELETED and BOOKMARK, the object with its
  // metadata.resourceVersion to go on from. Ends when the server ends it, with an ERROR event's error (is_gone():
  // list again), or with what on_event returns.
  using OnEvent = std::function<Result<void>(std::string_view type, const codec::Value& object)>;
  boost::asio::awaitable<Result<void>> watch(std::string path, OnEvent on_event);

  const ApiServer& server() const;

 private:
  struct State;
  static boost::asio::awaitable<Result<codec::Value>> call_with(std::shared_ptr<State> state, std::string_view method,
                                                                std::string path, codec::Value body,
                                                                std::string_view content_type);
  static boost::asio::awaitable<Result<void>> watch_with(std::shared_ptr<State> state, std::string path,
                                                         OnEvent on_event);
  std::shared_ptr<State> state_;
};

// 410: the resourceVersion is too old for a watch or a continued list. List again from the start.
inline bool is_gone(const Error& error) {
  return error.status == 410;
}

}  // namespace podpass::kube
