// The ways to a node's credentials: files on disk, and a scripted STS on another port.
#include "cli/node_credentials.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "cli/connection.h"
#include "cli/web_identity.h"
#include "codec/form.h"
#include "http/server.h"

namespace podpass::cli {
namespace {

namespace asio = boost::asio;
using std::chrono::minutes;

class Directory {
 public:
  Directory() {
    char name[] = "/tmp/podpass-credentials-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, std::string_view text) const {
    EXPECT_TRUE(write_file(path_ / name, text, 0600));
    return file(name);
  }

 private:
  std::filesystem::path path_;
};

Result<aws::SigningCredentials> get(CredentialsProvider& provider) {
  asio::io_context loop;
  std::optional<Result<aws::SigningCredentials>> result;
  asio::co_spawn(
      loop,
      [&]() -> asio::awaitable<void> {
        auto got = co_await provider.get();
        result = std::move(got);
      },
      asio::detached);
  loop.run();
  return std::move(*result);
}

// Assumes roles as the test says.
class ScriptedSts {
 public:
  explicit ScriptedSts(const Clock& clock)
      : clock_(clock), server_({1, {}, "sts", nullptr}, [this](http::Request& request, http::Body& body) {
          return serve(request, body);
        }) {
    endpoint.host = "127.0.0.1";
    endpoint.port = server_.listen("127.0.0.1", 0).value();
    server_.start();
  }
  http::Endpoint endpoint;

  void refuse(int status, std::string code) {
    const std::lock_guard lock(mutex_);
    status_ = status;
    code_ = std::move(code);
  }
  void grant(Seconds life = std::chrono::hours{1}) {
    const std::lock_guard lock(mutex_);
    status_ = 200;
    life_ = life;
  }
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  void await_calls(int count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return calls_ >= count; }));
  }
  int calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  std::map<std::string, std::string> last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  asio::awaitable<http::Response> serve(http::Request& request, http::Body& body) {
    auto whole = co_await body.read_all(100'000);
    std::unique_lock lock(mutex_);
    last_.clear();
    for (auto& [name, value] : codec::parse_form(whole.value_or("")).value_or(codec::FormPairs())) last_[name] = value;
    last_["(line)"] = std::string(request.method) + " " + std::string(request.target);
    last_["(signed)"] = request.find("Authorization") ? "yes" : "no";
    ++calls_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    http::Response response;
    response.status = status_;
    response.body = status_ == 200
                        ? "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
                          "<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA" +
                              std::to_string(calls_) +
                              "</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>session&amp;1"
                              "</SessionToken><Expiration>" +
                              format_iso8601(clock_.now() + life_) +
                              "</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
                              "</AssumeRoleWithWebIdentityResponse>"
                        : "<ErrorResponse><Error><Type>Sender</Type><Code>" + code_ +
                              "</Code><Message>not you</Message></Error><RequestId>1</RequestId></ErrorResponse>";
    co_return response;
  }

  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::string> last_;
  std::string code_;
  int status_ = 200, calls_ = 0;
  Seconds life_{3'600};
  bool held_ = false;
  http::Server server_;
};

class NodeCredentials : public testing::Test {
 protected:
  NodeCredentials() { log::set_level(log::Level::off); }
  ~NodeCredentials() override { log::set_level(log::Level::info); }

  std::unique_ptr<CredentialsProvider> web_identity() {
    WebIdentity identity;
    identity.role_arn = "arn:aws:iam::111122223333:role/node";
    identity.token_file = directory_.write("token", "header.claims.signature\n");
    identity.session_name = "node/one two";
    identity.sts = sts_.endpoint;
    return web_identity_credentials(identity, clock_);
  }
  Result<std::unique_ptr<CredentialsProvider>> find(CredentialsKind kind,
                                                    std::map<std::string, std::string> variables) {
    variables.emplace("HOME", directory_.file("home"));
    return find_credentials(kind, {sts_.endpoint, nullptr, "node-1"}, clock_, [variables](const char* name) {
      const auto found = variables.find(name);
      return found == variables.end() ? nullptr : found->second.c_str();
    });
  }

  Directory directory_;
  ManualClock clock_;
  ScriptedSts sts_{clock_};
};

TEST_F(NodeCredentials, WebIdentityAssumesTheRoleWithTheTokenUnsigned) {
  auto provider = web_identity();
  auto got = get(*provider);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->access_key_id, "ASIA1");
  EXPECT_EQ(got->secret.reveal(), "secret");
  EXPECT_EQ(got->session_token, "session&1");
  const auto asked = sts_.last();
  EXPECT_EQ(asked.at("(line)"), "POST /");
  EXPECT_EQ(asked.at("(signed)"), "no");
  EXPECT_EQ(asked.at("Action"), "AssumeRoleWithWebIdentity");
  EXPECT_EQ(asked.at("Version"), "2011-06-15");
  EXPECT_EQ(asked.at("RoleArn"), "arn:aws:iam::111122223333:role/node");
  EXPECT_EQ(asked.at("RoleSessionName"), "node-one-two");
  EXPECT_EQ(asked.at("WebIdentityToken"), "header.claims.signature");
  EXPECT_TRUE(provider->source().contains("arn:aws:iam::111122223333:role/node"));
}

