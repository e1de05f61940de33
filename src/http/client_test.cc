#include "http/client.h"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <functional>
#include <thread>

#include "http/exchange.h"
#include "http/script_test.h"
#include "http/server.h"
#include "http/wire_test.h"

namespace podpass::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

TEST(HttpEndpoint, IsParsed) {
  struct Row {
    std::string_view url, host;
    int port;
    std::string_view authority;
  };
  for (const Row& row : {
           Row{"http://example", "example", 80, "example"},
           Row{"http://example/", "example", 80, "example"},
           Row{"http://example:8080", "example", 8080, "example:8080"},
           Row{"http://127.0.0.1:1/", "127.0.0.1", 1, "127.0.0.1:1"},
           Row{"http://[fd00:ec2::23]:80", "fd00:ec2::23", 80, "[fd00:ec2::23]"},
           Row{"http://[::1]:65535", "::1", 65535, "[::1]:65535"},
           Row{"https://example", "example", 443, "example"},
           Row{"https://example:443/", "example", 443, "example"},
           Row{"https://example:80", "example", 80, "example:80"},
           Row{"https://[::1]", "::1", 443, "[::1]"},
       }) {
    const Result<Endpoint> endpoint = parse_endpoint(row.url);
    ASSERT_TRUE(endpoint) << row.url;
    EXPECT_EQ(endpoint->host, row.host);
    EXPECT_EQ(endpoint->port, row.port);
    EXPECT_EQ(endpoint->authority(), row.authority);
    EXPECT_EQ(endpoint->secure, row.url.starts_with("https"));
    EXPECT_EQ(endpoint->url(), (endpoint->secure ? "https://" : "http://") + std::string(row.authority));
  }
  for (std::string_view bad : {"",
                               "example",
                               "ftp://example",
                               "https://",
                               "http://",
                               "http:///",
                               "http://:80",
                               "http://a:",
                               "http://a:0",
                               "http://a:65536",
                               "http://a:-1",
                               "http://a:8x",
                               "http://a/path",
                               "http://a?q",
                               "http://user@a",
                               "http://[::1",
                               "http://[]",
                               "http://[a]",
                               "http://[::1]80",
                               "http://a b",
                               "http://a\r\n"}) {
    const Result<Endpoint> endpoint = parse_endpoint(bad);
    ASSERT_FALSE(endpoint) << bad;
    EXPECT_EQ(endpoint.error().kind, ErrorKind::invalid);
  }
}

struct AnswerRow {
  std::string_view name, method, wire;
  std::string_view outcome;  // status and body, or the error's text
};

