// The agent over the wire: bytes in and bytes out, with a scripted EKS Auth on another port.
#include "agent/agent.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "codec/base64.h"
#include "crypto/tls.h"
#include "crypto/x509.h"
#include "http/server.h"
#include "http/wire_test.h"

namespace podpass::agent {
namespace {

// Answers what the test says, and remembers what it was asked. Watches get what is announced, when it is.
class ScriptedEksAuth {
 public:
  explicit ScriptedEksAuth(std::shared_ptr<crypto::ServerTls> tls = nullptr)
      : server_({1, limits(), "eks-auth", std::move(tls)},
                [this](http::Request& request, http::Body& body) { return serve(request, body); }) {
    port = server_.listen("127.0.0.1", 0).value();
    server_.start();
  }

  void answer_next(int status, std::string type, std::string body) {
    std::lock_guard lock(mutex_);
    script_.push_back({status, std::move(type), std::move(body)});
  }
  // The next answer to a watch.
  void announce(std::string body, int status = 200) {
    std::lock_guard lock(mutex_);
    news_.push_back({status, "", std::move(body)});
  }
  void await_watches(int count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return watches_ >= count; }));
  }
  int watches() {
    std::lock_guard lock(mutex_);
    return watches_;
  }
  std::string last_watch() {
    std::lock_guard lock(mutex_);
    return last_watch_;
  }
  void hold() {
    std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  void await_calls(int count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return calls_ >= count; }));
  }
  int calls() {
    std::lock_guard lock(mutex_);
    return calls_;
  }
  std::string last() {
    std::lock_guard lock(mutex_);
    return last_;
  }
  void stop() { server_.stop(); }

  std::uint16_t port = 0;

 private:
  static http::Limits limits() {
    http::Limits limits;
    limits.drain = Milliseconds{50};  // a watch that waits is cut
    return limits;
  }

  struct Line {
    int status;
    std::string type, body;
  };

  boost::asio::awaitable<http::Response> serve(http::Request& request, http::Body& body) {
    if (request.path.contains("/pod-identity-association-changes")) co_return co_await serve_watch(request);
    auto whole = co_await body.read_all(100'000);
    std::unique_lock lock(mutex_);
    last_ = std::string(request.method) + " " + std::string(request.target) + "\n";
    for (const auto& [name, value] : request.headers) last_ += std::string(name) + ": " + std::string(value) + "\n";
    last_ += whole.value_or("cut");
    ++calls_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    Line line{200, "", kGood};
    if (!script_.empty()) {
      line = script_.front();
      script_.erase(script_.begin());
    }
    http::Response response;
    response.status = line.status;
    response.body = line.body;
    response.headers.emplace_back("x-amzn-RequestId", "b69b1279");
    if (!line.type.empty()) response.headers.emplace_back("x-amzn-ErrorType", line.type);
    co_return response;
  }

  boost::asio::awaitable<http::Response> serve_watch(http::Request& request) {
    {
      std::lock_guard lock(mutex_);
      ++watches_;
      last_watch_ = std::string(request.target) + " " + std::string(request.header("Authorization"));
      changed_.notify_all();
    }
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    http::Response response;
    while (true) {
      {
        std::lock_guard lock(mutex_);
        if (!news_.empty()) {
          response.status = news_.front().status;
          response.body = news_.front().body;
          news_.erase(news_.begin());
          co_return response;
        }
      }
      timer.expires_after(Milliseconds{2});
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
  }

  static constexpr const char* kGood =
      R"({"podIdentityAssociation":{"associationId":"a-1"},)"
      R"("assumedRoleUser":{"arn":"arn:aws:sts::111122223333:assumed-role/r/s"},)"
      R"("credentials":{"sessionToken":"session","secretAccessKey":"secret","accessKeyId":"ASIA1",)"
      R"("expiration":1700021600}})";

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Line> script_, news_;
  std::string last_, last_watch_;
  int calls_ = 0, watches_ = 0;
  bool held_ = false;
  http::Server server_;
};

// The node's credentials, which a test may break.
class TestCredentials final : public cli::CredentialsProvider {
 public:
  boost::asio::awaitable<Result<aws::SigningCredentials>> get() override {
    if (broken) co_return Error::unavailable("the node has no credentials");
    co_return aws::SigningCredentials{"ASIANODE" + std::to_string(number), Secret("node-secret"), "node-session"};
  }
  void refused(std::string_view access_key_id) override {
    if (access_key_id == "ASIANODE" + std::to_string(number)) ++number;
  }
  std::string source() const override { return "test"; }

  std::atomic<bool> broken{false};
  std::atomic<int> number{1};
};

// What came back, taken apart.
struct Reply {
  int status = 0;
  std::string head, body;
};

class AgentTest : public testing::Test {
 protected:
  AgentTest() { log::set_level(log::Level::off); }
  ~AgentTest() override { log::set_level(log::Level::info); }

  Options options() {
    Options options;
    options.cluster = "my-cluster";
    options.endpoint = "http://127.0.0.1:" + std::to_string(upstream_.port);
    options.region = "us-west-2";
    options.bind_hosts = {"127.0.0.1"};
    options.port = 0;
    return options;
  }
  void start(Options options) {
    agent_ = std::make_unique<Agent>(std::move(options), node_, clock_);
    auto started = agent_->start();
    ASSERT_TRUE(started) << started.error().message;
  }
  static std::string token(std::string_view claims = R"({"exp":1700086400})") {
    return codec::base64url_encode("{}") + "." + codec::base64url_encode(claims) + ".c2ln";
  }
  static Reply send(std::uint16_t port, const std::string& line, const std::string& headers) {
    http::Wire wire(port);
    wire.send(line + " HTTP/1.1\r\n" + headers + "Connection: close\r\n\r\n");
    auto all = wire.read_to_end();
    Reply reply;
    auto end = all.find("\r\n\r\n");
    if (all.size() < 12 || end == std::string::npos) return reply;
    reply.status = std::stoi(all.substr(9, 3));
    reply.head = all.substr(0, end + 2);
    reply.body = all.substr(end + 4);
    return reply;
  }
  Reply ask(const std::string& line, const std::string& headers) { return send(agent_->port(), line, headers); }
  Reply get(const std::string& token) {
    return ask("GET /v1/credentials", "Host: 127.0.0.1\r\nAuthorization: " + token + "\r\n");
  }

  ManualClock clock_;
  std::shared_ptr<TestCredentials> node_ = std::make_shared<TestCredentials>();
  ScriptedEksAuth upstream_;
  std::unique_ptr<Agent> agent_;
};

constexpr std::string_view kCredentials =
    R"({"AccessKeyId":"ASIA1","SecretAccessKey":"secret","Token":"session","AccountId":"111122223333",)"
    R"("Expiration":"2023-11-15T04:13:20Z"})";

TEST_F(AgentTest, AnswersWithCredentials) {
  start(options());
  auto reply = get(token());
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, kCredentials);
  EXPECT_TRUE(reply.head.contains("\r\nContent-Type: application/json\r\n")) << reply.head;
  auto asked = upstream_.last();
  EXPECT_TRUE(asked.starts_with("POST /clusters/my-cluster/assume-role-for-pod-identity\n")) << asked;
  EXPECT_TRUE(asked.ends_with("{\"token\":\"" + token() + "\"}")) << asked;
  EXPECT_TRUE(asked.contains("Credential=ASIANODE1/20231114/us-west-2/eks-auth/aws4_request")) << asked;
  EXPECT_TRUE(asked.contains("node-session")) << asked;
  EXPECT_FALSE(asked.contains("node-secret"));
  EXPECT_EQ(get(token()).body, kCredentials);
  EXPECT_EQ(upstream_.calls(), 1);
}

