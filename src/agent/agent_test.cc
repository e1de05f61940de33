// The agent over the wire: bytes in and bytes out, with a scripted EKS Auth on another port.
#include "agent/agent.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "codec/base64.h"
#include "http/server.h"
#include "http/wire_test.h"

namespace podpass::agent {
namespace {

// Answers what the test says, and remembers what it was asked.
class ScriptedEksAuth {
 public:
  ScriptedEksAuth()
      : server_({1, {}, "eks-auth"},
                [this](http::Request& request, http::Body& body) { return serve(request, body); }) {
    port = server_.listen("127.0.0.1", 0).value();
    server_.start();
  }

  void answer_next(int status, std::string type, std::string body) {
    std::lock_guard lock(mutex_);
    script_.push_back({status, std::move(type), std::move(body)});
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
  struct Line {
    int status;
    std::string type, body;
  };

  boost::asio::awaitable<http::Response> serve(http::Request& request, http::Body& body) {
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

  static constexpr const char* kGood =
      R"({"podIdentityAssociation":{"associationId":"a-1"},)"
      R"("assumedRoleUser":{"arn":"arn:aws:sts::111122223333:assumed-role/r/s"},)"
      R"("credentials":{"sessionToken":"session","secretAccessKey":"secret","accessKeyId":"ASIA1",)"
      R"("expiration":1700021600}})";

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Line> script_;
  std::string last_;
  int calls_ = 0;
  bool held_ = false;
  http::Server server_;
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
    agent_ = std::make_unique<Agent>(
        std::move(options),
        [this]() -> Result<NodeCredentials> {
          if (node_broken_) return Error::unavailable("the node has no credentials");
          return NodeCredentials{"ASIANODE", Secret("node-secret"), Secret("node-session")};
        },
        clock_);
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
  std::atomic<bool> node_broken_{false};
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
  EXPECT_TRUE(asked.contains("Credential=ASIANODE/20231114/us-west-2/eks-auth/aws4_request")) << asked;
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
      // The token, step by step.
      {"GET /v1/credentials", good_host, 400, "Service account token cannot be empty\n"},
      {"GET /v1/credentials", "Host: localhost\r\nAuthorization: \r\n", 400, "Service account token cannot be empty\n"},
      {"GET /v1/credentials", good_host + "Authorization: x\r\n", 400,
       cannot_parse + "token contains an invalid number of segments\n"},
      {"GET /v1/credentials", good_host + "Authorization: Bearer " + token() + "\r\n", 400,
       cannot_parse +
           "could not base64 decode header: illegal base64 data at input byte 6. Send the token alone, without "
           "\"Bearer \" before it\n"},
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
  node_broken_ = true;
  auto reply = get(token());
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.body, "[]: (NodeCredentials): the node has no credentials, fault: server\n");
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
  const auto provider = []() -> Result<NodeCredentials> { return NodeCredentials{}; };
  auto with = options();
  with.bind_hosts = {"2001:db8::1"};
  auto none = Agent(with, provider, clock_).start();
  ASSERT_FALSE(none) << "nothing is left to listen on";
  EXPECT_TRUE(none.error().message.contains("2001:db8::1")) << none.error().message;
  with.bind_hosts = {"127.0.0.1", "2001:db8::1"};
  with.ipv6_optional = false;
  EXPECT_FALSE(Agent(with, provider, clock_).start());
  with.bind_hosts = {"127.0.0.1", "192.0.2.1"};
  with.ipv6_optional = true;
  EXPECT_FALSE(Agent(with, provider, clock_).start()) << "only IPv6 may be left out";
  with.bind_hosts = {};
  EXPECT_FALSE(Agent(with, provider, clock_).start());
}

TEST_F(AgentTest, StopsTwiceAndWithoutAStart) {
  start(options());
  EXPECT_EQ(get(token()).status, 200);
  agent_->stop();
  agent_->stop();
  Agent never(options(), []() -> Result<NodeCredentials> { return NodeCredentials{}; }, clock_);
}

}  // namespace
}  // namespace podpass::agent