TEST_F(NodeCredentials, WebIdentityIsRenewedInTimeWithTheTokenAsItIsThen) {
  auto provider = web_identity();
  ASSERT_TRUE(get(*provider));
  clock_.advance(minutes{36} - Milliseconds{1});
  EXPECT_EQ(get(*provider)->access_key_id, "ASIA1") << "60 % are not over";
  EXPECT_EQ(sts_.calls(), 1);
  directory_.write("token", "another.token.now");
  clock_.advance(minutes{6});
  EXPECT_EQ(get(*provider)->access_key_id, "ASIA1") << "good still; the renewal runs beside";
  EXPECT_EQ(sts_.calls(), 2);
  EXPECT_EQ(sts_.last().at("WebIdentityToken"), "another.token.now");
  EXPECT_EQ(get(*provider)->access_key_id, "ASIA2");
  EXPECT_EQ(sts_.calls(), 2);
}

TEST_F(NodeCredentials, AThousandWhoAskMakeOneCall) {
  auto provider = web_identity();
  sts_.hold();
  asio::io_context loop;
  int good = 0;
  for (int i = 0; i < 1'000; ++i) {
    asio::co_spawn(
        loop,
        [&]() -> asio::awaitable<void> {
          auto got = co_await provider->get();
          if (got && got->access_key_id == "ASIA1") ++good;
        },
        asio::detached);
  }
  std::jthread other([&] { loop.run(); });
  sts_.await_calls(1);
  sts_.release();
  other.join();
  EXPECT_EQ(good, 1'000);
  EXPECT_EQ(sts_.calls(), 1);
}

TEST_F(NodeCredentials, ThreadsMayAskAtOnce) {
  auto provider = web_identity();
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        if (get(*provider)) ++good;
      });
    }
  }
  EXPECT_EQ(good, 8);
  EXPECT_EQ(sts_.calls(), 1);
}

TEST_F(NodeCredentials, OldOnesAreGivenWhileARenewalFailsWithPauses) {
  auto provider = web_identity();
  ASSERT_TRUE(get(*provider));
  sts_.refuse(400, "ExpiredTokenException");
  clock_.advance(minutes{45});
  EXPECT_EQ(get(*provider)->access_key_id, "ASIA1");
  int calls = 2;
  for (int pause : {1, 2, 4, 8, 16, 30, 30}) {
    EXPECT_EQ(sts_.calls(), calls);
    clock_.advance(Seconds{pause} - Milliseconds{1});
    EXPECT_EQ(get(*provider)->access_key_id, "ASIA1");
    EXPECT_EQ(sts_.calls(), calls) << pause;
    clock_.advance(Milliseconds{1});
    EXPECT_EQ(get(*provider)->access_key_id, "ASIA1");
    ++calls;
  }
  clock_.advance(minutes{15});
  auto none = get(*provider);
  ASSERT_FALSE(none);
  EXPECT_TRUE(none.error().message.contains("ExpiredTokenException: not you")) << none.error().message;
  EXPECT_TRUE(none.error().message.contains("role/node")) << none.error().message;
  EXPECT_FALSE(none.error().message.contains("claims")) << "no token in an error";
  sts_.grant();
  clock_.advance(Seconds{30});
  EXPECT_TRUE(get(*provider));
}