TEST_F(AgentTest, AnyMethodIsAnsweredLikeGet) {
  start(options());
  const auto headers = "Host: 127.0.0.1\r\nAuthorization: " + token() + "\r\n";
  EXPECT_EQ(ask("POST /v1/credentials", headers + "Content-Length: 0\r\n").body, kCredentials);
  EXPECT_EQ(ask("PUT /v1/credentials?x=y", headers + "Content-Length: 0\r\n").body, kCredentials);
  auto head = ask("HEAD /v1/credentials", headers);
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(head.head.contains("Content-Length: " + std::to_string(kCredentials.size()))) << head.head;
  EXPECT_EQ(head.body, "");
}

TEST_F(AgentTest, EveryCheckInOrder) {
  start(options());
  const std::string good_host = "Host: 127.0.0.1:80\r\n", wrong_host = "Host: 169.254.170.23\r\n";
  const auto wrong = [](std::string_view host) {
    return "Access Denied. Called agent through invalid address, please use either [127.0.0.1] address not " +
           std::string(host) + "\n";
  };
  const std::string cannot_parse = "Service account token cannot be parsed: token is malformed: ";
  const std::string failed = "Service account token failed basic claim validations: ";
  struct Row {
    std::string line, headers;
    int status;
    std::string body;
  };
  const Row rows[] = {
      // The path before the host, and exactly.
      {"GET /", wrong_host, 404, "404 page not found\n"},
      {"GET /v1/credentials/", good_host, 404, "404 page not found\n"},
      {"GET /V1/credentials", good_host, 404, "404 page not found\n"},
      {"GET /v1%2Fcredentials", good_host, 404, "404 page not found\n"},
      // The host before the token.
      {"GET /v1/credentials", wrong_host, 403, wrong("169.254.170.23")},
      {"GET /v1/credentials", "Host: example.com:80\r\n", 403, wrong("example.com")},
      {"GET /v1/credentials", "Host: 127.0.0.1.example.com\r\n", 403, wrong("127.0.0.1.example.com")},
      {"GET /v1/credentials", "Host: [::1]\r\n", 403, wrong("::1")},
      {"GET /v1/credentials", "Host: \r\n", 403, wrong("")},
      {"GET /v1/credentials/..", good_host, 404, "404 page not found\n"},
      {"GET //v1/credentials", good_host, 404, "404 page not found\n"},
      {"GET /v1/credentials;a", good_host, 404, "404 page not found\n"},
      {"GET /metrics", good_host, 404, "404 page not found\n"},
      {"GET /healthz", good_host, 404, "404 page not found\n"},
      // The token, step by step.
      {"GET /v1/credentials", good_host, 400, "Service account token cannot be empty\n"},
      {"GET /v1/credentials", "Host: localhost\r\nAuthorization: \r\n", 400, "Service account token cannot be empty\n"},
      {"GET /v1/credentials", good_host + "Authorization: x\r\n", 400,
       cannot_parse + "token contains an invalid number of segments\n"},
      {"GET /v1/credentials", good_host + "Authorization: Bearer " + token() + "\r\n", 400,
       cannot_parse +
           "could not base64 decode header: illegal base64 data at input byte 6. Send the token alone, without "
           "\"Bearer \" before it\n"},
      {"GET /v1/credentials", good_host + "Authorization: BEARER " + token() + "\r\n", 400,
       cannot_parse +
           "could not base64 decode header: illegal base64 data at input byte 6. Send the token alone, without "
           "\"Bearer \" before it\n"},
      {"GET /v1/credentials", good_host + "Authorization: Basic cG9kOnBvZA==\r\n", 400,
       cannot_parse + "token contains an invalid number of segments\n"},
      {"GET /v1/credentials", good_host + "Authorization: a.b." + token() + "\r\n", 400,
       cannot_parse + "token contains an invalid number of segments\n"},
      {"GET /v1/credentials", good_host + "Authorization: \xff.\xff.\xff\r\n", 400,
       cannot_parse + "could not base64 decode header\n"},
      {"GET /v1/credentials", good_host + "Authorization: " + token(R"({"exp":1700000000})") + "\r\n", 400,
       failed + "token is expired\n"},
      {"GET /v1/credentials", good_host + "Authorization: " + token(R"({"nbf":1700000001})") + "\r\n", 400,
       failed + "token is not valid yet\n"},
  };
  for (const auto& row : rows) {
    auto reply = ask(row.line, row.headers);
    EXPECT_EQ(reply.status, row.status) << row.line << " " << row.headers;
    EXPECT_EQ(reply.body, row.body) << row.line << " " << row.headers;
    EXPECT_TRUE(reply.head.contains("Content-Type: text/plain; charset=utf-8\r\n")) << reply.head;
    EXPECT_TRUE(reply.head.contains("X-Content-Type-Options: nosniff\r\n")) << reply.head;
  }
  EXPECT_EQ(upstream_.calls(), 0);
}

