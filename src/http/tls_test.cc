// The server and the client over TLS, with each other and with those who misbehave.
#include "crypto/tls.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/x509.h"
#include "http/client.h"
#include "http/script_test.h"
#include "http/server.h"
#include "http/wire_test.h"

namespace podpass::http {
namespace {

namespace asio = boost::asio;
using crypto::CertificateAuthority;
using crypto::CertificateRequest;
using crypto::ClientTls;
using crypto::IssuedCertificate;
using crypto::ServerTls;
using crypto::TlsSession;
using testing::HasSubstr;
using testing::StartsWith;
using Progress = TlsSession::Progress;
using namespace std::chrono_literals;

CertificateAuthority authority(const std::string& name = "Test CA") {
  const Time now = SystemClock().now();
  return CertificateAuthority::create(name, {now - 1h, now + 24h}).value();
}

IssuedCertificate issue(const CertificateAuthority& ca, std::vector<std::string> addresses, Seconds until = 24h,
                        CertificateRequest::Use use = CertificateRequest::Use::server) {
  CertificateRequest request;
  request.common_name = "test";
  request.ip_addresses = std::move(addresses);
  request.validity = {SystemClock().now() - 48h, SystemClock().now() + until};
  request.use = use;
  return ca.issue(request).value();
}

ClientTls::Options options_trusting(const CertificateAuthority& ca) {
  ClientTls::Options options;
  options.ca_pem = ca.certificate_pem();
  return options;
}

// A connection over TLS whose reads and writes block, as those of Wire do.
class SecureWire {
 public:
  SecureWire(std::uint16_t port, const ClientTls& tls)
      : wire_(port), session_(TlsSession::connect(tls, wire_.fd(), "127.0.0.1", port)) {
    connected_ = session_.handshake() == Progress::done;
  }
  bool connected() const { return connected_; }
  TlsSession& session() { return session_; }
  void cut() const { ::shutdown(wire_.fd(), SHUT_RDWR); }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const TlsSession::Step step = session_.write(bytes);
      if (step.progress != Progress::done) return false;
      bytes.remove_prefix(step.bytes);
    }
    return true;
  }
  // Until the mark, or the end; what follows the mark is kept.
  std::string read_until(std::string_view mark) {
    std::size_t at = mark.empty() ? std::string::npos : rest_.find(mark);
    while (at == std::string::npos) {
      const std::size_t before = rest_.size();
      if (!read_more()) break;
      if (!mark.empty()) at = rest_.find(mark, before - std::min(before, mark.size()));
    }
    std::string found = rest_.substr(0, at == std::string::npos ? rest_.size() : at + mark.size());
    rest_.erase(0, found.size());
    return found;
  }
  std::string read_to_end() { return read_until({}); }
  Progress last() const { return last_; }

 private:
  bool read_more() {
    std::array<char, 20'000> room;
    const TlsSession::Step step = session_.read(room);
    rest_.append(room.data(), step.bytes);
    last_ = step.progress;
    return last_ == Progress::done;
  }
  Wire wire_;
  TlsSession session_;
  bool connected_ = false;
  Progress last_ = Progress::done;
  std::string rest_;
};

FilePart file_of(const std::string& content, std::uint64_t offset, std::uint64_t length) {
  char name[] = "/tmp/http_tls_test_XXXXXX";
  const int fd = ::mkstemp(name);
  ::unlink(name);
  EXPECT_EQ(::write(fd, content.data(), content.size()), static_cast<ssize_t>(content.size()));
  return FilePart::own(fd, offset, length);
}

std::string pattern(std::size_t size) {
  std::mt19937 numbers(7);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>('a' + numbers() % 26);
  return text;
}

constexpr std::size_t kLarge = 3'000'000;

