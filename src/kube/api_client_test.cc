#include "kube/api_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "codec/json.h"
#include "crypto/x509.h"
#include "http/server.h"

namespace podpass::kube {
namespace {

namespace asio = boost::asio;
using codec::Value;
using codec::write_json;
using http::Body;
using http::Request;
using http::Response;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

Result<void> fine() {
  return Result<void>(std::in_place);
}

Response answer_of(int status, std::string body, std::string type = "application/json") {
  Response response;
  response.status = status;
  response.body = std::move(body);
  response.set("Content-Type", std::move(type));
  return response;
}

Response put_off(int status, std::string after) {
  Response response = answer_of(status, R"({"kind":"Status","message":"later","reason":"TooManyRequests"})");
  if (!after.empty()) response.set("Retry-After", std::move(after));
  return response;
}

// An API server that answers as it is told, in order, and notes what it was asked; the last answer stays.
class ScriptedApiServer {
 public:
  explicit ScriptedApiServer(std::shared_ptr<crypto::ServerTls> tls = nullptr)
      : server_(options_of(std::move(tls)), [this](Request& request, Body& body) { return answer(request, body); }) {
    endpoint.host = "127.0.0.1";
    endpoint.port = server_.listen("127.0.0.1", 0).value();
    server_.start();
  }

  void will_answer(std::vector<Response> responses) {
    const std::lock_guard lock(mutex_);
    answers_ = std::move(responses);
    next_ = 0;
    asked.clear();
  }
  std::vector<std::string> taken() {
    const std::lock_guard lock(mutex_);
    return asked;
  }

  http::Endpoint endpoint;
  std::vector<std::string> asked;   // method, target, token, content type, body
  std::atomic<bool> holds = false;  // keeps watches waiting
  std::function<void()> on_request = [] {};

 private:
  static http::Server::Options options_of(std::shared_ptr<crypto::ServerTls> tls) {
    http::Server::Options options;
    options.limits.drain = 20ms;
    options.tls = std::move(tls);
    return options;
  }
  asio::awaitable<Response> answer(Request& request, Body& body) {
    Result<std::string_view> whole = co_await body.read_all(1'000'000);
    std::optional<Response> response;
    {
      const std::lock_guard lock(mutex_);
      std::string line = std::string(request.method) + " " + std::string(request.target);
      if (const auto token = request.find("authorization")) line += " [" + std::string(*token) + "]";
      if (const auto type = request.find("content-type")) line += " " + std::string(*type);
      if (!request.body.empty()) line += " " + std::string(request.body);
      asked.push_back(line);
      response = answers_.at(std::min(next_++, answers_.size() - 1));
    }
    on_request();
    if (holds) {
      asio::steady_timer never(co_await asio::this_coro::executor);
      never.expires_at(std::chrono::steady_clock::time_point::max());
      co_await never.async_wait(asio::use_awaitable);
    }
    co_return *std::move(response);
  }

  std::mutex mutex_;
  std::vector<Response> answers_;
  std::size_t next_ = 0;
  http::Server server_;
};

class KubeApiClient : public testing::Test {
 protected:
  KubeApiClient() {
    limits.first_pause = 1ms;
    limits.longest_pause = 2'000ms;
    server.endpoint = api.endpoint;
    server.token = Secret("t-1");
  }

  Result<Value> call(std::string_view method, const std::string& path, Value body = {}, std::string_view type = kJson) {
    asio::io_context context{1};
    ApiClient client(context.get_executor(), server, limits);
    const auto run = [&]() -> asio::awaitable<Result<Value>> {
      Result<Value> result = co_await client.call(method, path, body, type);
      co_return result;
    };
    std::future<Result<Value>> result = asio::co_spawn(context, run, asio::use_future);
    context.run();
    return result.get();
  }
  struct Watched {
    Result<void> result;
    std::vector<std::string> events;
  };
  Watched watch(const std::string& path, std::size_t most = 100) {
    asio::io_context context{1};
    ApiClient client(context.get_executor(), server, limits);
    std::vector<std::string> events;
    const auto run = [&]() -> asio::awaitable<Result<void>> {
      ApiClient::OnEvent on_event = [&](std::string_view type, const Value& object) -> Result<void> {
        events.push_back(std::string(type) + " " + write_json(object));
        if (events.size() == most) return Error::invalid("enough");
        return fine();
      };
      Result<void> result = co_await client.watch(path, std::move(on_event));
      co_return result;
    };
    std::future<Result<void>> result = asio::co_spawn(context, run, asio::use_future);
    context.run();
    return {result.get(), events};
  }
  std::string url() const { return api.endpoint.url(); }