TEST_F(AgentTest, OnlyTheHostAsItIsWrittenCounts) {
  start(options());
  const std::pair<std::string, std::string> rows[] = {
      {"127.0.0.1.", "127.0.0.1."},
      {"127.1", "127.1"},
      {"2130706433", "2130706433"},
      {"0x7f000001", "0x7f000001"},
      {"[::ffff:127.0.0.1]", "::ffff:127.0.0.1"},
      {"[0:0:0:0:0:0:0:1]:80", "0:0:0:0:0:0:0:1"},
      {"example.com\r\nX-Forwarded-Host: 127.0.0.1", "example.com"},
      {"example.com\r\nForwarded: host=127.0.0.1", "example.com"},
      {"example.com\r\nX-Host: 127.0.0.1", "example.com"},
  };
  for (const auto& [host, seen] : rows) {
    auto reply = ask("GET /v1/credentials", "Host: " + host + "\r\nAuthorization: " + token() + "\r\n");
    EXPECT_EQ(reply.status, 403) << host;
    EXPECT_EQ(reply.body,
              "Access Denied. Called agent through invalid address, please use either [127.0.0.1] address not " + seen +
                  "\n");
  }
  EXPECT_EQ(upstream_.calls(), 0);
}

TEST_F(AgentTest, TooManyRequestsComeBeforeTheHost) {
  auto few = options();
  few.requests_per_second = 1e-6;  // a bucket for one request, and none for hours
  start(few);
  EXPECT_EQ(get(token()).status, 200);
  auto reply = ask("GET /v1/credentials", "Host: example.com\r\n");
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.body, "Too Many Requests\n");
  EXPECT_EQ(ask("GET /other", "Host: example.com\r\n").status, 404) << "what is not served is not counted";
}

