#include "http/server.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "base/log.h"
#include "base/strings.h"
#include "base/time.h"
#include "http/wire_test.h"

namespace podpass::http {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

// A door that a handler stands in front of, on a thread of its own, until the test opens it.
class Door {
 public:
  asio::awaitable<void> wait() {
    const auto executor = co_await asio::this_coro::executor;
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        [this, executor](auto handler) {
          const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
          std::lock_guard lock(mutex_);
          waiting_ = [executor, shared] { asio::post(executor, [shared] { std::move (*shared)(); }); };
          arrived_.notify_all();
        },
        asio::use_awaitable);
  }
  void await_visitor() {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(arrived_.wait_for(lock, 10s, [this] { return waiting_ != nullptr; }));
  }
  void open() {
    std::lock_guard lock(mutex_);
    waiting_();
    waiting_ = nullptr;
  }
  void forget() {
    std::lock_guard lock(mutex_);
    waiting_ = nullptr;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::function<void()> waiting_;
};

FilePart open_file(const std::string& content, std::uint64_t offset, std::uint64_t length) {
  char name[] = "/tmp/http_test_XXXXXX";
  const int fd = ::mkstemp(name);
  ::unlink(name);
  EXPECT_EQ(::write(fd, content.data(), content.size()), static_cast<ssize_t>(content.size()));
  return FilePart::own(fd, offset, length);
}

Response text(int status, std::string body) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

std::string show(const Request& request) {
  std::string out = "method=" + std::string(request.method) + " target=" + std::string(request.target);
  out += " path=" + std::string(request.path) + " query=" + std::string(request.query);
  out += " two=[" + std::string(request.find("x-two").value_or("none")) + "]";
  out += " empty=[" + std::string(request.find("X-Empty").value_or("none")) + "]";
  return out + " n=" + std::to_string(request.headers.size());
}

asio::awaitable<Response> echo(Request& request, Body& body, std::size_t limit) {
  Result<std::string_view> whole = co_await body.read_all(limit);
  if (!whole) co_return text(whole.error().http_status(), whole.error().message);
  if (request.path == "/twice") {
    const std::string first(*whole);
    Result<std::string_view> again = co_await body.read_all(limit);
    co_return text(200, first + "," + std::string(request.body) + (again ? "" : "!"));
  }
  co_return text(200, std::string(request.body));
}

asio::awaitable<Response> pieces(Body& body) {
  std::string all;
  while (true) {
    Result<std::string_view> piece = co_await body.read_some();
    if (!piece) co_return text(piece.error().http_status(), piece.error().message);
    if (piece->empty()) co_return text(200, all);
    all += *piece;
  }
}

asio::awaitable<Response> try_out(Request& request, Body& body, Door& door) {
  const std::string_view path = request.path;
  Response response = text(404, "");
  if (path == "/hello") response = text(200, "hello");
  if (path == "/last") response = text(200, "last");
  if (path.starts_with("/show")) response = text(200, show(request));
  if (path == "/peer") response = text(200, std::string(request.peer));
  if (path == "/nothing") response = text(204, "");
  if (path == "/close") response = text(200, "");
  if (path == "/close") response.close = true;
  if (path == "/same") response = text(304, "");
  if (path == "/same") response.set("ETag", "\"a\"");
  if (path == "/split") response.set("X-A", "b\r\nX-C: d");
  if (path == "/framing") {
    response = text(200, "ok");
    response.set("Content-Length", "99");
    response.set("Transfer-Encoding", "chunked");
    response.set("X-Kept", "yes");
  }
  if (path == "/file") response = text(200, "");
  if (path == "/file") response.body = open_file("0123456789012345", 2, 10);
  if (path == "/short-file") response = text(200, "");
  if (path == "/short-file") response.body = open_file("0123456789", 0, 20);
  if (path == "/large") response = text(200, std::string(8'000'000, 'x'));
  if (path == "/large-file") response = text(200, "");
  if (path == "/large-file") response.body = open_file(std::string(8'000'000, 'y'), 0, 8'000'000);
  if (path == "/throw") throw std::runtime_error("on purpose");
  if (path == "/throw-late") {
    co_await asio::post(asio::use_awaitable);
    throw std::runtime_error("on purpose");
  }
  if (path == "/door") {
    co_await door.wait();
    response = text(200, "opened");
  }
  if (path == "/echo" || path == "/twice") response = co_await echo(request, body, 64);
  if (path == "/echo-large") response = co_await echo(request, body, 64 * 1024 * 1024);
  if (path == "/pieces") response = co_await pieces(body);
  co_return response;
}

class HttpServer : public testing::Test {
 protected:
  HttpServer() { log::set_level(log::Level::off); }
  ~HttpServer() override { log::set_level(log::Level::info); }