  ScriptedApiServer api;
  ApiServer server;
  ApiLimits limits;
};

TEST_F(KubeApiClient, SendsAndReceivesJson) {
  api.will_answer({answer_of(200, R"({"kind":"Pod"})"), answer_of(201, "{}"), answer_of(200, "ok", "text/plain"),
                   answer_of(200, "{\"keys\":[]}", "application/jwk-set+json"), answer_of(200, "")});
  server.base_path = "/k8s";
  EXPECT_EQ(write_json(*call("GET", "/api/v1/pods?limit=5")), R"({"kind":"Pod"})");
  EXPECT_EQ(write_json(*call("POST", "/api", Value::map({{"a", 1}}))), "{}");
  EXPECT_EQ(*call("GET", "/readyz"), Value("ok"));
  EXPECT_EQ(write_json(*call("GET", "/openid/v1/jwks")), R"({"keys":[]})");
  EXPECT_TRUE(call("PATCH", "/a", Value::list({}), kJsonPatch)->is_null());
  EXPECT_THAT(api.taken(), ElementsAre("GET /k8s/api/v1/pods?limit=5 [Bearer t-1]",
                                       R"(POST /k8s/api [Bearer t-1] application/json {"a":1})",
                                       "GET /k8s/readyz [Bearer t-1]", "GET /k8s/openid/v1/jwks [Bearer t-1]",
                                       "PATCH /k8s/a [Bearer t-1] application/json-patch+json []"));
  server.token = Secret();
  EXPECT_TRUE(call("GET", "/"));
  EXPECT_EQ(api.taken().back(), "GET /k8s/");
}

TEST_F(KubeApiClient, MapsErrors) {
  struct Row {
    int status;
    std::string_view body;
    ErrorKind kind;
    std::string_view code, message;
  };
  const std::string at = url();
  for (const Row& row : {
           Row{404, R"({"kind":"Status","message":"pods \"x\" not found","reason":"NotFound"})", ErrorKind::not_found,
               "NotFound", "pods \"x\" not found"},
           Row{409, R"({"kind":"Status","message":"exists","reason":"AlreadyExists"})", ErrorKind::conflict,
               "AlreadyExists", "exists"},
           Row{403, R"({"kind":"Status","message":"no","reason":"Forbidden"})", ErrorKind::denied, "Forbidden", "no"},
           Row{401, R"({"kind":"Status","message":"Unauthorized","reason":"Unauthorized"})", ErrorKind::unauthenticated,
               "Unauthorized", "URL: the API server does not accept our credentials (Unauthorized)"},
           Row{422, R"({"kind":"Status","message":"bad","reason":"Invalid"})", ErrorKind::invalid, "Invalid", "bad"},
           Row{400, R"({"kind":"Status"})", ErrorKind::invalid, "", "URL: the API server answered 400 Bad Request"},
           Row{410, R"({"kind":"Status","message":"too old","reason":"Expired"})", ErrorKind::conflict, "Expired",
               "too old"},
           Row{413, "", ErrorKind::too_large, "", "URL: the API server answered 413 Content Too Large"},
           Row{500, "oops", ErrorKind::unavailable, "", "URL: the API server answered 500 Internal Server Error"},
           Row{302, "", ErrorKind::invalid, "", "URL: the API server answered 302 Found"},
           Row{404, R"({"kind":"Status","message":"a\nb","reason":"NotFound"})", ErrorKind::not_found, "NotFound",
               "a\\nb"},
       }) {
    api.will_answer({answer_of(row.status, std::string(row.body))});
    const auto result = call("GET", "/x");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, row.kind);
    EXPECT_EQ(result.error().status, row.status);
    EXPECT_EQ(result.error().code, row.code);
    EXPECT_EQ(is_gone(result.error()), row.status == 410);
    std::string message(row.message);
    if (message.starts_with("URL")) message.replace(0, 3, at);
    EXPECT_EQ(result.error().message, message);
  }
  api.will_answer({answer_of(500, R"({"kind":"Status","message":")" + std::string(100'000, 'x') + "\"}")});
  EXPECT_EQ(call("GET", "/x").error().message, std::string(1'024, 'x'));
  api.will_answer({answer_of(200, "{")});
  EXPECT_EQ(call("GET", "/x").error().kind, ErrorKind::invalid);
  EXPECT_THAT(call("GET", "/x").error().message, HasSubstr(": the API server's answer is no JSON: "));
}

TEST_F(KubeApiClient, SaysWhenThereIsNoServer) {
  server.endpoint.port = 1;
  const auto result = call("GET", "/x");
  EXPECT_EQ(result.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(result.error().message, "http://127.0.0.1:1: cannot connect: connection refused");
}

TEST_F(KubeApiClient, RepeatsWhatIsPutOff) {
  const Response good = answer_of(200, "{}");
  struct Row {
    std::string_view method;
    std::vector<Response> answers;
    std::size_t requests;
    bool succeeds;
  };
  for (const Row& row : {
           Row{"GET", {put_off(429, ""), put_off(503, ""), good}, 3, true},
           Row{"PUT", {put_off(503, "0"), good}, 2, true},
           Row{"DELETE", {put_off(503, ""), good}, 2, true},
           Row{"POST", {put_off(429, "0"), good}, 2, true},
           Row{"POST", {put_off(503, "0"), good}, 1, false},
           Row{"PATCH", {put_off(503, ""), good}, 1, false},
           Row{"GET", {put_off(503, "")}, 4, false},
           Row{"GET", {put_off(503, "3")}, 1, false},
           Row{"GET", {put_off(503, "99999999999999")}, 1, false},
           Row{"GET", {put_off(503, "Thu, 01 Jan 2026 00:00:00 GMT"), good}, 2, true},
           Row{"GET", {answer_of(500, ""), good}, 1, false},
       }) {
    api.will_answer(row.answers);
    const auto result = call(row.method, "/x");
    EXPECT_EQ(result.has_value(), row.succeeds) << row.method;
    EXPECT_EQ(api.taken().size(), row.requests) << row.method;
    EXPECT_TRUE(result || result.error().status >= 500);
  }
}

TEST_F(KubeApiClient, KeepsItsTimeForRepeats) {
  limits.call = 500ms;
  api.will_answer({put_off(429, "1")});
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(call("GET", "/x").error().kind, ErrorKind::throttled);
  EXPECT_EQ(api.taken().size(), 1U);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 900ms);
}

class KubeTokenFile : public KubeApiClient {
 protected:
  KubeTokenFile() {
    char name[] = "/tmp/api_client_test_XXXXXX";
    folder = ::mkdtemp(name);
    server.token = Secret();
    server.token_file = folder / "token";
    write("t-1\n");
  }
  ~KubeTokenFile() override { std::filesystem::remove_all(folder); }
  void write(std::string_view token) const { std::ofstream(server.token_file) << token; }
  std::filesystem::path folder;
};

TEST_F(KubeTokenFile, IsReadAgainWhenTheTokenIsRefused) {
  const Response refused = answer_of(401, R"({"kind":"Status","message":"Unauthorized"})");
  for (const bool watching : {false, true}) {
    write("t-1\n");
    api.will_answer({refused, answer_of(200, "")});
    api.on_request = [this] { write("t-2"); };
    EXPECT_TRUE(watching ? watch("/w").result.has_value() : call("GET", "/x").has_value());
    const auto taken = api.taken();
    ASSERT_EQ(taken.size(), 2U);
    EXPECT_THAT(taken[0], HasSubstr("[Bearer t-1]"));
    EXPECT_THAT(taken[1], HasSubstr("[Bearer t-2]"));
  }
  api.will_answer({refused});
  api.on_request = [] {};
  EXPECT_EQ(call("GET", "/x").error().kind, ErrorKind::unauthenticated);
  EXPECT_EQ(api.taken().size(), 1U);  // the same token would be refused again
  int written = 0;
  api.on_request = [&] { write("t-" + std::to_string(++written + 2)); };
  EXPECT_EQ(call("GET", "/x").error().kind, ErrorKind::unauthenticated);
  EXPECT_EQ(api.taken().size(), 3U);
}

TEST_F(KubeTokenFile, MustBeThere) {
  write(" \n");
  EXPECT_THAT(call("GET", "/x").error().message, testing::EndsWith("token has no token"));
  std::filesystem::remove(server.token_file);
  EXPECT_EQ(call("GET", "/x").error().kind, ErrorKind::not_found);
  EXPECT_EQ(watch("/x").result.error().kind, ErrorKind::not_found);
}

TEST_F(KubeApiClient, WatchesLineByLine) {
  api.will_answer({answer_of(200, R"({"type":"ADDED","object":{"n":1}})"
                                  "\n"
                                  R"({"type":"MODIFIED","object":{"n":2}})"
                                  "\n\n"
                                  R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}})"
                                  "\n")});
  const Watched watched = watch("/api/v1/namespaces?resourceVersion=5");
  EXPECT_TRUE(watched.result) << watched.result.error().message;
  EXPECT_THAT(watched.events, ElementsAre(R"(ADDED {"n":1})", R"(MODIFIED {"n":2})",
                                          R"(BOOKMARK {"metadata":{"resourceVersion":"7"}})"));
  EXPECT_THAT(api.taken(), ElementsAre("GET /api/v1/namespaces?resourceVersion=5&watch=true&allowWatchBookmarks=true&"
                                       "timeoutSeconds=290 [Bearer t-1]"));
  watch("/api/v1/pods");
  EXPECT_THAT(api.taken().back(), HasSubstr("GET /api/v1/pods?watch=true&"));
}

