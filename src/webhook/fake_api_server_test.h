// For tests: as much of a Kubernetes API server as the webhook talks to. Objects by their path, lists and watches of
// them, optimistic locking by resourceVersion, JSON patches of "test" and "add".
#pragma once

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/strings.h"
#include "codec/json.h"
#include "codec/uri.h"
#include "http/server.h"
#include "kube/api_server.h"
#include "kube/pod_patch.h"

namespace podpass::webhook {

class FakeApiServer {
 public:
  using Value = codec::Value;

  FakeApiServer()
      : server_({2, {}, "fake", nullptr}, [this](auto& request, auto& body) { return serve(request, body); }) {
    port_ = server_.listen("127.0.0.1", 0).value();
    server_.start();
  }
  ~FakeApiServer() {
    {
      std::lock_guard lock(mutex_);
      ending_ = true;
      wake();
    }
    server_.stop();
  }

  kube::ApiServer address() const { return kube::parse_api_server(fmt::format("http://127.0.0.1:{}", port_)).value(); }

  void put(const std::string& path, std::string_view json) {
    auto object = codec::parse_json(json).value();
    std::lock_guard lock(mutex_);
    store(path, std::move(object));
  }
  void service_account(const std::string& namespace_, const std::string& name, std::string_view annotations = "{}") {
    put(fmt::format("/api/v1/namespaces/{}/serviceaccounts/{}", namespace_, name),
        fmt::format(R"({{"metadata":{{"namespace":"{}","name":"{}","annotations":{}}}}})", namespace_, name,
                    annotations));
  }
  void remove(const std::string& path) {
    std::lock_guard lock(mutex_);
    auto found = objects_.find(path);
    log_.push_back({++version_, "DELETED", path, found->second});
    objects_.erase(found);
    wake();
  }
  void forbid(const std::string& part) {
    std::lock_guard lock(mutex_);
    forbidden_.insert(part);
  }
  void allow_all() {
    std::lock_guard lock(mutex_);
    forbidden_.clear();
  }
  // Watches speak again, but those of versions until now are answered with 410.
  void forget_versions() {
    std::lock_guard lock(mutex_);
    silent_ = false;
    oldest_ = ++version_;
    log_.clear();
    wake();
  }
  void silence_watches() {
    std::lock_guard lock(mutex_);
    silent_ = true;
  }

  Value object(const std::string& path) {
    std::lock_guard lock(mutex_);
    const auto found = objects_.find(path);
    return found == objects_.end() ? Value() : found->second;
  }
  std::vector<std::string> paths(std::string_view part) {
    std::lock_guard lock(mutex_);
    std::vector<std::string> found;
    for (const auto& [path, object] : objects_) {
      if (path.contains(part)) found.push_back(path);
    }
    return found;
  }
  int calls(const std::string& method_and_part) {  // "GET /secrets"
    std::lock_guard lock(mutex_);
    const auto space = method_and_part.find(' ');
    int count = 0;
    for (const auto& [method, path] : calls_)
      count += method == method_and_part.substr(0, space) && path.contains(method_and_part.substr(space + 1)) ? 1 : 0;
    return count;
  }

 private:
  using Timer = std::shared_ptr<boost::asio::steady_timer>;
  struct Event {
    std::int64_t version;
    std::string type, path;
    Value object;
  };

  void store(const std::string& path, Value object) {
    if (object.find("metadata") == nullptr) object.add("metadata", Value::map());
    object.find("metadata")->set("resourceVersion", std::to_string(++version_));
    log_.push_back({version_, objects_.contains(path) ? "MODIFIED" : "ADDED", path, object});
    objects_.insert_or_assign(path, std::move(object));
    wake();
  }
  void wake() {
    for (auto& timer : waiting_) boost::asio::post(timer->get_executor(), [timer] { timer->cancel(); });
    waiting_.clear();
  }

  static http::Response json_response(int status, const Value& value) {
    http::Response response;
    response.status = status;
    response.headers.emplace_back("Content-Type", "application/json");
    response.body = codec::write_json(value);
    return response;
  }
  static http::Response failure(int status, std::string_view reason) {
    return json_response(status, Value::map({{"kind", "Status"},
                                             {"apiVersion", "v1"},
                                             {"status", "Failure"},
                                             {"reason", reason},
                                             {"message", fmt::format("it is {}", reason)},
                                             {"code", status}}));
  }

  // "/api/v1/serviceaccounts" and "/api/v1/namespaces/ns/configmaps" are lists.
  static bool belongs(std::string_view path, std::string_view list) {
    if (list.contains("/namespaces/")) return path.starts_with(std::string(list) + "/");
    return path.contains(std::string(list.substr(list.rfind('/'))) + "/");
  }
  static bool is_list(std::string_view path) {
    return path.ends_with("/serviceaccounts") || path.ends_with("/configmaps");
  }