asio::awaitable<Response> answer(Request& request, Body& body) {
  Response response;
  if (request.path == "/secure") response.body = request.secure ? "secure" : "plain";
  if (request.path == "/large") response.body = pattern(kLarge);
  if (request.path == "/file") response.body = file_of(pattern(kLarge), 10, kLarge - 20);
  if (request.path == "/short-file") response.body = file_of(pattern(1'000), 0, 2'000);
  if (request.path == "/none") response.status = 204;
  if (request.path == "/close") response.close = true;
  if (request.path == "/echo") {
    Result<std::string_view> whole = co_await body.read_all(8'000'000);
    response.status = whole ? 200 : whole.error().http_status();
    if (whole) response.body = std::string(*whole);
  }
  if (request.path == "/count") {
    std::size_t size = 0;
    while (true) {
      Result<std::string_view> piece = co_await body.read_some();
      if (!piece || piece->empty()) break;
      size += piece->size();
    }
    response.body = std::to_string(size);
  }
  co_return response;
}

class HttpTls : public testing::Test {
 protected:
  HttpTls() { log::set_level(log::Level::off); }
  ~HttpTls() override {
    server.reset();
    log::set_level(log::Level::info);
  }

  void start(std::shared_ptr<ServerTls> tls, const Limits& limits = {}, int threads = 1) {
    Server::Options options;
    options.limits = limits;
    options.threads = threads;
    options.tls = std::move(tls);
    server.emplace(options, answer);
    port = server->listen("127.0.0.1", 0).value();
    server->start();
  }
  void start(const Limits& limits = {}) { start(tls_of(pair), limits); }
  static std::shared_ptr<ServerTls> tls_of(const IssuedCertificate& certificate, std::string client_ca = {}) {
    return ServerTls::of({certificate.certificate_pem, certificate.key_pem, std::move(client_ca)}).value();
  }
  Endpoint endpoint() const { return {"127.0.0.1", port, true}; }
  Client client(ClientLimits limits = {}) { return Client(endpoint(), limits, trust); }
  std::string failure_with(std::shared_ptr<const ClientTls> tls) const {
    Client other(endpoint(), {}, std::move(tls));
    const Result<ClientResponse> response = other.send({});
    return response ? "none" : response.error().message;
  }

  const CertificateAuthority ca = authority();
  const IssuedCertificate pair = issue(ca, {"127.0.0.1"});
  const std::shared_ptr<const ClientTls> trust = ClientTls::make(options_trusting(ca)).value();
  std::optional<Server> server;
  std::uint16_t port = 0;
};

ClientRequest get(std::string target) {
  ClientRequest request;
  request.target = std::move(target);
  return request;
}

ClientRequest post(std::string target, std::string body) {
  ClientRequest request = get(std::move(target));
  request.method = "POST";
  request.body = std::move(body);
  return request;
}

TEST_F(HttpTls, ServesRequestsOnOneConnection) {
  start();
  Client calling = client();
  for (int i = 0; i < 20; ++i) {
    const Result<ClientResponse> response = calling.send(get("/secure"));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, "secure");
  }
  const std::string body = pattern(kLarge);
  EXPECT_EQ(calling.send(post("/echo", body))->body, body);
  EXPECT_EQ(calling.send(get("/large"))->body, pattern(kLarge));
  EXPECT_EQ(calling.send(get("/file"))->body, pattern(kLarge).substr(10, kLarge - 20));
  EXPECT_EQ(calling.send(post("/count", body))->body, std::to_string(kLarge));
  EXPECT_EQ(calling.send(get("/none"))->status, 204);
  ClientRequest head = get("/file");
  head.method = "HEAD";
  EXPECT_EQ(calling.send(head)->header("content-length"), std::to_string(kLarge - 20));
  const Server::Counters counters = server->counters();
  EXPECT_EQ(counters.handshakes, 1U);
  EXPECT_EQ(counters.handshakes_failed, 0U);
  EXPECT_EQ(counters.requests, 26U);
}