TEST_F(KubeApiClient, WatchEndsWithWhatIsWrong) {
  struct Row {
    Response answer;
    int status;
    ErrorKind kind;
    std::string_view message;
  };
  for (const Row& row : {
           Row{answer_of(
                   200,
                   R"({"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}})"
                   "\n"),
               410, ErrorKind::conflict, "too old"},
           Row{answer_of(410, R"({"kind":"Status","code":410,"reason":"Gone","message":"gone"})"), 410,
               ErrorKind::conflict, "gone"},
           Row{answer_of(200, R"({"type":"ERROR","object":{}})"
                              "\n"),
               500, ErrorKind::unavailable, "URL: the API server answered 500 Internal Server Error"},
           Row{answer_of(403, R"({"kind":"Status","message":"no"})"), 403, ErrorKind::denied, "no"},
           Row{answer_of(200, "nonsense\n"), 0, ErrorKind::invalid, "URL: an event of a watch is malformed"},
           Row{answer_of(200, "{\"type\":\"ADDED\"}\n"), 0, ErrorKind::invalid,
               "URL: an event of a watch is malformed"},
           Row{answer_of(200, R"({"type":"ADDED","obj)"), 0, ErrorKind::unavailable,
               "URL: a watch ended within an event"},
           Row{put_off(503, ""), 503, ErrorKind::unavailable, "later"},
       }) {
    api.will_answer({row.answer});
    const Watched watched = watch("/w");
    ASSERT_FALSE(watched.result) << row.message;
    EXPECT_TRUE(watched.events.empty());
    EXPECT_EQ(watched.result.error().kind, row.kind);
    EXPECT_EQ(watched.result.error().status, row.status);
    EXPECT_EQ(is_gone(watched.result.error()), row.status == 410);
    std::string message(row.message);
    if (message.starts_with("URL")) message.replace(0, 3, url());
    EXPECT_EQ(watched.result.error().message, message);
  }
}