TEST_F(AgentTest, SaysWhatEksAuthSaid) {
  start(options());
  upstream_.answer_next(
      400, "AccessDeniedException",
      R"({"message":"Unauthorized Exception! EKS does not have permissions to assume the associated role."})");
  auto reply = get(token());
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body,
            "[b69b1279]: (AccessDeniedException): Unauthorized Exception! EKS does not have permissions to assume the "
            "associated role., fault: client\n");
  upstream_.answer_next(404, "ResourceNotFoundException", R"({"message":"none"})");
  EXPECT_EQ(get(token(R"({"jti":"2"})")).status, 404);
  EXPECT_EQ(upstream_.calls(), 2) << "a definite no is not asked again";
}

TEST_F(AgentTest, TriesAgainWhatMayPass) {
  start(options());
  upstream_.answer_next(503, "ServiceUnavailableException", "{}");
  upstream_.answer_next(429, "ThrottlingException", "{}");
  EXPECT_EQ(get(token()).body, kCredentials);
  EXPECT_EQ(upstream_.calls(), 3);
}

TEST_F(AgentTest, ServesWhatItHasWhileEksAuthIsAway) {
  start(options());
  EXPECT_EQ(get(token()).status, 200);
  upstream_.stop();
  clock_.advance(std::chrono::hours{4});
  EXPECT_EQ(get(token()).body, kCredentials);
  auto other = get(token(R"({"jti":"other"})"));
  EXPECT_EQ(other.status, 500);
  EXPECT_TRUE(other.body.starts_with("[]: (ServiceUnavailable): EKS Auth did not answer: http://127.0.0.1:"))
      << other.body;
  EXPECT_TRUE(other.body.ends_with(", fault: server\n")) << other.body;
}

TEST_F(AgentTest, SaysThatTheNodeHasNoCredentials) {
  start(options());
  node_->broken = true;
  auto reply = get(token());
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.body, "[]: (NodeCredentials): the node has no credentials, fault: server\n");
}

