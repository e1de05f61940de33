// Commands that run as pods, with a scripted server that gives out their tokens.
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/clock.h"
#include "codec/json.h"
#include "exec/exec.h"
#include "http/server.h"
#include "store/test_directory.h"

namespace podpass::exec {
namespace {

class RunTest : public testing::Test {
 protected:
  RunTest()
      : server_({1, {}, "podpass", {}},
                [this](http::Request& request, http::Body& body) { return serve(request, body); }) {
    connection_.endpoint = "http://127.0.0.1:" + std::to_string(server_.listen("127.0.0.1", 0).value());
    connection_.region = "us-west-2";
    connection_.agent_uri = "http://127.0.0.1:1/v1/credentials";
    connection_.credentials = {"AKIA1", Secret("secret"), ""};
    server_.start();
  }
  ~RunTest() override { server_.stop(); }

  // Runs a script of the shell as a pod.
  Result<int> shell(std::string script) {
    Options options;
    options.pod.cluster = "my cluster";
    options.pod.service_account = "sa";
    options.command = {"/bin/sh", "-c", std::move(script)};
    return run(connection_, options);
  }
  std::string file(const std::string& name) {
    std::ifstream in(directory_.path() / name);
    std::string line;
    std::getline(in, line);
    return line;
  }
  std::string path(const std::string& name) { return (directory_.path() / name).string(); }

  cli::Connection connection_;
  store::TestDirectory directory_;
  std::atomic<int> calls_{0};
  std::atomic<bool> refuse_{false};
  std::string target_, body_;  // of the last call; read when no command runs

 private:
  boost::asio::awaitable<http::Response> serve(http::Request& request, http::Body& body) {
    target_ = request.target;
    body_ = (co_await body.read_all(10'000)).value_or("");
    http::Response response;
    if (refuse_) {
      response.status = 404;
      response.body = R"({"message":"No cluster found for name: my cluster."})";
      co_return response;
    }
    // The first token has no life left, so that it is renewed.
    const int call = ++calls_;
    const auto expires = SystemClock().now() + std::chrono::hours{call == 1 ? 0 : 24};
    response.body = codec::write_json(
        codec::Value::map({{"token", "token-" + std::to_string(call)}, {"expiration", epoch_seconds(expires)}}));
    co_return response;
  }
  http::Server server_;
};

TEST_F(RunTest, ExitCodesPassThrough) {
  EXPECT_EQ(shell("exit 0").value_or(-1), 0);
  EXPECT_EQ(shell("exit 7").value_or(-1), 7);
  EXPECT_EQ(shell("kill -KILL $$").value_or(-1), 128 + SIGKILL);
  Options options;
  options.pod.service_account = "sa";
  options.command = {"/no/such/command"};
  EXPECT_EQ(run(connection_, options).value_or(-1), 127);
  options.command = {"/dev/null"};
  EXPECT_EQ(run(connection_, options).value_or(-1), 126);
}

TEST_F(RunTest, AnIgnoredSigchldIsNotInherited) {
  auto before = signal(SIGCHLD, SIG_IGN);
  EXPECT_EQ(shell("exit 7").value_or(-1), 7);
  signal(SIGCHLD, before);
}

TEST_F(RunTest, TheCommandSeesAPod) {
  auto code = shell("cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE > " + path("token") +
                    "; stat -c %a $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE > " + path("mode") +
                    "; echo $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE > " + path("where") +
                    "; echo $AWS_CONTAINER_CREDENTIALS_FULL_URI > " + path("agent"));
  ASSERT_EQ(code.value_or(-1), 0);
  EXPECT_TRUE(file("token").starts_with("token-"));
  EXPECT_EQ(std::filesystem::file_size(path("token")), file("token").size()) << "no line end: SDKs refuse it";
  EXPECT_EQ(file("mode"), "600");
  EXPECT_EQ(file("agent"), connection_.agent_uri);
  EXPECT_FALSE(std::filesystem::exists(file("where"))) << "the token goes with the command";
  EXPECT_EQ(target_, "/clusters/my%20cluster/service-account-tokens");
  auto asked = codec::parse_json(body_).value();
  EXPECT_EQ(asked.text("namespace"), "default");
  EXPECT_EQ(asked.text("serviceAccount"), "sa");
  EXPECT_TRUE(asked.text("podName").starts_with("sa-"));
  EXPECT_EQ(asked.text("podUid").size(), 36u);
}

TEST_F(RunTest, TheTokenIsRenewedWhileTheCommandRuns) {
  EXPECT_EQ(shell("until grep -q token-2 $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE; do :; done; exit 3").value_or(-1), 3);
  EXPECT_EQ(calls_, 2);
}

TEST_F(RunTest, SignalsPassThrough) {
  ASSERT_EQ(::mkfifo(path("ready").c_str(), 0600), 0);
  const auto self = pthread_self();
  std::jthread sender([&] {
    std::ifstream ready(path("ready"));  // opens when the command does
    std::string line;
    std::getline(ready, line);
    pthread_kill(self, SIGTERM);
  });
  EXPECT_EQ(shell("trap 'exit 9' TERM; echo ready > " + path("ready") + "; while :; do :; done").value_or(-1), 9);
}

TEST_F(RunTest, ARefusalIsTheServersText) {
  refuse_ = true;
  auto code = shell("echo ran > " + path("ran"));
  ASSERT_FALSE(code);
  EXPECT_EQ(code.error().message, "No cluster found for name: my cluster.");
  EXPECT_FALSE(std::filesystem::exists(path("ran")));
}

}  // namespace
}  // namespace podpass::exec