TEST_F(HttpTls, ResumesOnTheNextConnection) {
  start();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(client().send(get("/secure"))->body, "secure");
  const Server::Counters counters = server->counters();
  EXPECT_EQ(counters.handshakes, 4U);
  EXPECT_EQ(counters.handshakes_resumed, 3U);
}

TEST_F(HttpTls, AnswersPipelinedAndChunkedRequests) {
  start();
  SecureWire wire(port, *trust);
  ASSERT_TRUE(wire.connected());
  std::string requests;
  for (int i = 0; i < 50; ++i) {
    requests +=
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n";
    requests += "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345";
  }
  requests += "GET /secure HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (std::string_view rest = requests; !rest.empty();) {
    const std::string_view piece = rest.substr(0, 1 + random() % 400);
    ASSERT_TRUE(wire.send(piece));
    rest.remove_prefix(piece.size());
  }
  for (int i = 0; i < 50; ++i) {
    EXPECT_THAT(wire.read_until("abcdefg"), StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(wire.read_until("\r\n\r\n5"), StartsWith("HTTP/1.1 200 OK\r\n"));
  }
  EXPECT_THAT(wire.read_to_end(), testing::EndsWith("Connection: close\r\n\r\nsecure"));
  EXPECT_EQ(wire.last(), Progress::closed);  // in order, not cut off
}

TEST_F(HttpTls, SendsLargeAnswersToSlowReadersAmongOthers) {
  start();
  SecureWire slow(port, *trust);
  for (int i = 0; i < 5; ++i) slow.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client().send(get("/secure"))->body, "secure");  // the loop goes on meanwhile
  for (int i = 0; i < 5; ++i) {
    slow.read_until("\r\n\r\n");
    EXPECT_EQ(slow.read_until(pattern(kLarge).substr(kLarge - 100)).size(), kLarge);
  }
}