  void start(const Limits& limits = {}, int threads = 1) {
    Server::Options options;
    options.limits = limits;
    options.threads = threads;
    server.emplace(options, [this](Request& request, Body& body) { return try_out(request, body, door); });
    port = server->listen("127.0.0.1", 0).value();
    server->start();
  }

  Door door;
  std::optional<Server> server;
  std::uint16_t port = 0;
};

constexpr std::string_view kLast = "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
constexpr std::string_view kLastAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlast";
constexpr std::string_view kHello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const char c = text.at(++i);
    if (c == 'x') {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += c == 'r' ? '\r' : c == 'n' ? '\n' : c == 't' ? '\t' : c == '0' ? '\0' : c;
    }
  }
  return out;
}

// Takes out the lines that every response has, after a look at them.
std::string without_common_lines(std::string wire) {
  for (std::string_view name : {"Server: podpass\r\n", "Date: "}) {
    std::size_t at;
    while ((at = wire.find(name)) != std::string::npos) {
      const std::size_t end = wire.find("\r\n", at) + 2;
      if (name == "Date: ") {
        EXPECT_TRUE(parse_http_date(wire.substr(at + 6, end - at - 8))) << wire;
      }
      wire.erase(at, end - at);
    }
  }
  return wire;
}

struct Transcript {
  std::string name, sent, expected;
};

std::vector<Transcript> transcripts() {
  std::ifstream file("testdata/server.txt");
  EXPECT_TRUE(file) << "run in src/http";
  std::vector<Transcript> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("== ")) rows.push_back({line.substr(3), {}, {}});
    if (line.starts_with("> ")) rows.back().sent += unescape(line.substr(2));
    if (line.starts_with("< ")) rows.back().expected += unescape(line.substr(2));
    if (line == "open") rows.back().expected += kLastAnswer;
  }
  EXPECT_GT(rows.size(), 50U);
  return rows;
}

// "[400]" stands for any response of that status.
void expect_answer(const Transcript& row, const std::string& answer) {
  const std::string plain = without_common_lines(answer);
  if (!row.expected.starts_with('[')) {
    EXPECT_EQ(plain, row.expected);
    return;
  }
  EXPECT_EQ(plain.substr(0, 12), "HTTP/1.1 " + row.expected.substr(1, 3));
  EXPECT_EQ(plain.find("HTTP/1.1 2"), std::string::npos) << plain;
}

TEST_F(HttpServer, AnswersTranscriptsSentWhole) {
  start();
  for (const Transcript& row : transcripts()) {
    SCOPED_TRACE(row.name);
    Wire wire(port);
    ASSERT_TRUE(wire.send(row.sent + std::string(kLast)));
    wire.send_end();
    expect_answer(row, wire.read_to_end());
    EXPECT_EQ(wire.error(), 0);
  }
}

TEST_F(HttpServer, AnswersTranscriptsSentByteByByte) {
  start();
  for (const Transcript& row : transcripts()) {
    SCOPED_TRACE(row.name);
    Wire wire(port);
    for (char c : row.sent + std::string(kLast)) wire.send(std::string_view(&c, 1));
    wire.send_end();
    expect_answer(row, wire.read_to_end());
  }
}

TEST_F(HttpServer, AnswersTranscriptsSentInRandomFragments) {
  start({}, 2);
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 5; ++round) {
    for (const Transcript& row : transcripts()) {
      SCOPED_TRACE(row.name);
      Wire wire(port);
      const std::string all = row.sent + std::string(kLast);
      for (std::size_t at = 0; at < all.size();) {
        const std::size_t size = std::min<std::size_t>(1 + random() % 40, all.size() - at);
        wire.send(std::string_view(all).substr(at, size));
        at += size;
      }
      wire.send_end();
      expect_answer(row, wire.read_to_end());
    }
  }
}