TEST_F(AgentTest, HostileRequestsEndWithTheConnection) {
  auto quick = options();
  quick.limits.head = Milliseconds{300};
  quick.limits.idle = Milliseconds{300};
  start(quick);
  const std::string line = "GET /v1/credentials HTTP/1.1\r\n", host = "Host: 127.0.0.1\r\n";
  struct Row {
    std::string bytes;
    int status;
  };
  const Row rows[] = {
      {line + host + "Authorization: " + std::string(40'000, 'a') + "\r\n\r\n", 431},
      {line + host + std::string(300, 'x') + ": " + std::string(33'000, 'y') + "\r\n\r\n", 431},
      {"GET /" + std::string(40'000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 431},
      {line + host + host + "\r\n", 400},  // two hosts
      {line + "\r\n", 400},                // none
      {line + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {line + host + " Authorization: folded\r\n\r\n", 400},
      {line + host + "Authorization : x\r\n\r\n", 400},
      {line + host + "Authorization: a\rb\r\n\r\n", 400},
      {line + "Host: 127.0.0.1\x01\r\n\r\n", 400},
      {line + "Host: 127.0.0.1@example.com\r\n\r\n", 400},
      {line + "Host: example.com@127.0.0.1\r\n\r\n", 400},
      {line + "Host: 127.0.0.1, example.com\r\n\r\n", 400},
      {"GET /v1/credentials HTTP/3.0\r\n" + host + "\r\n", 505},
      {"\x16\x03\x01\x02\x01 hello\r\n\r\n", 400},  // TLS
      {line + host + "Authorization: ", 408},       // and never more
      {line, 408},
  };
  for (const auto& row : rows) {
    http::Wire wire(agent_->port());
    wire.send(row.bytes);
    const auto all = wire.read_to_end();
    ASSERT_GE(all.size(), 12u) << row.bytes.substr(0, 100);
    EXPECT_EQ(std::stoi(all.substr(9, 3)), row.status) << row.bytes.substr(0, 100) << "\n" << all;
    EXPECT_FALSE(all.contains("AccessKeyId"));
  }
  EXPECT_EQ(upstream_.calls(), 0);
}

TEST_F(AgentTest, TheHostOfAnAbsoluteTargetDoesNotHideTheHeader) {
  start(options());
  const auto headers = "Host: example.com\r\nAuthorization: " + token() + "\r\n";
  EXPECT_NE(ask("GET http://127.0.0.1/v1/credentials", headers).status, 200);
  EXPECT_EQ(upstream_.calls(), 0);
}

TEST_F(AgentTest, SlowClientsDoNotHinderOthers) {
  start(options());
  std::vector<std::unique_ptr<http::Wire>> slow;
  for (int i = 0; i < 300; ++i) {
    slow.push_back(std::make_unique<http::Wire>(agent_->port()));
    slow.back()->send("GET /v1/credentials HTTP/1.1\r\nHost: 127");
  }
  EXPECT_EQ(get(token()).status, 200);
}

TEST_F(AgentTest, AsksWithNewCredentialsOfItsOwnWhenTheOldAreNotKnown) {
  start(options());
  upstream_.answer_next(403, "UnrecognizedClientException", R"({"message":"unknown key"})");
  EXPECT_EQ(get(token()).body, kCredentials);
  EXPECT_TRUE(upstream_.last().contains("Credential=ASIANODE2/")) << upstream_.last();
  EXPECT_EQ(upstream_.calls(), 2);
  upstream_.answer_next(403, "AccessDeniedException", R"({"message":"the node may not"})");
  EXPECT_EQ(get(token(R"({"jti":"2"})")).status, 403);
  EXPECT_EQ(upstream_.calls(), 3) << "other refusals are not asked again";
}

TEST_F(AgentTest, CallsEksAuthOverTls) {
  const auto now = SystemClock().now();
  const crypto::Validity validity{now - std::chrono::hours{1}, now + std::chrono::hours{1}};
  auto authority = crypto::CertificateAuthority::create("test authority", validity).value();
  auto stranger = crypto::CertificateAuthority::create("another authority", validity).value();
  auto issued = authority.issue({"server", {}, {"127.0.0.1"}, validity}).value();
  ScriptedEksAuth secure(crypto::ServerTls::of({issued.certificate_pem, issued.key_pem, {}}).value());
  auto with = options();
  with.endpoint = "https://127.0.0.1:" + std::to_string(secure.port);
  with.tls = crypto::ClientTls::make({authority.certificate_pem(), {}, {}, {}, {}}).value();
  start(with);
  EXPECT_EQ(get(token()).body, kCredentials);
  with.tls = crypto::ClientTls::make({stranger.certificate_pem(), {}, {}, {}, {}}).value();
  start(with);
  auto refused = get(token());
  EXPECT_EQ(refused.status, 500) << "only the authority that is named";
  EXPECT_TRUE(refused.body.contains("EKS Auth did not answer")) << refused.body;
  EXPECT_EQ(secure.calls(), 1);
}

// With a watch.
class AgentWatchTest : public AgentTest {
 protected:
  Options watching() {
    auto with = options();
    with.watch = Watch::of_cluster;
    with.probe_port = 0;
    with.metrics_port = 0;
    with.metrics_address = "127.0.0.1";
    return with;
  }
  static std::string pod_token(std::string_view account) {
    return token(R"({"exp":1700086400,"kubernetes.io":{"namespace":"default","serviceaccount":{"name":")" +
                 std::string(account) + R"("}}})");
  }
  static std::string change(std::string_view account, bool deleted) {
    return R"({"changes":[{"namespace":"default","serviceAccount":")" + std::string(account) +
           R"(","associationId":"a-1","deleted":)" + (deleted ? "true" : "false") +
           R"(,"revision":2}],"next":"p2","complete":true,"reset":false})";
  }
  std::string metrics() { return send(agent_->metrics_port(), "GET /metrics", "Host: any\r\n").body; }

  static constexpr const char* kFirst =
      R"({"changes":[{"namespace":"default","serviceAccount":"app","associationId":"a-1","deleted":false,"revision":1}],)"
      R"("next":"p+1","complete":true,"reset":true})";
};

TEST_F(AgentWatchTest, ADeletedAssociationTakesEffectAtTheNextRead) {
  upstream_.announce(kFirst);
  start(watching());
  upstream_.await_watches(2);
  const auto asked = upstream_.last_watch();
  EXPECT_TRUE(asked.starts_with(
      "/clusters/my-cluster/pod-identity-association-changes?maxWaitSeconds=25&after=p%2B1 AWS4-HMAC-SHA256"))
      << asked;
  EXPECT_TRUE(asked.contains("/us-west-2/podpass/aws4_request")) << asked;
  clock_.advance(Milliseconds{1});
  EXPECT_EQ(get(pod_token("app")).status, 200);
  EXPECT_EQ(get(pod_token("other")).status, 200);
  EXPECT_EQ(upstream_.calls(), 2);
  clock_.advance(std::chrono::minutes{10});
  EXPECT_EQ(get(pod_token("app")).status, 200);
  EXPECT_EQ(upstream_.calls(), 2) << "nothing is asked again while there is a watch";

  upstream_.announce(change("app", true));
  upstream_.await_watches(3);
  upstream_.answer_next(404, "ResourceNotFoundException", R"({"message":"none"})");
  EXPECT_EQ(get(pod_token("app")).status, 404);
  EXPECT_EQ(get(pod_token("other")).status, 200);
  EXPECT_EQ(upstream_.calls(), 3);

  upstream_.announce(change("app", false));
  upstream_.await_watches(4);
  EXPECT_EQ(get(pod_token("app")).status, 200) << "made anew: at once";
  const auto text = metrics();
  for (auto line : {"pod_identity_association_watch{status=\"watching\"} 1\n", "pod_identity_association_changes 2\n",
                    "pod_identity_cache_state{state=\"association_changed\"} 1\n"}) {
    EXPECT_TRUE(text.contains(line)) << line << text;
  }
}

TEST_F(AgentWatchTest, AResetHasEverythingAskedOnceMore) {
  upstream_.announce(kFirst);
  start(watching());
  upstream_.await_watches(2);
  clock_.advance(Milliseconds{1});
  EXPECT_EQ(get(pod_token("app")).status, 200);
  clock_.advance(Seconds{1});
  upstream_.announce(R"({"changes":[],"next":"q0","complete":false,"reset":true})");
  upstream_.announce(kFirst);
  upstream_.await_watches(4);
  clock_.advance(Milliseconds{1});
  EXPECT_EQ(upstream_.calls(), 1);
  EXPECT_EQ(get(pod_token("app")).status, 200);
  EXPECT_EQ(get(pod_token("app")).status, 200);
  EXPECT_EQ(upstream_.calls(), 2);
}

TEST_F(AgentWatchTest, AListThatDoesNotGoOnIsNotAskedForInACircle) {
  for (int i = 0; i < 50; ++i) upstream_.announce(R"({"changes":[],"next":"same","complete":false})");
  start(watching());
  upstream_.await_watches(2);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(get(pod_token("app")).status, 200);
  EXPECT_LT(upstream_.watches(), 10);
}

TEST_F(AgentWatchTest, WithoutAWatchAnswersAreRechecked) {
  upstream_.announce(R"({"message":"User: node is not authorized"})", 403);
  start(watching());
  upstream_.await_watches(1);
  EXPECT_EQ(get(pod_token("app")).status, 200);
  clock_.advance(Seconds{5});
  upstream_.answer_next(404, "ResourceNotFoundException", R"({"message":"none"})");
  EXPECT_EQ(get(pod_token("app")).status, 404);
  EXPECT_TRUE(metrics().contains("pod_identity_association_watch{status=\"refused\"} 1\n"));
}

TEST_F(AgentWatchTest, AnAnswerThatCannotBeReadIsNoWatch) {
  for (auto body : {"", "[]", "{}", R"({"changes":{},"next":"x"})", R"({"changes":[],"next":""})"}) {
    ScriptedEksAuth upstream;
    auto with = watching();
    with.endpoint = "http://127.0.0.1:" + std::to_string(upstream.port);
    upstream.announce(body);
    start(with);
    upstream.await_watches(1);
    while (!metrics().contains("status=\"refused\"} 1\n")) {
    }
    agent_.reset();
  }
}

TEST_F(AgentWatchTest, ReadyIfEksAuthHasAnsweredAndIsNotAwayForLong) {
  const auto ready = [&] { return send(agent_->probe_port(), "GET /readyz", "Host: any\r\n").status; };
  const auto alive = [&] { return send(agent_->probe_port(), "GET /healthz", "Host: any\r\n").status; };
  start(watching());
  upstream_.await_watches(1);
  EXPECT_EQ(ready(), 503) << "no answer yet";
  EXPECT_EQ(alive(), 200);
  upstream_.announce(kFirst);
  upstream_.await_watches(2);
  EXPECT_EQ(ready(), 200);
  upstream_.stop();
  EXPECT_EQ(get(token(R"({"jti":"x"})")).status, 500);
  EXPECT_EQ(ready(), 200) << "a restart of the server is no matter";
  clock_.advance(Seconds{59});
  EXPECT_EQ(ready(), 200);
  clock_.advance(Seconds{1});
  EXPECT_EQ(ready(), 503);
  EXPECT_EQ(alive(), 200) << "a restart of the agent would not help";
}

TEST_F(AgentTest, MetricsNameWhatEksAuthHasVerified) {
  auto with = options();
  with.metrics_port = 0;
  with.metrics_address = "127.0.0.1";
  start(with);
  const auto of = [](std::string_view account) {
    return token(R"({"kubernetes.io":{"namespace":"n","serviceaccount":{"name":")" + std::string(account) + R"("}}})");
  };
  get(of("good"));
  upstream_.answer_next(404, "ResourceNotFoundException", R"({"message":"No pod identity association found"})");
  get(of("none"));
  upstream_.answer_next(400, "InvalidTokenException", R"({"message":"forged"})");
  get(of("forged\\\"} 1"));
  upstream_.answer_next(404, "ResourceNotFoundException", R"({"message":"No cluster found for name: x."})");
  get(of("lost"));
  const auto text = send(agent_->metrics_port(), "GET /metrics", "Host: any\r\n").body;
  for (auto line :
       {"pod_identity_association_exchange{namespace=\"n\",service_account=\"good\",outcome=\"success\"} 1\n",
        "pod_identity_association_exchange{namespace=\"n\",service_account=\"none\",outcome="
        "\"ResourceNotFoundException\"} 1\n",
        "pod_identity_association_exchange{namespace=\"\",service_account=\"\",outcome=\"other\"} 2\n",
        "pod_identity_cache_errors{type=\"NonRecoverable\",code=\"ResourceNotFoundException\"} 2\n",
        "pod_identity_cache_errors{type=\"NonRecoverable\",code=\"InvalidTokenException\"} 1\n",
        "pod_identity_association_watch{status=\"none\"} 1\n", "pod_identity_upstream_reachable 1\n",
        "pod_identity_throttled{by=\"agent\"} 0\n", "pod_identity_exchange_seconds_count 4\n"}) {
    EXPECT_TRUE(text.contains(line)) << line << text;
  }
  EXPECT_FALSE(text.contains("forged")) << "what a token claims of itself names nothing";
  EXPECT_FALSE(text.contains("lost"));
}

TEST_F(AgentTest, ReadersAtOnceShareOneExchange) {
  start(options());
  upstream_.hold();
  constexpr std::size_t kReaders = 24;
  std::vector<std::string> bodies(kReaders);
  {
    std::vector<std::jthread> readers;
    for (auto& body : bodies) readers.emplace_back([&body, this] { body = get(token()).body; });
    upstream_.await_calls(1);
    upstream_.release();
  }
  for (const auto& body : bodies) EXPECT_EQ(body, kCredentials);
  EXPECT_EQ(upstream_.calls(), 1);
}

TEST_F(AgentTest, AnImpatientReaderDoesNotCancelTheExchange) {
  start(options());
  upstream_.hold();
  {
    http::Wire wire(agent_->port());
    wire.send("GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: " + token() + "\r\n\r\n");
    upstream_.await_calls(1);
  }  // gone, before the answer
  upstream_.release();
  EXPECT_EQ(get(token()).body, kCredentials);
  EXPECT_EQ(upstream_.calls(), 1);
}

TEST_F(AgentTest, ProbesAndMetrics) {
  auto with = options();
  with.probe_port = 0;
  with.metrics_port = 0;
  with.metrics_address = "127.0.0.1";
  start(with);
  get(token());
  get(token());
  get("x");
  for (auto port : {agent_->probe_port(), agent_->metrics_port()}) {
    for (auto path : {"/healthz", "/readyz"}) {
      auto reply = send(port, std::string("GET ") + path, "Host: any\r\n");
      EXPECT_EQ(reply.status, 200);
      EXPECT_EQ(reply.body, "");
    }
    EXPECT_EQ(send(port, "GET /v1/credentials", "Host: 127.0.0.1\r\n").status, 404);
  }
  auto metrics = send(agent_->metrics_port(), "GET /metrics", "Host: any\r\n");
  EXPECT_TRUE(metrics.head.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n")) << metrics.head;
  for (auto line :
       {"pod_identity_http_response{code=\"200\"} 2\n", "pod_identity_http_response{code=\"400\"} 1\n",
        "pod_identity_exchange{code=\"200\"} 1\n", "pod_identity_cache_state{state=\"hit\"} 1\n",
        "pod_identity_cache_state{state=\"miss\"} 1\n", "pod_identity_cache_entries 1\n",
        "pod_identity_http_response_seconds_count 3\n", "pod_identity_http_response_seconds_bucket{le=\"+Inf\"} 3\n"}) {
    EXPECT_TRUE(metrics.body.contains(line)) << line << metrics.body;
  }
  EXPECT_EQ(send(agent_->metrics_port(), "HEAD /metrics", "Host: any\r\n").body, "");
}

TEST_F(AgentTest, AnIpv6AddressThatIsNotThereIsLeftOut) {
  auto with = options();
  with.bind_hosts = {"2001:db8::1", "127.0.0.1"};
  start(with);
  EXPECT_EQ(get(token()).status, 200);
  EXPECT_EQ(ask("GET /v1/credentials", "Host: [2001:db8::1]:80\r\n").status, 400)
      << "its name is one of ours all the same";
  EXPECT_EQ(ask("GET /v1/credentials", "Host: [2001:db8::1\r\n").status, 403);
  EXPECT_TRUE(ask("GET /v1/credentials", "Host: x\r\n")
                  .body.contains("please use either [2001:db8::1 127.0.0.1] address not x"));
}

TEST_F(AgentTest, AddressesThatMustBeThere) {
  auto with = options();
  with.bind_hosts = {"2001:db8::1"};
  auto none = Agent(with, node_, clock_).start();
  ASSERT_FALSE(none) << "nothing is left to listen on";
  EXPECT_TRUE(none.error().message.contains("2001:db8::1")) << none.error().message;
  with.bind_hosts = {"127.0.0.1", "2001:db8::1"};
  with.ipv6_optional = false;
  EXPECT_FALSE(Agent(with, node_, clock_).start());
  with.bind_hosts = {"127.0.0.1", "192.0.2.1"};
  with.ipv6_optional = true;
  EXPECT_FALSE(Agent(with, node_, clock_).start()) << "only IPv6 may be left out";
  with.bind_hosts = {};
  EXPECT_FALSE(Agent(with, node_, clock_).start());
}

TEST_F(AgentTest, StopsTwiceAndWithoutAStart) {
  start(options());
  EXPECT_EQ(get(token()).status, 200);
  agent_->stop();
  agent_->stop();
  Agent never(options(), node_, clock_);
}

}  // namespace
}  // namespace podpass::agent