TEST_F(KubeApiClient, WatchEndsWithTheErrorOfTheOneWhoTakesEvents) {
  const std::string event = "{\"type\":\"ADDED\",\"object\":{}}\n";
  api.will_answer({answer_of(200, event + event + event)});
  const Watched watched = watch("/w", 2);
  EXPECT_EQ(watched.result.error().message, "enough");
  EXPECT_EQ(watched.events.size(), 2U);
}

TEST_F(KubeApiClient, BoundsAnEvent) {
  limits.event_bytes = 100;
  const std::string line = R"({"type":"ADDED","object":{"a":")" + std::string(100, 'x') + "\"}}\n";
  api.will_answer({answer_of(200, line)});
  EXPECT_EQ(watch("/w").result.error().kind, ErrorKind::too_large);
  const std::string small = "{\"type\":\"ADDED\",\"object\":{}}\n";
  std::string many;
  for (int i = 0; i < 50; ++i) many += small;
  api.will_answer({answer_of(200, many)});
  EXPECT_EQ(watch("/w").events.size(), 50U);
}

TEST_F(KubeApiClient, AWatchEndsAtOnceWhenTheClientGoes) {
  api.will_answer({answer_of(200, "")});
  api.holds = true;
  std::atomic<int> requests = 0;
  api.on_request = [&requests] { ++requests; };
  asio::io_context context{1};
  std::optional<ApiClient> client(std::in_place, context.get_executor(), server, limits);
  const auto run = [&]() -> asio::awaitable<Result<void>> {
    ApiClient::OnEvent on_event = [](std::string_view, const Value&) { return fine(); };
    Result<void> result = co_await client->watch("/w", std::move(on_event));
    co_return result;
  };
  std::future<Result<void>> result = asio::co_spawn(context, run, asio::use_future);
  while (requests == 0) context.poll();
  client.reset();
  context.run();
  EXPECT_EQ(result.get().error().message, url() + ": the client has been closed");
}