TEST_F(HttpServer, SaysContinueWhenTheBodyIsAskedFor) {
  start();
  Wire wire(port);
  wire.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-Continue\r\n\r\n");
  EXPECT_EQ(wire.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  wire.send("abc");
  EXPECT_TRUE(wire.read_until("\r\n\r\nabc").starts_with("HTTP/1.1 200 OK"));
  wire.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\nExpect: 100-Continue\r\n\r\n");
  EXPECT_TRUE(wire.read_to_end().starts_with("HTTP/1.1 413"));  // refused without having asked for it
}

TEST_F(HttpServer, CarriesLargeBodies) {
  start();
  for (const std::size_t size : {3'000U, 5'000U, 70'000U, 5'000'000U}) {
    SCOPED_TRACE(size);
    std::string body(size, '\0');
    for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>('a' + i % 23);
    Wire wire(port);
    const std::string head =
        "POST /echo-large HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
    std::thread sender([&] { wire.send(head + body + std::string(kLast)); });
    const std::string answer = without_common_lines(wire.read_to_end());
    sender.join();
    const std::string length = std::to_string(size);
    EXPECT_EQ(answer, "HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n" + body + std::string(kLastAnswer));
  }
}

TEST_F(HttpServer, SendsLargeAnswersToSlowReaders) {
  start();
  for (const auto& [path, letter] : {std::pair{"/large", 'x'}, std::pair{"/large-file", 'y'}}) {
    Wire slow(port), other(port);
    slow.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(kLast));
    other.send(kLast);  // is answered although nobody reads the large answer
    EXPECT_EQ(without_common_lines(other.read_to_end()), kLastAnswer);
    const std::string answer = without_common_lines(slow.read_to_end());
    EXPECT_TRUE(answer.ends_with(std::string(8'000'000, letter) + std::string(kLastAnswer)));
  }
}

TEST_F(HttpServer, EndsTheConnectionWhenAFileIsTooShort) {
  start();
  Wire wire(port);
  wire.send("GET /short-file HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(wire.read_to_end().ends_with("Content-Length: 20\r\n\r\n0123456789"));
}

TEST_F(HttpServer, RefusesLargeHeads) {
  Limits limits;
  limits.header_bytes = 200;
  start(limits);
  Wire fits(port);
  fits.send("GET /hello HTTP/1.1\r\nHost: a\r\nX: " + std::string(150, 'x') + "\r\n\r\n" + std::string(kLast));
  EXPECT_TRUE(fits.read_to_end().starts_with("HTTP/1.1 200"));
  Wire large(port);
  large.send("GET /hello HTTP/1.1\r\nHost: a\r\nX: " + std::string(200, 'x') + "\r\n\r\n");
  large.send_end();
  EXPECT_TRUE(large.read_to_end().starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
  Wire line(port);
  line.send("GET /" + std::string(100'000, 'x'));
  line.send_end();
  EXPECT_TRUE(line.read_to_end().starts_with("HTTP/1.1 431"));
}

TEST_F(HttpServer, RefusesManyHeaderLines) {
  start();
  std::string head = "GET /hello HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 300; ++i) head += "X: y\r\n";
  Wire wire(port);
  wire.send(head + "\r\n");
  wire.send_end();
  EXPECT_TRUE(wire.read_to_end().starts_with("HTTP/1.1 431"));
}

TEST_F(HttpServer, EndsSlowHeadsBodiesAndIdleConnections) {
  Limits limits;
  limits.head = limits.body = limits.idle = 20ms;
  start(limits);
  Wire silent(port), head(port), body(port), used(port);
  head.send("GET /hello HTTP/1.1\r\nHost:");
  body.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na");
  used.send(kHello);
  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_TRUE(head.read_to_end().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  const std::string late = body.read_to_end();
  EXPECT_TRUE(late.starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_TRUE(late.ends_with("The request body took too long."));
  EXPECT_TRUE(used.read_to_end().starts_with("HTTP/1.1 200"));
}

TEST_F(HttpServer, CutsReadersThatDoNotRead) {
  Limits limits;
  limits.body = 20ms;
  start(limits);
  Wire wire(port);
  wire.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  while (server->counters().connections_open == 0) std::this_thread::yield();
  while (server->counters().connections_open > 0) std::this_thread::yield();
  EXPECT_LT(wire.read_to_end().size(), 8'000'000U);
}

TEST_F(HttpServer, CapsConnections) {
  Limits limits;
  limits.connections = 2;
  start(limits);
  Wire first(port), second(port);
  for (Wire* wire : {&first, &second}) {
    wire->send(kHello);
    EXPECT_TRUE(wire->read_until("hello").starts_with("HTTP/1.1 200"));
  }
  Wire third(port);
  EXPECT_EQ(third.read_to_end(), "");
  first.send(kLast);
  first.read_to_end();
  while (server->counters().connections_open > 1) std::this_thread::yield();
  Wire fourth(port);
  fourth.send(kLast);
  EXPECT_EQ(without_common_lines(fourth.read_to_end()), kLastAnswer);
  EXPECT_EQ(server->counters().requests, 4U);
}

TEST_F(HttpServer, CapsConnectionsOfOneAddress) {
  Limits limits;
  limits.connections_of_peer = 2;
  start(limits, 2);
  constexpr in_addr_t kNeighbour = INADDR_LOOPBACK + 1;
  for (int round = 0; round < 3; ++round) {
    Wire first(port), second(port);
    for (Wire* wire : {&first, &second}) {
      wire->send(kHello);
      EXPECT_TRUE(wire->read_until("hello").starts_with("HTTP/1.1 200"));
    }
    Wire third(port), neighbour(port, kNeighbour);
    EXPECT_EQ(third.read_to_end(), "");
    neighbour.send(kLast);
    EXPECT_EQ(without_common_lines(neighbour.read_to_end()), kLastAnswer);
    for (Wire* wire : {&first, &second}) {
      wire->send(kLast);
      wire->read_to_end();
    }
    while (server->counters().connections_open > 0) std::this_thread::yield();
  }
}

TEST_F(HttpServer, MayOpenAsManyFilesAsAreAllowed) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit usual{std::min<rlim_t>(before.rlim_max, 256), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
  start({});
  rlimit now{};
  EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
  EXPECT_EQ(now.rlim_cur, before.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(HttpServer, FinishesRunningRequestsWhenStopped) {
  start({}, 2);
  Wire idle(port), busy(port);
  idle.send(kHello);
  idle.read_until("hello");
  busy.send("GET /door HTTP/1.1\r\nHost: a\r\n\r\n");
  door.await_visitor();
  std::thread stopper([&] { server->stop(); });
  EXPECT_EQ(idle.read_to_end(), "");
  door.open();
  EXPECT_EQ(without_common_lines(busy.read_to_end()),
            "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nopened");
  ::shutdown(busy.fd(), SHUT_RDWR);
  stopper.join();
  EXPECT_FALSE(Wire(port).connected());
  EXPECT_EQ(server->counters().connections_open, 0U);
}

TEST_F(HttpServer, AnswersWhoHasJustConnectedWhenStopped) {
  Limits limits;
  limits.first = 10s;
  start(limits, 2);
  Wire idle(port), fresh(port);
  idle.send(kHello);
  idle.read_until("hello");
  while (server->counters().connections_open < 2) std::this_thread::yield();
  std::thread stopper([&] { server->stop(); });
  EXPECT_EQ(idle.read_to_end(), "");  // it is stopping
  fresh.send(kHello);
  EXPECT_EQ(without_common_lines(fresh.read_to_end()),
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
  stopper.join();
}

TEST_F(HttpServer, WaitsForWhoHasJustConnectedForAMomentOnly) {
  Limits limits;
  limits.first = 10ms;
  start(limits);
  Wire silent(port);
  while (server->counters().connections_open < 1) std::this_thread::yield();
  server->stop();
  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_EQ(server->counters().connections_open, 0U);
}

TEST_F(HttpServer, HandsItsListeningSocketOn) {
  start();
  const int kept = ::dup(server->listening_socket());
  server->stop();
  Wire between(port);
  EXPECT_TRUE(between.connected());
  between.send(kLast);

  Server next({}, [this](Request& request, Body& body) { return try_out(request, body, door); });
  EXPECT_EQ(next.adopt(kept).value(), port);
  next.start();
  EXPECT_EQ(without_common_lines(between.read_to_end()), kLastAnswer);
}

TEST_F(HttpServer, TakesNoSocketThatDoesNotListen) {
  Server refusing({}, [this](Request& request, Body& body) { return try_out(request, body, door); });
  int pipes[2];
  ASSERT_EQ(::pipe(pipes), 0);
  const int unbound = ::socket(AF_INET, SOCK_STREAM, 0);
  for (const int fd : {-1, pipes[0], unbound}) {
    const auto adopted = refusing.adopt(fd);
    ASSERT_FALSE(adopted) << fd;
    EXPECT_EQ(adopted.error().message, "the socket that was handed over does not listen for TCP");
  }
  for (const int fd : {pipes[0], pipes[1], unbound}) ::close(fd);
}

TEST_F(HttpServer, CutsWhatDoesNotFinish) {
  Limits limits;
  limits.drain = 20ms;
  start(limits);
  Wire busy(port);
  busy.send("GET /door HTTP/1.1\r\nHost: a\r\n\r\n");
  door.await_visitor();
  server->stop();
  EXPECT_EQ(busy.read_to_end(), "");
  EXPECT_EQ(server->counters().connections_open, 1U);  // the door still holds it
  door.forget();
}

TEST_F(HttpServer, SurvivesAHandlerThatIsResumedTooLate) {
  Limits limits;
  limits.drain = 20ms;
  start(limits);
  Wire busy(port);
  busy.send("GET /door HTTP/1.1\r\nHost: a\r\n\r\n");
  door.await_visitor();
  server->stop();
  door.open();
  server.reset();
  EXPECT_EQ(busy.read_to_end(), "");
}

TEST_F(HttpServer, ServesManyConnectionsAtOnce) {
  start({}, 2);
  std::vector<std::unique_ptr<Wire>> wires;
  for (int i = 0; i < 200; ++i) wires.push_back(std::make_unique<Wire>(port));
  for (int round = 0; round < 20; ++round) {
    for (const auto& wire : wires) {
      ASSERT_TRUE(wire->send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nping"));
    }
    for (const auto& wire : wires) ASSERT_TRUE(wire->read_until("ping").starts_with("HTTP/1.1 200"));
  }
  EXPECT_EQ(server->counters().connections_open, 200U);
  EXPECT_EQ(server->counters().requests, 4'000U);
}

TEST_F(HttpServer, SaysWhyItCannotListen) {
  start();
  Server second({}, [](Request&, Body&) -> asio::awaitable<Response> { co_return Response{}; });
  const std::string where = "cannot listen on 127.0.0.1:" + std::to_string(port);
  EXPECT_EQ(second.listen("127.0.0.1", port).error().message, where + ": address already in use");
  EXPECT_EQ(second.listen("localhost", 1).error().message, "cannot listen on localhost:1: not an IPv4 or IPv6 address");
  EXPECT_EQ(second.listen("203.0.113.1", 1).error().message,
            "cannot listen on 203.0.113.1:1: cannot assign requested address");
}

TEST_F(HttpServer, ListensOnIpv6AndTellsThePeer) {
  Server second({}, [this](Request& request, Body& body) { return try_out(request, body, door); });
  const Result<std::uint16_t> v6 = second.listen("::1", 0);
  const std::uint16_t v4 = second.listen("127.0.0.1", 0).value();
  second.start();
  Wire wire(v4);
  wire.send("GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(wire.read_to_end().ends_with("\r\n\r\n127.0.0.1"));
  if (!v6) {
    EXPECT_TRUE(v6.error().message.starts_with("cannot listen on [::1]:0: ")) << v6.error().message;
  }
}

TEST_F(HttpServer, StopsWithoutHavingStarted) {
  Server never({}, [](Request&, Body&) -> asio::awaitable<Response> { co_return Response{}; });
  never.stop();
  never.stop();
}

}  // namespace
}  // namespace podpass::http