constexpr AnswerRow kAnswers[] = {
    {"length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 hello keeps"},
    {"no reason phrase", "GET", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "200  keeps"},
    {"chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
     "200 hello keeps"},
    {"until the end", "GET", "HTTP/1.1 200 OK\r\n\r\nhello", "200 hello ends"},
    {"HTTP/1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 ok ends"},
    {"HTTP/1.0 kept", "GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
     "200 ok keeps"},
    {"close", "GET", "HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 2\r\n\r\nok", "200 ok ends"},
    {"head", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "200  keeps"},
    {"no content", "GET", "HTTP/1.1 204 No Content\r\n\r\n", "204  keeps"},
    {"not modified", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304  keeps"},
    {"informed first", "POST",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: "
     "1\r\n\r\nx",
     "201 x keeps"},
    {"more than announced", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP", "200 ok *"},
    {"cut off in the body", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
     "the connection ended before the whole answer had come"},
    {"cut off in a chunk", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhell",
     "the connection ended before the whole answer had come"},
    {"cut off in the head", "GET", "HTTP/1.1 200 OK\r\nContent-",
     "the connection ended before the whole answer had come"},
    {"too large", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n", "the answer is larger than 20 bytes"},
    {"chunks too large", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n012345678901234567890",
     "the answer is larger than 20 bytes"},
    {"bad chunk", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nq\r\n", "malformed answer: bad chunk"},
    {"both framings", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
     "malformed answer: Content-Length beside Transfer-Encoding"},
    {"two lengths", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
     "malformed answer: malformed or repeated Content-Length"},
    {"folded", "GET", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "malformed answer: folded header line"},
    {"no HTTP", "GET", "SSH-2.0-OpenSSH\r\n\r\n", "malformed answer: only HTTP/1.1 and HTTP/1.0 are spoken here"},
    {"binary", "GET", "\x15\x03\x01", "malformed answer: malformed request line"},
    {"bad status", "GET", "HTTP/1.1 2x0 OK\r\n\r\n", "malformed answer: malformed head"},
    {"switching", "GET", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "malformed answer: it switches protocols"},
};

template <class Next>
void expect_answer(const AnswerRow& row, Next next) {
  SCOPED_TRACE(row.name);
  AnswerReader reader(std::string(row.method), 20);
  Result<void> fed(std::in_place);
  std::string_view rest = row.wire;
  while (fed && !rest.empty() && !reader.done()) {
    const std::string_view piece = rest.substr(0, next());
    rest.remove_prefix(piece.size());
    fed = reader.feed(piece);
  }
  const bool before_end = reader.done();
  if (fed && !before_end) fed = reader.feed_end();
  if (!fed) {
    EXPECT_EQ(fed.error().message, row.outcome);
    return;
  }
  const bool keeps = reader.keeps_alive();
  const ClientResponse response = reader.take();
  std::string outcome = std::to_string(response.status) + " " + response.body + " ";
  outcome += row.outcome.ends_with('*') ? "*" : keeps ? "keeps" : "ends";
  EXPECT_EQ(outcome, row.outcome);
}

TEST(HttpAnswerReader, ReadsWholeAndInFragments) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (const AnswerRow& row : kAnswers) {
    expect_answer(row, [] { return std::string_view::npos; });
    expect_answer(row, [] { return 1; });
    for (int i = 0; i < 20; ++i) expect_answer(row, [&random] { return 1 + random() % 30; });
  }
}

TEST(HttpAnswerReader, BoundsTheHead) {
  AnswerReader reader("GET", 10);
  EXPECT_EQ(reader.feed("HTTP/1.1 200 OK\r\nA: " + std::string(40'000, 'x')).error().message,
            "malformed answer: its head is too large");
}

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

void answer_one(Wire& wire) {
  wire.read_until("\r\n\r\n");
  wire.send(kOk);
}
void answer_one_then_end(Wire& wire) {
  answer_one(wire);
  wire.read_until("\r\n\r\n");
}

ClientRequest request_of(std::string method, std::string body = {}) {
  ClientRequest request;
  request.method = std::move(method);
  request.body = std::move(body);
  return request;
}

TEST(HttpClient, WritesTheRequest) {
  std::string seen;
  Script script({[&seen](Wire& wire) {
    seen = wire.read_until("body");
    wire.send(kOk);
  }});
  Client client(script.endpoint);
  ClientRequest request = request_of("POST", "body");
  request.target = "/a?b=c";
  request.headers = {{"X-A", "b c"}, {"content-length", "77"}, {"Transfer-Encoding", "chunked"}};
  const Result<ClientResponse> response = client.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "ok");
  EXPECT_EQ(response->header("content-length"), "2");
  EXPECT_EQ(response->header("absent"), "");
  EXPECT_EQ(seen, "POST /a?b=c HTTP/1.1\r\nX-A: b c\r\nHost: " + script.endpoint.authority() +
                      "\r\nContent-Length: 4\r\n\r\nbody");
}

TEST(HttpClient, RefusesToWriteWhatIsMalformed) {
  Client client({"127.0.0.1", 1});
  ClientRequest method = request_of("GE T"), target, name, value;
  target.target = "/a b";
  name.headers = {{"A:", "b"}};
  value.headers = {{"A", "b\r\nC: d"}};
  for (const ClientRequest& request : {method, target, name, value}) {
    const Result<ClientResponse> response = client.send(request);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ErrorKind::invalid);
  }
}

TEST(HttpClient, KeepsTheConnection) {
  Script script({[](Wire& wire) {
    answer_one(wire);
    answer_one(wire);
    answer_one(wire);
  }});
  Client client(script.endpoint);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client.send(request_of("POST", "x")));
}

TEST(HttpClient, RepeatsOnAStaleConnectionWhatMayBeRepeated) {
  ClientRequest repeatable = request_of("POST", "x");
  repeatable.repeatable = true;
  for (const ClientRequest& request : {request_of("GET"), request_of("PUT", "x"), repeatable}) {
    Script script({answer_one_then_end, answer_one});
    Client client(script.endpoint);
    EXPECT_TRUE(client.send(request));
    const Result<ClientResponse> second = client.send(request);
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_EQ(second->body, "ok");
  }
}

TEST(HttpClient, DoesNotRepeatAPostThatMayHaveArrived) {
  Script script({answer_one_then_end});
  Client client(script.endpoint);
  EXPECT_TRUE(client.send(request_of("POST", "x")));
  const Result<ClientResponse> second = client.send(request_of("POST", "x"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::unavailable);
  EXPECT_TRUE(second.error().message.starts_with(script.endpoint.url() + ": ")) << second.error().message;
}

TEST(HttpClient, RepeatsOnlyOnce) {
  Script script({answer_one_then_end, [](Wire& wire) { wire.read_until("\r\n\r\n"); }});
  Client client(script.endpoint);
  EXPECT_TRUE(client.send(request_of("GET")));
  const Result<ClientResponse> second = client.send(request_of("GET"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, script.endpoint.url() + ": the connection ended before an answer had come");
}

TEST(HttpClient, NoticesAConnectionClosedMeanwhile) {
  Script script({answer_one, answer_one});
  Client client(script.endpoint);
  EXPECT_TRUE(client.send(request_of("POST", "x")));
  while (script.played < 1) std::this_thread::yield();  // it has been closed
  EXPECT_TRUE(client.send(request_of("POST", "x")));
}

TEST(HttpClient, SaysWhatWentWrong) {
  Client refused({"127.0.0.1", 1});
  EXPECT_EQ(refused.send({}).error().message, "http://127.0.0.1:1: cannot connect: connection refused");
  Client nowhere({"no-such-host.invalid", 80});
  const Error error = nowhere.send({}).error();
  EXPECT_EQ(error.kind, ErrorKind::unavailable);
  EXPECT_TRUE(error.message.starts_with("http://no-such-host.invalid: ")) << error.message;
}

TEST(HttpClient, GivesUpInTime) {
  Script script({[](Wire& wire) { wire.read_to_end(); }});
  ClientLimits limits;
  limits.total = 30ms;
  Client client(script.endpoint, limits);
  const Result<ClientResponse> response = client.send({});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(response.error().message, script.endpoint.url() + ": no answer within 30 ms");
}

TEST(HttpClient, GivesUpConnectingInTime) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 0), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::uint16_t port = ntohs(address.sin_port);
  const Wire first(port);  // fills the queue of those that nobody accepts: further ones get no answer
  ClientLimits limits;
  limits.connect = 30ms;
  Client client({"127.0.0.1", port}, limits);
  const Result<ClientResponse> response = client.send({});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().message, "http://127.0.0.1:" + std::to_string(port) + ": no connection within 30 ms");
  ::close(listener);
}

TEST(HttpClient, DoesNotTakeItsOwnPatienceForTheEndOfAnAnswer) {
  Script script({[](Wire& wire) {
    wire.read_until("\r\n\r\n");
    wire.send("HTTP/1.1 200 OK\r\n\r\nhalf of");  // ends with the connection
    wire.read_to_end();
  }});
  ClientLimits limits;
  limits.total = 30ms;
  Client client(script.endpoint, limits);
  const Result<ClientResponse> response = client.send({});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().message, script.endpoint.url() + ": no answer within 30 ms");
}