TEST_F(NodeCredentials, WhatTheServerDoesNotKnowIsRenewedBeforeItIsGivenAgain) {
  auto provider = web_identity();
  ASSERT_TRUE(get(*provider));
  provider->refused("ASIA1");
  EXPECT_EQ(get(*provider)->access_key_id, "ASIA1") << "just made: no circle";
  clock_.advance(Seconds{30});
  provider->refused("ASIAOTHER");
  EXPECT_EQ(get(*provider)->access_key_id, "ASIA1");
  provider->refused("ASIA1");
  EXPECT_EQ(get(*provider)->access_key_id, "ASIA2");
}

// A node that starts with its clock ahead and sets it right.
TEST_F(NodeCredentials, AClockThatIsSetBackMakesNobodyWait) {
  auto provider = web_identity();
  sts_.refuse(400, "ExpiredTokenException");
  EXPECT_FALSE(get(*provider));
  sts_.grant();
  clock_.advance(-minutes{60});
  EXPECT_EQ(get(*provider)->access_key_id, "ASIA2");
  clock_.advance(-minutes{60});
  provider->refused("ASIA2");
  EXPECT_EQ(get(*provider)->access_key_id, "ASIA3");
}

TEST_F(NodeCredentials, WhoWaitsIsToldWhenTheProviderGoes) {
  auto provider = web_identity();
  sts_.hold();
  asio::io_context loop;
  std::optional<Result<aws::SigningCredentials>> got;
  asio::co_spawn(
      loop,
      [&]() -> asio::awaitable<void> {
        auto result = co_await provider->get();
        got = std::move(result);
      },
      asio::detached);
  std::jthread other([&] { loop.run(); });
  sts_.await_calls(1);
  asio::post(loop, [&] { provider.reset(); });
  sts_.release();
  other.join();
  ASSERT_TRUE(got);
}

TEST_F(NodeCredentials, WebIdentityThatCannotWork) {
  auto provider = web_identity();
  std::filesystem::remove(directory_.file("token"));
  EXPECT_TRUE(get(*provider).error().message.contains("Cannot read " + directory_.file("token")));
  directory_.write("token", "\n");
  clock_.advance(Seconds{30});
  EXPECT_TRUE(get(*provider).error().message.contains("holds no token"));
  directory_.write("token", std::string(kMaxTokenBytes + 1, 'a'));
  clock_.advance(Seconds{30});
  EXPECT_FALSE(get(*provider));
  EXPECT_EQ(sts_.calls(), 0);
  directory_.write("token", "good");
  sts_.grant(Seconds{15});
  clock_.advance(Seconds{30});
  EXPECT_TRUE(get(*provider).error().message.contains("compare the clocks"));
}

TEST_F(NodeCredentials, AnswersOfSts) {
  http::ClientResponse response;
  response.status = 200;
  for (const char* body :
       {"", "<html/>", "<AssumeRoleWithWebIdentityResponse/>",
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
        "<AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey><Expiration>soon</Expiration>"
        "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"}) {
    response.body = body;
    EXPECT_FALSE(read_web_identity_answer(response)) << body;
  }
  response.status = 503;
  response.body = "<html>";
  EXPECT_EQ(read_web_identity_answer(response).error().message, "STS answered with status 503.");
}

TEST_F(NodeCredentials, ASharedFileIsReadAgainWhenItChanges) {
  const auto text = [](std::string_view key) {
    return "[default]\naws_access_key_id=" + std::string(key) + "\naws_secret_access_key=secret\n";
  };
  auto path = directory_.write("credentials", text("ASIA1"));
  auto provider = shared_file_credentials({path, "default"}, clock_);
  EXPECT_EQ(get(*provider)->access_key_id, "ASIA1");
  directory_.write("credentials", text("ASIA2"));
  EXPECT_EQ(get(*provider)->access_key_id, "ASIA2");
  directory_.write("credentials", "[default]\nhalf");
  EXPECT_EQ(get(*provider)->access_key_id, "ASIA2") << "what cannot be read changes nothing";
  std::filesystem::remove(path);
  EXPECT_EQ(get(*provider)->access_key_id, "ASIA2");
  directory_.write("credentials", text("ASIA3"));
  EXPECT_EQ(get(*provider)->access_key_id, "ASIA3");
  auto missing = shared_file_credentials({directory_.file("none"), "default"}, clock_);
  EXPECT_TRUE(get(*missing).error().message.contains("Cannot read"));
  directory_.write("none", text("ASIA4"));
  EXPECT_EQ(get(*missing)->access_key_id, "ASIA4");
}

