#include "kube/api_client.h"

#include <algorithm>
#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <optional>

#include "base/file.h"
#include "base/strings.h"
#include "codec/json.h"
#include "http/message.h"

namespace podpass::kube {
namespace asio = boost::asio;
using codec::Value;
using http::ClientRequest;
using http::ClientResponse;
using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

namespace {

constexpr std::size_t kIdleConnections = 8;
constexpr milliseconds kTokenKept{60'000};  // client-go reads a token file once a minute
constexpr std::chrono::seconds kWatchGrace{30};
constexpr std::size_t kMaxSaidBytes = 1'024;  // of a Status: it goes into errors and logs

struct Kind {
  int status;
  ErrorKind kind;
};
constexpr std::array kKinds = {
    Kind{401, ErrorKind::unauthenticated}, Kind{403, ErrorKind::denied},      Kind{404, ErrorKind::not_found},
    Kind{409, ErrorKind::conflict},        Kind{410, ErrorKind::conflict},    Kind{413, ErrorKind::too_large},
    Kind{429, ErrorKind::throttled},       Kind{408, ErrorKind::unavailable},
};

ErrorKind kind_of(int status) {
  const auto found = std::ranges::find(kKinds, status, &Kind::status);
  if (found != kKinds.end()) return found->kind;
  return status >= 500 ? ErrorKind::unavailable : ErrorKind::invalid;
}

// What a Status says, or that there was none.
Error error_of(const std::string& url, int status, const Value& body) {
  Error error;
  error.kind = kind_of(status);
  error.status = status;
  const bool told = body.text("kind") == "Status";
  if (told) error.code = body.text("reason");
  const std::string message = printable(told ? body.text("message").substr(0, kMaxSaidBytes) : std::string_view());
  if (status == 401) {
    error.message = url + ": the API server does not accept our credentials" + (told ? " (" + message + ")" : "");
  } else if (!message.empty()) {
    error.message = message;
  } else {
    error.message =
        url + ": the API server answered " + std::to_string(status) + " " + std::string(http::reason_phrase(status));
  }
  return error;
}

Error error_of(const std::string& url, const ClientResponse& response) {
  const auto body = codec::parse_json(response.body);
  return error_of(url, response.status, body ? *body : Value());
}

Result<Value> value_of(const std::string& url, ClientResponse response) {
  if (response.status / 100 != 2) return error_of(url, response);
  if (response.body.empty()) return Value();
  if (response.header("content-type").find("json") == std::string_view::npos) return Value(std::move(response.body));
  auto value = codec::parse_json(response.body);
  if (!value) return Error::invalid(url + ": the API server's answer is no JSON: " + value.error().message);
  return value;
}

std::optional<milliseconds> retry_after(const ClientResponse& response) {
  const auto seconds = parse_integer(trim(response.header("retry-after")));
  if (!seconds || *seconds < 0) return std::nullopt;
  return std::chrono::seconds(std::min<std::int64_t>(*seconds, 86'400));
}

// How long to wait before the request is sent once more; nothing: it is not.
std::optional<milliseconds> pause_before(const ApiLimits& limits, std::string_view method,
                                         const ClientResponse& response, int repeated) {
  const bool changes_once = method == "POST" || method == "PATCH";
  const bool may = response.status == 429 || (response.status == 503 && !changes_once);
  if (!may || repeated >= limits.repeats) return std::nullopt;
  const milliseconds usual = std::min(limits.first_pause * (1 << std::min(repeated, 10)), limits.longest_pause);
  const milliseconds pause = retry_after(response).value_or(usual);
  return pause <= limits.longest_pause ? std::optional(pause) : std::nullopt;
}

// Takes the lines of a watch apart as their bytes come.
class EventReader {
 public:
  EventReader(std::string url, std::size_t limit, ApiClient::OnEvent on_event)
      : url_(std::move(url)), limit_(limit), on_event_(std::move(on_event)) {}

  Result<void> feed(std::string_view bytes) {
    while (true) {
      const std::size_t end = bytes.find('\n');
      const std::string_view piece = bytes.substr(0, end);
      if (line_.size() + piece.size() > limit_) {
        return Error{ErrorKind::too_large, {}, 0, url_ + ": an event of a watch is too large", {}, {}};
      }
      if (end == std::string_view::npos) {
        line_ += piece;
        return Result<void>(std::in_place);
      }
      TRY(line_.empty() ? take(piece) : take(line_.append(piece)));
      line_.clear();
      bytes.remove_prefix(end + 1);
    }
  }
  bool is_between() const { return line_.empty(); }

 private:
  Result<void> take(std::string_view line) {
    if (trim(line).empty()) return Result<void>(std::in_place);
    const auto event = codec::parse_json(line);
    const Value* object = event ? event->find("object") : nullptr;
    const std::string_view type = event ? event->text("type") : std::string_view();
    if (!object || type.empty()) return Error::invalid(url_ + ": an event of a watch is malformed");
    if (type != "ERROR") return on_event_(type, *object);
    const Value* code = object->find("code");
    const auto* number = code ? code->as<std::int64_t>() : nullptr;
    return error_of(url_, number && *number >= 400 && *number < 600 ? static_cast<int>(*number) : 500, *object);
  }

  std::string url_;
  std::size_t limit_;
  ApiClient::OnEvent on_event_;
  std::string line_;
};

}  // namespace

struct ApiClient::State {
  State(asio::any_io_executor executor, ApiServer from, ApiLimits with);

  Result<Secret> current_token();
  bool has_newer_token(const Secret& than);  // reads the token file
  ClientRequest make_request(std::string_view method, const std::string& path, const Secret& bearer) const;

  ApiServer server;
  std::string url;
  ApiLimits limits;
  std::optional<Error> unusable;  // why no call can be made
  std::optional<http::AsyncClient> http;

  std::mutex mutex;
  Secret token;
  SteadyTime token_read{};
};

ApiClient::State::State(asio::any_io_executor executor, ApiServer from, ApiLimits with)
    : server(std::move(from)), url(server.url()), limits(with) {
  std::shared_ptr<const crypto::ClientTls> tls;
  if (server.endpoint.secure) {
    auto made = crypto::ClientTls::make(server.tls);
    if (!made) {
      unusable = Error::invalid(url + ": " + made.error().message);
      return;
    }
    tls = *std::move(made);
  }
  http::ClientLimits client_limits;
  client_limits.connect = client_limits.handshake = limits.connect;
  client_limits.total = limits.call;
  client_limits.body_bytes = limits.answer_bytes;
  http.emplace(std::move(executor), server.endpoint, client_limits, kIdleConnections, std::move(tls));
}

Result<Secret> ApiClient::State::current_token() {
  if (server.token_file.empty()) return server.token;
  const std::lock_guard lock(mutex);
  const SteadyTime now = std::chrono::steady_clock::now();
  if (!token.empty() && now - token_read < kTokenKept) return token;
  std::string text = TRY(read_small_file(server.token_file, kMaxTokenFileBytes));
  token = Secret(std::string(trim(text.substr(0, text.find_last_not_of("\r\n") + 1))));
  token_read = now;
  if (token.empty()) return Error::invalid(server.token_file + " has no token");
  return token;
}

bool ApiClient::State::has_newer_token(const Secret& than) {
  if (server.token_file.empty()) return false;
  {
    const std::lock_guard lock(mutex);
    token = Secret();
  }
  const Result<Secret> now = current_token();
  return now && !now->equals(than.reveal());
}

ClientRequest ApiClient::State::make_request(std::string_view method, const std::string& path,
                                             const Secret& bearer) const {
  ClientRequest request;
  request.method = method;
  request.target = server.base_path + path;
  request.headers = {{"User-Agent", "podpass/" PODPASS_VERSION}, {"Accept", "application/json, */*"}};
  if (!bearer.empty()) request.headers.emplace_back("Authorization", concat({"Bearer ", bearer.reveal()}));
  return request;
}

ApiClient::ApiClient(asio::any_io_executor executor, ApiServer server, ApiLimits limits)
    : state_(std::make_shared<State>(std::move(executor), std::move(server), limits)) {}

ApiClient::~ApiClient() {
  if (state_->http) state_->http->end_streams();
}

const ApiServer& ApiClient::server() const {
  return state_->server;
}

asio::awaitable<Result<Value>> ApiClient::call(std::string_view method, std::string path, Value body,
                                               std::string_view content_type) {
  return call_with(state_, method, std::move(path), std::move(body), content_type);
}

asio::awaitable<Result<Value>> ApiClient::call_with(std::shared_ptr<State> state, std::string_view method,
                                                    std::string path, Value body, std::string_view content_type) {
  if (state->unusable) co_return *state->unusable;
  const SteadyTime end = std::chrono::steady_clock::now() + state->limits.call;
  const std::string sent = body.is_null() ? std::string() : codec::write_json(body);
  asio::steady_timer timer(co_await asio::this_coro::executor);
  bool asked_again = false;
  for (int repeated = 0;;) {
    const Result<Secret> token = state->current_token();
    if (!token) co_return token.error();
    ClientRequest request = state->make_request(method, path, *token);
    request.body = sent;
    if (!sent.empty()) request.headers.emplace_back("Content-Type", content_type);
    Result<ClientResponse> response = co_await state->http->send(std::move(request));
    if (!response) co_return std::move(response).error();
    if (response->status == 401 && !asked_again && state->has_newer_token(*token)) {
      asked_again = true;
      continue;
    }
    const std::optional<milliseconds> pause = pause_before(state->limits, method, *response, repeated);
    if (!pause || std::chrono::steady_clock::now() + *pause >= end)
      co_return value_of(state->url, std::move(*response));
    ++repeated;
    timer.expires_after(*pause);
    boost::system::error_code cancelled;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    if (cancelled) co_return Error::unavailable(state->url + ": cancelled");
  }
}

asio::awaitable<Result<void>> ApiClient::watch(std::string path, OnEvent on_event) {
  return watch_with(state_, std::move(path), std::move(on_event));
}

asio::awaitable<Result<void>> ApiClient::watch_with(std::shared_ptr<State> state, std::string path, OnEvent on_event) {
  if (state->unusable) co_return *state->unusable;
  path += path.find('?') == std::string::npos ? '?' : '&';
  path += "watch=true&allowWatchBookmarks=true&timeoutSeconds=" + std::to_string(state->limits.watch.count());
  http::StreamLimits limits;
  limits.answer = state->limits.call;
  limits.idle = limits.total = state->limits.watch + kWatchGrace;
  EventReader reader(state->url, state->limits.event_bytes, std::move(on_event));
  for (bool asked_again = false;; asked_again = true) {
    const Result<Secret> token = state->current_token();
    if (!token) co_return token.error();
    ClientRequest request = state->make_request("GET", path, *token);
    http::AsyncClient::OnBytes feed = [&reader](std::string_view bytes) { return reader.feed(bytes); };
    Result<ClientResponse> response = co_await state->http->stream(std::move(request), std::move(feed), limits);
    if (!response) co_return std::move(response).error();
    if (response->status == 401 && !asked_again && state->has_newer_token(*token)) continue;
    if (response->status / 100 != 2) co_return error_of(state->url, *response);
    if (!reader.is_between()) co_return Error::unavailable(state->url + ": a watch ended within an event");
    co_return Result<void>(std::in_place);
  }
}

}  // namespace podpass::kube