TEST(KubeApiClientOverTls, VerifiesAndShowsCertificates) {
  const crypto::Validity validity{SystemClock().now() - 1h, SystemClock().now() + 1h};
  const auto ca = crypto::CertificateAuthority::create("Cluster CA", validity).value();
  using Use = crypto::CertificateRequest::Use;
  const auto pair = ca.issue({"kube-apiserver", {"kubernetes"}, {"127.0.0.1"}, validity, Use::server}).value();
  const auto own = ca.issue({"podpass", {}, {}, validity, Use::client}).value();
  ScriptedApiServer api(crypto::ServerTls::of({pair.certificate_pem, pair.key_pem, ca.certificate_pem()}).value());
  api.will_answer({answer_of(200, "{\"type\":\"ADDED\",\"object\":{}}\n")});
  ApiServer server;
  server.endpoint = api.endpoint;
  server.endpoint.secure = true;
  server.tls.ca_pem = ca.certificate_pem();
  const auto ask = [](const ApiServer& where) {
    asio::io_context context{1};
    ApiClient client(context.get_executor(), where);
    const auto run = [&client]() -> asio::awaitable<std::string> {
      const std::string path = "/x";
      Result<Value> called = co_await client.call("GET", path);
      if (!called) co_return called.error().message;
      int events = 0;
      ApiClient::OnEvent on_event = [&events](std::string_view, const Value&) {
        ++events;
        return fine();
      };
      Result<void> watched = co_await client.watch(path, std::move(on_event));
      co_return watched ? std::to_string(events) : watched.error().message;
    };
    std::future<std::string> result = asio::co_spawn(context, run, asio::use_future);
    context.run();
    return result.get();
  };
  EXPECT_THAT(ask(server), testing::EndsWith(": the server demands a client certificate"));
  server.tls.certificate_pem = own.certificate_pem;
  server.tls.key_pem = own.key_pem;
  EXPECT_EQ(ask(server), "1");
  server.tls.server_name = "kubernetes";
  EXPECT_EQ(ask(server), "1");
  server.tls.server_name = "other";
  EXPECT_THAT(ask(server), HasSubstr(": the certificate is not for other but for kubernetes, 127.0.0.1"));
  server.tls = {};
  EXPECT_THAT(ask(server), HasSubstr("issued by an authority that is not trusted here: 'CN=Cluster CA'"));
  server.tls.ca_pem = "nonsense";
  EXPECT_THAT(ask(server), HasSubstr(": the authority's certificate: there is no certificate in PEM form"));
}

}  // namespace
}  // namespace podpass::kube
