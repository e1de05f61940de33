#include "webhook/service_accounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "webhook/fake_api_server_test.h"
#include "webhook/loop_test.h"

namespace podpass::webhook {
namespace {

using kube::RegionalSts;
using kube::ServiceAccountSettings;

constexpr auto kRole = "arn:aws:iam::111122223333:role/r";
constexpr auto kAnnotated = R"({"eks.amazonaws.com/role-arn":"arn:aws:iam::111122223333:role/r"})";

TEST(Roles, TheKnownWebhooksConfigMap) {
  auto roles = parse_roles(R"({"ns/a":{"RoleARN":"r","Audience":"x","UseRegionalSTS":true,"TokenExpiration":3600},
                              "*/b":{"RoleARN":"s","Audience":"","UseRegionalSTS":false,"TokenExpiration":1},
                              "ns/c":{}})");
  ASSERT_TRUE(roles);
  EXPECT_EQ(roles->at("ns/a"), (ServiceAccountSettings{"r", "x", RegionalSts::yes, 3600}));
  EXPECT_EQ(roles->at("*/b"), (ServiceAccountSettings{"s", {}, RegionalSts::no, 600}));
  EXPECT_EQ(roles->at("ns/c"), ServiceAccountSettings());
  EXPECT_TRUE(parse_roles("").value().empty());
  for (const auto* bad : {"{", "[]", R"({"nothing":{}})", R"({"/a":{}})", R"({"ns/":{}})", R"({"ns/a":"r"})"})
    EXPECT_FALSE(parse_roles(bad)) << bad;
}

class ServiceAccountsTest : public testing::Test {
 protected:
  ServiceAccountsTest() { log::set_level(log::Level::off); }
  ~ServiceAccountsTest() override { loop_.stop(); }

  void begin(std::string config_map_namespace = "") {
    client_ = std::make_unique<kube::ApiClient>(loop_.executor(), server_.address());
    known_ = std::make_unique<ServiceAccounts>(
        loop_.executor(), ServiceAccounts::Options{"eks.amazonaws.com", std::move(config_map_namespace)}, *client_,
        metrics_);
    known_->start();
    ASSERT_TRUE(signal_.wait_for([&] { return known_->complete(); }));
  }
  std::optional<std::string> role(const std::string& namespace_, const std::string& name) {
    auto found = known_->find(namespace_, name);
    return found ? found->role_arn : std::nullopt;
  }

  Metrics metrics_;
  Signal signal_;
  FakeApiServer server_;
  Loop loop_;
  std::unique_ptr<kube::ApiClient> client_;
  std::unique_ptr<ServiceAccounts> known_;
};

TEST_F(ServiceAccountsTest, ListsPageByPageAndWatches) {
  for (int i = 0; i < 10; ++i) server_.service_account("ns", fmt::format("sa-{}", i), i == 7 ? kAnnotated : "{}");
  begin();
  EXPECT_EQ(role("ns", "sa-7"), kRole);
  EXPECT_EQ(known_->find("ns", "sa-9"), ServiceAccountSettings());
  EXPECT_EQ(known_->find("ns", "none"), std::nullopt);
  server_.service_account("ns", "new", kAnnotated);
  EXPECT_TRUE(signal_.wait_for([&] { return role("ns", "new") == kRole; }));
  server_.service_account("ns", "new", "{}");
  EXPECT_TRUE(signal_.wait_for([&] { return known_->find("ns", "new") == ServiceAccountSettings(); }));
  server_.remove("/api/v1/namespaces/ns/serviceaccounts/new");
  EXPECT_TRUE(signal_.wait_for([&] { return known_->find("ns", "new") == std::nullopt; }));
}

TEST_F(ServiceAccountsTest, ListsAnewWhenTheServerForgot) {
  server_.service_account("ns", "old", kAnnotated);
  begin();
  server_.silence_watches();
  server_.remove("/api/v1/namespaces/ns/serviceaccounts/old");
  server_.service_account("ns", "new", kAnnotated);
  EXPECT_EQ(role("ns", "old"), kRole);
  server_.forget_versions();
  EXPECT_TRUE(signal_.wait_for([&] { return role("ns", "new") == kRole && !known_->find("ns", "old"); }));
}

TEST_F(ServiceAccountsTest, AFetchFillsWhatTheWatchHasNotBrought) {
  begin();
  server_.silence_watches();
  server_.service_account("ns", "new", kAnnotated);
  auto asked = loop_.run(known_->ask("ns", "new"));
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->value().role_arn, kRole);
  auto none = loop_.run(known_->ask("ns", "none"));
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
  EXPECT_THAT(metrics_.text(), testing::HasSubstr("pod_identity_webhook_missing_sa_count 1\n"));
}

TEST_F(ServiceAccountsTest, FetchesAreBounded) {
  begin();
  int refused = 0;
  for (int i = 0; i < 40; ++i) refused += loop_.run(known_->ask("ns", fmt::format("none-{}", i))) ? 0 : 1;
  EXPECT_GE(refused, 10);
  EXPECT_LE(server_.calls("GET /serviceaccounts/none-"), 30);
}

TEST_F(ServiceAccountsTest, AServerThatRefusesIsAnError) {
  begin();
  server_.forbid("/serviceaccounts/new");
  auto asked = loop_.run(known_->ask("ns", "new"));
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().kind, ErrorKind::unavailable);
}

TEST_F(ServiceAccountsTest, RolesOfTheConfigMap) {
  const std::string path = "/api/v1/namespaces/eks/configmaps/pod-identity-webhook";
  const auto config_map = [&](std::string_view config) {
    std::string quoted;
    codec::write_json_string(config, quoted);
    server_.put(
        path,
        fmt::format(R"({{"metadata":{{"namespace":"eks","name":"pod-identity-webhook"}},"data":{{"config":{}}}}})",
                    quoted));
  };
  server_.service_account("ns", "plain");
  server_.service_account("ns", "own", R"({"eks.amazonaws.com/role-arn":"own"})");
  config_map(R"({"ns/plain":{"RoleARN":"one"},"ns/own":{"RoleARN":"two"},"*/star":{"RoleARN":"three"},
                 "ns/star":{"RoleARN":"four"}})");
  begin("eks");
  EXPECT_EQ(role("ns", "plain"), "one");
  EXPECT_EQ(role("ns", "own"), "own");
  EXPECT_EQ(role("ns", "star"), "four");
  EXPECT_EQ(role("any", "star"), "three");
  EXPECT_EQ(role("any", "plain"), std::nullopt);
  config_map("{ nonsense");
  config_map(R"({"ns/plain":{"RoleARN":"five"}})");
  EXPECT_TRUE(signal_.wait_for([&] { return role("ns", "plain") == "five"; }));
  EXPECT_EQ(role("any", "star"), std::nullopt);
  config_map("{ nonsense");
  server_.service_account("ns", "seen");
  EXPECT_TRUE(signal_.wait_for([&] { return known_->find("ns", "seen").has_value(); }));
  EXPECT_EQ(role("ns", "plain"), "five") << "what cannot be read changes nothing";
  server_.remove(path);
  EXPECT_TRUE(signal_.wait_for([&] { return role("ns", "plain") == std::nullopt; }));
}

}  // namespace
}  // namespace podpass::webhook