TEST_F(NodeCredentials, ProfilesOfASharedFile) {
  constexpr std::string_view kText =
      "# comment\r\n; another\n[default]\naws_access_key_id = A\naws_secret_access_key = S=\n"
      "s3 =\n  max_concurrent_requests = 1\n  nonsense\n[ other ]\nAWS_ACCESS_KEY_ID=B\naws_secret_access_key=T\n"
      "aws_session_token = U\n[half]\naws_access_key_id = C\n";
  auto found = read_profile(kText, "default", "f");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->access_key_id, "A");
  EXPECT_EQ(found->secret.reveal(), "S=");
  EXPECT_EQ(found->session_token, "");
  auto other = read_profile(kText, "other", "f");
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_EQ(other->access_key_id, "B");
  EXPECT_EQ(other->session_token, "U");
  const std::tuple<std::string_view, const char*, const char*> bad[] = {
      {kText, "none", "f has no profile [none]."},
      {kText, "half", "f: profile [half] has no aws_secret_access_key."},
      {"", "default", "f has no profile [default]."},
      {"[default\n", "default", "f line 1: a profile's name has no ']' at its end."},
      {"[default]\n\nwhat", "default", "f line 3: expected [profile] or name = value."},
  };
  for (const auto& [text, profile, why] : bad) {
    auto none = read_profile(text, profile, "f");
    ASSERT_FALSE(none) << why;
    EXPECT_EQ(none.error().message, why);
  }
}

TEST_F(NodeCredentials, AutomaticTakesTheFirstThatIsThere) {
  const auto file = directory_.write("f", "[p]\naws_access_key_id=F\naws_secret_access_key=S\n");
  std::map<std::string, std::string> all = {{"AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/node"},
                                            {"AWS_WEB_IDENTITY_TOKEN_FILE", directory_.write("t", "x")},
                                            {"AWS_ACCESS_KEY_ID", "E"},
                                            {"AWS_SECRET_ACCESS_KEY", "S"},
                                            {"AWS_SESSION_TOKEN", "T"},
                                            {"AWS_SHARED_CREDENTIALS_FILE", file},
                                            {"AWS_PROFILE", "p"}};
  const auto key_of = [&](CredentialsKind kind) {
    auto provider = find(kind, all);
    if (!provider) return provider.error().message;
    auto got = get(**provider);
    return got ? got->access_key_id : got.error().message;
  };
  EXPECT_EQ(key_of(CredentialsKind::automatic), "ASIA1");
  EXPECT_EQ(sts_.last().at("RoleSessionName"), "node-1");
  EXPECT_EQ(key_of(CredentialsKind::environment), "E");
  EXPECT_EQ(key_of(CredentialsKind::file), "F");
  all.erase("AWS_WEB_IDENTITY_TOKEN_FILE");
  EXPECT_EQ(key_of(CredentialsKind::automatic), "E") << "a role's ARN alone says nothing";
  EXPECT_TRUE(key_of(CredentialsKind::web_identity).contains("needs the environment variable AWS_WEB_IDENTITY_TOKEN"));
  all.erase("AWS_ACCESS_KEY_ID");
  EXPECT_EQ(key_of(CredentialsKind::automatic), "F");
  EXPECT_TRUE(key_of(CredentialsKind::environment).contains("set AWS_ACCESS_KEY_ID"));
  all.clear();
  EXPECT_TRUE(key_of(CredentialsKind::automatic).contains("home/.aws/credentials does not exist"));
  std::filesystem::create_directories(directory_.file("home/.aws"));
  directory_.write("home/.aws/credentials", "[default]\naws_access_key_id=H\naws_secret_access_key=S\n");
  EXPECT_EQ(key_of(CredentialsKind::automatic), "H");
  EXPECT_EQ(key_of(CredentialsKind::file), "H");
}

TEST_F(NodeCredentials, KindsHaveNames) {
  EXPECT_EQ(parse_credentials_kind("auto").value(), CredentialsKind::automatic);
  EXPECT_EQ(parse_credentials_kind("web-identity").value(), CredentialsKind::web_identity);
  EXPECT_TRUE(parse_credentials_kind("imds\n").error().message.contains("'imds\\n'"));
}

}  // namespace
}  // namespace podpass::cli