TEST_F(HttpTls, SaysContinue) {
  start();
  SecureWire wire(port, *trust);
  wire.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(wire.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  wire.send("ok");
  EXPECT_THAT(wire.read_until("\r\n\r\nok"), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpTls, EndsWhenAFileIsTooShort) {
  start();
  Client calling = client();
  EXPECT_EQ(calling.send(get("/short-file")).error().message,
            endpoint().url() + ": the connection ended before the whole answer had come");
}

TEST_F(HttpTls, ClientSaysWhatIsWrongWithTheServer) {
  start();
  const std::string url = endpoint().url() + ": ";
  EXPECT_EQ(failure_with(ClientTls::make(options_trusting(authority("Other CA"))).value()),
            url + "the certificate of 127.0.0.1 was issued by an authority that is not trusted here: 'CN=Test CA'");
  EXPECT_THAT(failure_with(nullptr), HasSubstr("an authority that is not trusted here"));  // the system's
  ClientTls::Options other_name = options_trusting(ca);
  other_name.server_name = "podpass.svc";
  EXPECT_EQ(failure_with(ClientTls::make(other_name).value()),
            url + "the certificate is not for podpass.svc but for 127.0.0.1");
  server.reset();
  start(tls_of(issue(ca, {"127.0.0.1"}, -1h)));
  EXPECT_THAT(failure_with(trust), HasSubstr("the certificate of 127.0.0.1 expired at "));
  EXPECT_EQ(server->counters().handshakes, 0U);
}

TEST_F(HttpTls, PlainHttpIsToldThatItIsWrongHere) {
  start();
  Client plain({"127.0.0.1", port, false});
  const Result<ClientResponse> response = plain.send(post("/echo", pattern(100'000)));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 400);
  EXPECT_EQ(response->body, "this port speaks TLS: use https\n");
  EXPECT_EQ(server->counters().handshakes_failed, 1U);
  EXPECT_EQ(server->counters().requests, 0U);
}

TEST_F(HttpTls, TlsToAPlainServerSaysSo) {
  start(std::shared_ptr<ServerTls>());
  EXPECT_EQ(failure_with(trust), endpoint().url() + ": the server speaks no TLS; it may be one for plain HTTP");
}

TEST_F(HttpTls, AsksClientsForCertificates) {
  start(tls_of(pair, ca.certificate_pem()));
  EXPECT_EQ(failure_with(trust), endpoint().url() + ": the server demands a client certificate");
  const auto showing = [this](const IssuedCertificate& own) {
    ClientTls::Options options = options_trusting(ca);
    options.certificate_pem = own.certificate_pem;
    options.key_pem = own.key_pem;
    return ClientTls::make(std::move(options)).value();
  };
  using Use = CertificateRequest::Use;
  const auto good = showing(issue(ca, {}, 24h, Use::client));
  for (int i = 0; i < 2; ++i) {
    Client calling(endpoint(), {}, good);
    EXPECT_EQ(calling.send(get("/secure"))->body, "secure");
  }
  EXPECT_EQ(failure_with(showing(issue(authority("Other CA"), {}, 24h, Use::client))),
            endpoint().url() + ": the other side refuses our certificate: it does not trust who issued it");
  EXPECT_EQ(failure_with(showing(issue(ca, {}, -1h, Use::client))),
            endpoint().url() + ": the other side refuses our certificate: it has expired");
  EXPECT_EQ(server->counters().handshakes_resumed, 1U);
}

TEST_F(HttpTls, ClientGivesUpAHandshakeInTime) {
  Script script({[](Wire& wire) { wire.read_to_end(); }});
  ClientLimits limits;
  limits.handshake = 30ms;
  Endpoint where = script.endpoint;
  where.secure = true;
  Client calling(where, limits, trust);
  EXPECT_EQ(calling.send({}).error().message, where.url() + ": no TLS handshake within 30 ms");
}

TEST_F(HttpTls, ClientRepeatsOnAStaleConnection) {
  start();
  Client calling = client();
  EXPECT_TRUE(calling.send(get("/close")));
  EXPECT_TRUE(calling.send(get("/secure")));
  const std::uint16_t same = port;
  server.reset();
  Server::Options options;
  options.tls = tls_of(pair);
  server.emplace(options, answer);
  ASSERT_TRUE(server->listen("127.0.0.1", same));
  server->start();
  const Result<ClientResponse> response = calling.send(post("/echo", "again"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "again");
}

TEST_F(HttpTls, SlowHandshakesCountAndEnd) {
  Limits limits;
  limits.handshake = 40ms;
  limits.connections = 2;
  start(limits);
  Wire silent(port), half(port);
  half.send(std::string_view("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));  // a ClientHello begins
  while (server->counters().connections_open < 2) std::this_thread::yield();
  EXPECT_EQ(Wire(port).read_to_end(), "");  // no room
  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_EQ(half.read_to_end(), "");
  while (server->counters().connections_open > 0) std::this_thread::yield();
  EXPECT_EQ(client().send(get("/secure"))->body, "secure");
}

TEST_F(HttpTls, SurvivesGarbageAndHalfHandshakes) {
  start();
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::string hello;  // a real one, to be damaged
  Script script({[&hello](Wire& wire) {
    std::array<char, 4'096> room;
    const ssize_t got = ::recv(wire.fd(), room.data(), room.size(), 0);
    hello.assign(room.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  }});
  SecureWire(script.endpoint.port, *trust);
  while (script.played < 1) std::this_thread::yield();
  ASSERT_GT(hello.size(), 100U);
  for (int i = 0; i < 100; ++i) {
    std::string bytes = hello;
    for (int flips = 0; flips < i % 7; ++flips) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (i % 3 == 0) bytes.resize(random() % bytes.size());
    if (i % 10 == 0) std::ranges::generate(bytes, [&random] { return static_cast<char>(random()); });
    const Wire wire(port);
    wire.send(bytes);
    wire.send_end();
  }
  while (server->counters().connections_open > 0) std::this_thread::yield();
  EXPECT_EQ(client().send(get("/secure"))->body, "secure");
}

TEST_F(HttpTls, StopsWhileHandshaking) {
  start();
  Wire silent(port), half(port);
  half.send(std::string_view("\x16\x03\x01\x02\x00\x01", 6));
  SecureWire idle(port, *trust);
  ASSERT_TRUE(idle.connected());
  while (server->counters().connections_open < 3 || server->counters().handshakes < 1) std::this_thread::yield();
  const auto begun = std::chrono::steady_clock::now();
  server->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
  EXPECT_EQ(server->counters().connections_open, 0U);
  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_EQ(idle.last(), Progress::closed);
}

TEST_F(HttpTls, AConnectionThatIsCutOffEndsTheRequest) {
  start();
  for (std::string_view part : {"GET /sec", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc"}) {
    SecureWire wire(port, *trust);
    wire.send(part);
    wire.cut();
  }
  while (server->counters().connections_open > 0) std::this_thread::yield();
  EXPECT_EQ(server->counters().handshakes, 2U);
}

TEST_F(HttpTls, LooksAtTheCertificatesFiles) {
  char name[] = "/tmp/http_tls_test_XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name);
  const auto put = [&folder](const IssuedCertificate& certificate) {
    std::ofstream(folder / "tls.crt") << certificate.certificate_pem;
    std::ofstream(folder / "tls.key") << certificate.key_pem.reveal();
  };
  put(issue(ca, {"127.0.0.2"}));
  Limits limits;
  limits.certificate_look = 20ms;
  start(ServerTls::load({folder / "tls.crt", folder / "tls.key", {}}).value(), limits);
  EXPECT_THAT(failure_with(trust), HasSubstr("the certificate is not for 127.0.0.1 but for 127.0.0.2"));
  put(pair);
  const auto begun = std::chrono::steady_clock::now();
  while (failure_with(trust) != "none" && std::chrono::steady_clock::now() - begun < 10s) std::this_thread::yield();
  EXPECT_EQ(client().send(get("/secure"))->body, "secure");
  std::filesystem::remove_all(folder);
}

TEST_F(HttpTls, ReloadsUnderLoad) {
  const auto tls = tls_of(pair);
  start(tls, {}, 2);
  std::atomic<bool> enough = false;
  std::atomic<int> good = 0, bad = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back([&] {
      while (!enough) {
        Client calling = client();
        for (int request = 0; request < 3; ++request) {
          const Result<ClientResponse> response = calling.send(post("/echo", "x"));
          ++(response && response->body == "x" ? good : bad);
        }
      }
    });
  }
  const IssuedCertificate other = issue(ca, {"127.0.0.1"});
  for (int i = 0; i < 60; ++i) {
    const IssuedCertificate& next = i % 2 == 0 ? other : pair;
    ASSERT_TRUE(tls->replace({next.certificate_pem, next.key_pem, {}}));
    const int before = good;
    while (good < before + 3 && bad == 0) std::this_thread::yield();
  }
  enough = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(bad, 0);
  EXPECT_GE(good, 180);
}

TEST_F(HttpTls, AnAsyncClientServesManyCallers) {
  start(tls_of(pair), {}, 2);
  asio::io_context context{1};
  AsyncClient calling(context.get_executor(), endpoint(), {}, 4, trust);
  const auto call_often = [&calling](int caller) -> asio::awaitable<int> {
    int right = 0;
    for (int i = 0; i < 10; ++i) {
      const std::string body = std::to_string(caller) + "/" + std::to_string(i);
      ClientRequest request = post("/echo", body);
      const Result<ClientResponse> response = co_await calling.send(std::move(request));
      if (response && response->body == body) ++right;
    }
    co_return right;
  };
  std::vector<std::future<int>> results;
  for (int i = 0; i < 20; ++i) results.push_back(asio::co_spawn(context, call_often(i), asio::use_future));
  context.run();
  for (auto& result : results) EXPECT_EQ(result.get(), 10);
}

}  // namespace
}  // namespace podpass::http
