// Events on their way to a scripted API server.
#include "agent/pod_events.h"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "codec/json.h"
#include "http/server.h"

namespace podpass::agent {
namespace {

namespace asio = boost::asio;

class ScriptedApiServer {
 public:
  ScriptedApiServer()
      : server_({1, {}, "api", nullptr},
                [this](http::Request& request, http::Body& body) { return serve(request, body); }) {
    where.endpoint.host = "127.0.0.1";
    where.endpoint.port = server_.listen("127.0.0.1", 0).value();
    where.token = Secret("agent-token");
    server_.start();
  }
  kube::ApiServer where;

  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  std::vector<std::string> await(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return asked_.size() >= count; }));
    return asked_;
  }

 private:
  asio::awaitable<http::Response> serve(http::Request& request, http::Body& body) {
    auto whole = co_await body.read_all(100'000);
    std::unique_lock lock(mutex_);
    asked_.push_back(std::string(request.method) + " " + std::string(request.target) + " " +
                     std::string(request.header("Authorization")) + "\n" + std::string(whole.value_or("cut")));
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    http::Response response;
    response.status = 201;
    response.headers.emplace_back("Content-Type", "application/json");
    response.body = "{}";
    co_return response;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> asked_;
  bool held_ = false;
  http::Server server_;
};

class PodEventsTest : public testing::Test {
 protected:
  ~PodEventsTest() override {
    guard_.reset();
    thread_.join();
  }
  static TokenClaims pod(std::string uid) {
    TokenClaims claims;
    claims.namespace_ = "default";
    claims.service_account = "app";
    claims.pod_name = "app-1";
    claims.pod_uid = std::move(uid);
    return claims;
  }
  static ExchangeFailure denied() {
    return {400, "id", "AccessDeniedException", "Unauthorized Exception! EKS does not have permissions", true};
  }
  // On the loop, as the agent does.
  void tell(TokenClaims claims, ExchangeFailure failure) {
    std::promise<void> done;
    asio::post(loop_, [&] {
      events_.tell(claims, failure);
      done.set_value();
    });
    done.get_future().wait();
  }

  ManualClock clock_;
  ScriptedApiServer server_;
  asio::io_context loop_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_ = asio::make_work_guard(loop_);
  PodEvents events_{loop_.get_executor(), server_.where, "node-1", clock_};
  std::thread thread_{[this] { loop_.run(); }};
};

TEST_F(PodEventsTest, ADenialIsToldOnThePod) {
  tell(pod("u-1"), denied());
  const auto asked = server_.await(1).front();
  EXPECT_TRUE(asked.starts_with("POST /api/v1/namespaces/default/events Bearer agent-token\n")) << asked;
  auto event = codec::parse_json(asked.substr(asked.find('\n') + 1)).value();
  EXPECT_EQ(event, codec::parse_json(R"({
    "apiVersion": "v1", "kind": "Event",
    "metadata": {"generateName": "podpass-agent-", "namespace": "default"},
    "involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": "default", "name": "app-1", "uid": "u-1"},
    "type": "Warning", "reason": "PodIdentityDenied",
    "message": "No credentials for service account app: AccessDeniedException: Unauthorized Exception! EKS does not have permissions",
    "source": {"component": "podpass-agent", "host": "node-1"},
    "firstTimestamp": "2023-11-14T22:13:20Z", "lastTimestamp": "2023-11-14T22:13:20Z", "count": 1})")
                       .value());
}

TEST_F(PodEventsTest, OncePerPodAndReasonInTenMinutes) {
  for (int i = 0; i < 5; ++i) tell(pod("u-1"), denied());
  tell(pod("u-2"), denied());
  tell(pod("u-1"), {404, "id", "ResourceNotFoundException", "No pod identity association found", true});
  clock_.advance(PodEvents::kEvery);
  tell(pod("u-1"), denied());
  const auto asked = server_.await(4);
  EXPECT_EQ(asked.size(), 4u);
  EXPECT_TRUE(asked[1].contains("u-2"));
  EXPECT_TRUE(asked[2].contains("PodIdentityNotAssociated"));
  EXPECT_TRUE(asked[3].contains("u-1"));
}

TEST_F(PodEventsTest, OnlyWhatEksAuthSaidOfAVerifiedToken) {
  const ExchangeFailure silent[] = {
      {400, "id", "InvalidTokenException", "forged", true},
      {400, "id", "ExpiredTokenException", "old", true},
      {404, "id", "ResourceNotFoundException", "No cluster found for name: x.", true},
      {403, "id", "AccessDeniedException", "User: node is not authorized", false},
      {0, "", "ServiceUnavailable", "away", false},
  };
  for (const auto& failure : silent) tell(pod("u-1"), failure);
  tell(pod(""), denied());  // of no pod
  tell(pod("u-2"), denied());
  EXPECT_EQ(server_.await(1).size(), 1u);
  EXPECT_TRUE(server_.await(1).front().contains("u-2"));
}

TEST_F(PodEventsTest, TooManyAreLeftOut) {
  server_.hold();
  tell(pod("first"), denied());
  server_.await(1);
  for (std::size_t i = 0; i < PodEvents::kMaxWaiting + 5; ++i) tell(pod(std::to_string(i)), denied());
  EXPECT_EQ(events_.left_out(), 5u);
  server_.release();
  server_.await(1 + PodEvents::kMaxWaiting);
}

}  // namespace
}  // namespace podpass::agent