TEST(HttpClient, BoundsTheBody) {
  Script script({answer_one});
  ClientLimits limits;
  limits.body_bytes = 1;
  Client client(script.endpoint, limits);
  const Result<ClientResponse> response = client.send({});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::too_large);
}

TEST(HttpClient, ReadsARefusalThatComesBeforeTheRequestWasTaken) {
  Server server({}, [](Request&, Body&) -> asio::awaitable<Response> {
    Response response;
    response.status = 403;
    response.body = "no";
    co_return response;
  });
  const std::uint16_t port = server.listen("127.0.0.1", 0).value();
  server.start();
  Client client({"127.0.0.1", port});
  const Result<ClientResponse> response = client.send(request_of("POST", std::string(900'000, 'x')));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 403);
}

class HttpAsyncClient : public testing::Test {
 protected:
  HttpAsyncClient()
      : server(two_threads(), [](Request& request, Body& body) -> asio::awaitable<Response> {
          Result<std::string_view> whole = co_await body.read_all(1'000'000);
          Response response;
          response.body = std::string(request.path) + ":" + std::string(request.body);
          co_return response;
        }) {
    port = server.listen("127.0.0.1", 0).value();
    server.start();
  }
  static Server::Options two_threads() {
    Server::Options options;
    options.threads = 2;
    return options;
  }
  Server server;
  std::uint16_t port = 0;
};

asio::awaitable<int> call_often(AsyncClient& client, int caller, int times) {
  int right = 0;
  for (int i = 0; i < times; ++i) {
    ClientRequest request = request_of("POST", std::string(static_cast<std::size_t>(caller), 'x') + std::to_string(i));
    request.target = "/" + std::to_string(caller);
    const std::string expected = request.target + ":" + request.body;
    const Result<ClientResponse> response = co_await client.send(std::move(request));
    EXPECT_TRUE(response) << response.error().message;
    if (response && response->body == expected) ++right;
  }
  co_return right;
}

TEST_F(HttpAsyncClient, ServesManyCallersFromAnyThread) {
  asio::thread_pool pool(2), callers(2);  // the pool's connections live elsewhere than the callers
  AsyncClient client(pool.get_executor(), {"127.0.0.1", port}, {}, 4);
  std::vector<std::future<int>> results;
  for (int i = 0; i < 50; ++i) results.push_back(asio::co_spawn(callers, call_often(client, i, 10), asio::use_future));
  for (auto& result : results) EXPECT_EQ(result.get(), 10);
  callers.join();
  pool.join();
}

TEST_F(HttpAsyncClient, LivesInOneLoop) {
  asio::io_context context{1};
  AsyncClient client(context.get_executor(), {"127.0.0.1", port});
  std::future<int> result = asio::co_spawn(context, call_often(client, 7, 20), asio::use_future);
  context.run();
  EXPECT_EQ(result.get(), 20);
  EXPECT_EQ(server.counters().connections_open, 1U);
}

TEST_F(HttpAsyncClient, MayGoWhileACallIsInFlight) {
  asio::io_context context{1};
  std::optional<AsyncClient> client(std::in_place, context.get_executor(), Endpoint{"127.0.0.1", port});
  std::future<Result<ClientResponse>> result = asio::co_spawn(
      context, [&]() -> asio::awaitable<Result<ClientResponse>> { return client->send(request_of("GET")); },
      asio::use_future);
  while (server.counters().connections_open == 0) context.poll();
  client.reset();
  context.run();
  EXPECT_TRUE(result.get());
}

}  // namespace
}  // namespace podpass::http