  boost::asio::awaitable<http::Response> serve(http::Request& request, http::Body& body) {
    auto executor = co_await boost::asio::this_coro::executor;
    auto text = co_await body.read_all(1'000'000);
    const std::string path(request.path), method(request.method);
    auto query = codec::parse_query_string(request.query).value();
    const auto* version = codec::find_query(query, "resourceVersion");
    const bool watching = codec::find_query(query, "watch") != nullptr;
    Timer timer;
    {
      std::lock_guard lock(mutex_);
      calls_.emplace_back(method, path);
      for (const auto& part : forbidden_) {
        if (path.contains(part)) co_return failure(403, "Forbidden");
      }
      if (watching && !ending_ && events(path, *version).empty()) {
        timer = std::make_shared<boost::asio::steady_timer>(executor, std::chrono::seconds(25));
        waiting_.push_back(timer);
      }
    }
    if (timer) {
      boost::system::error_code ignored;
      co_await timer->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }
    std::lock_guard lock(mutex_);
    if (watching) {
      http::Response response;
      response.headers.emplace_back("Content-Type", "application/json");
      response.body = events(path, *version);
      co_return response;
    }
    co_return act(method, path, query, text.value());
  }

  // What a watch has to tell: a line for each event.
  std::string events(const std::string& list, const std::string& from) {
    const auto seen = parse_integer(from).value_or(0);
    std::string lines;
    if (silent_) return lines;
    if (seen < oldest_) {
      auto gone = codec::parse_json(std::get<std::string>(failure(410, "Expired").body)).value();
      return codec::write_json(Value::map({{"type", "ERROR"}, {"object", std::move(gone)}})) + "\n";
    }
    for (const auto& event : log_) {
      if (event.version <= seen || !belongs(event.path, list)) continue;
      auto object = event.object;
      object.find("metadata")->set("resourceVersion", std::to_string(event.version));
      lines += codec::write_json(Value::map({{"type", event.type}, {"object", std::move(object)}})) + "\n";
    }
    return lines;
  }

  http::Response list(const std::string& path, const codec::QueryPairs& query) {
    const auto* token = codec::find_query(query, "continue");
    Value::List items;
    std::string next;
    for (const auto& [name, object] : objects_) {
      if (!belongs(name, path) || (token && name <= *token)) continue;
      if (items.size() == 3) {  // however many were asked for: pages must be followed
        next = *last_;
        break;
      }
      items.push_back(object);
      last_ = name;
    }
    return json_response(
        200, Value::map({{"metadata", Value::map({{"resourceVersion", std::to_string(version_)}, {"continue", next}})},
                         {"items", Value(std::move(items))}}));
  }

  http::Response act(const std::string& method, const std::string& path, const codec::QueryPairs& query,
                     std::string_view text) {
    if (method == "GET" && is_list(path)) return list(path, query);
    auto found = objects_.find(path);
    if (method == "POST") {
      auto object = codec::parse_json(text).value();
      const auto full = path + "/" + std::string(object.find("metadata")->text("name"));
      if (objects_.contains(full)) return failure(409, "AlreadyExists");
      store(full, std::move(object));
      return json_response(201, objects_.at(full));
    }
    if (found == objects_.end()) return failure(404, "NotFound");
    if (method == "PUT") {
      auto object = codec::parse_json(text).value();
      const auto& now = *found->second.find("metadata");
      if (object.find("metadata")->text("resourceVersion") != now.text("resourceVersion"))
        return failure(409, "Conflict");
      store(path, std::move(object));
    }
    if (method == "PATCH" && !patch(found->second, codec::parse_json(text).value())) return failure(422, "Invalid");
    return json_response(200, objects_.at(path));
  }

  static bool patch(Value& object, const Value& operations) {
    for (const auto& operation : *operations.as<Value::List>()) {
      const std::string path(operation.text("path"));
      if (operation.text("op") == "test") {
        const auto parts = split(std::string_view(path).substr(1), '/');
        const Value* at = &object;
        for (auto part : parts) {
          const auto* items = at->as<Value::List>();
          at = items ? &(*items)[static_cast<std::size_t>(parse_integer(part).value())] : at->find(part);
          if (at == nullptr) return false;
        }
        if (*at != *operation.find("value")) return false;
      } else if (!kube::apply_patch(object, {{path, *operation.find("value")}})) {
        return false;
      }
    }
    return true;
  }

  std::mutex mutex_;
  std::int64_t version_ = 1, oldest_ = 0;
  bool ending_ = false, silent_ = false;
  std::map<std::string, Value> objects_;
  std::optional<std::string> last_;
  std::vector<Event> log_;
  std::set<std::string> forbidden_;
  std::vector<std::pair<std::string, std::string>> calls_;
  std::vector<Timer> waiting_;
  std::uint16_t port_ = 0;
  http::Server server_;
};

}  // namespace podpass::webhook
