#include "webhook/self_signed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "codec/base64.h"
#include "crypto/x509.h"
#include "webhook/fake_api_server_test.h"
#include "webhook/loop_test.h"

namespace podpass::webhook {
namespace {

using codec::Value;

constexpr auto kSecret = "/api/v1/namespaces/podpass/secrets/webhook-tls";
constexpr auto kConfiguration = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/podpass-webhook";

class SelfSignedTest : public testing::Test {
 protected:
  SelfSignedTest() {
    log::set_level(log::Level::off);
    server_.put(kConfiguration, R"({"webhooks":[
        {"name":"a","clientConfig":{"service":{"name":"webhook","namespace":"podpass"}}},
        {"name":"b","clientConfig":{"service":{"name":"other","namespace":"podpass"}}},
        {"name":"c","clientConfig":{"url":"https://127.0.0.1/mutate","caBundle":"Cg=="}}]})");
  }

  std::unique_ptr<SelfSigned> replica() {
    auto made = SelfSigned::create(loop_.executor(), {"webhook", "podpass", "webhook-tls", "podpass-webhook"}, client_,
                                   clock_, metrics_);
    return made ? std::move(*made) : nullptr;
  }
  Result<void> settle(SelfSigned& replica) { return loop_.run(replica.settle()); }

  std::string data(const std::string& name) {
    auto secret = server_.object(kSecret);
    const auto* data = secret.find("data");
    return data ? codec::base64_decode(data->text(name)).value() : "";
  }
  std::string bundle(std::size_t webhook) {
    auto configuration = server_.object(kConfiguration);
    const auto& webhooks = *configuration.find("webhooks")->as<Value::List>();
    return codec::base64_decode(webhooks[webhook].find("clientConfig")->text("caBundle")).value();
  }

  ManualClock clock_{from_epoch_seconds(1'800'000'000)};
  Metrics metrics_;
  FakeApiServer server_;
  Loop loop_;
  kube::ApiClient client_{loop_.executor(), server_.address()};
};

TEST_F(SelfSignedTest, MakesThePairSharesItAndWritesTheBundle) {
  auto first = replica();
  ASSERT_TRUE(first);
  auto settled = settle(*first);
  ASSERT_TRUE(settled) << settled.error().message;
  const auto facts = crypto::read_certificates(data("tls.crt")).value();
  EXPECT_THAT(facts[0].dns_names, testing::IsSupersetOf({"webhook", "webhook.podpass", "webhook.podpass.svc",
                                                         "webhook.podpass.svc.cluster.local"}));
  EXPECT_EQ(facts[0].issuer, crypto::read_certificates(data("ca.crt")).value()[0].subject);
  EXPECT_EQ(facts[0].not_after, first->tls()->not_after());
  EXPECT_EQ(bundle(0), data("ca.crt"));
  EXPECT_EQ(bundle(1), "") << "another service's";
  EXPECT_EQ(bundle(2), data("ca.crt"));

  auto second = replica();
  const auto before = server_.object(kSecret);
  ASSERT_TRUE(settle(*second));
  EXPECT_EQ(server_.object(kSecret), before) << "a second replica takes over what is there";
  EXPECT_EQ(second->tls()->not_after(), first->tls()->not_after());
}

TEST_F(SelfSignedTest, RenewsByTheSameAuthority) {
  auto first = replica(), second = replica();
  ASSERT_TRUE(settle(*first) && settle(*second));
  const auto authority = data("ca.crt"), certificate = data("tls.crt");
  clock_.advance(std::chrono::days{59});
  ASSERT_TRUE(settle(*first));
  EXPECT_EQ(data("tls.crt"), certificate) << "more than a third is left";
  clock_.advance(std::chrono::days{2});
  ASSERT_TRUE(settle(*first));
  EXPECT_NE(data("tls.crt"), certificate);
  EXPECT_EQ(data("ca.crt"), authority);
  const auto renewed = data("tls.crt");
  ASSERT_TRUE(settle(*second));
  EXPECT_EQ(data("tls.crt"), renewed);
  EXPECT_EQ(second->tls()->not_after(), first->tls()->not_after());
  EXPECT_THAT(metrics_.text(), testing::HasSubstr("certificate_manager_server_rotation_seconds_count 2\n"));
  EXPECT_THAT(metrics_.text(),
              testing::HasSubstr("certificate_manager_server_rotation_seconds_bucket{le=\"2592000\"} 0\n"));
}

TEST_F(SelfSignedTest, ANewAuthorityComesBesideTheOldOne) {
  auto first = replica();
  ASSERT_TRUE(settle(*first));
  const auto old = data("ca.crt");
  clock_.advance(kAuthorityLife * 2 / 3 + std::chrono::days{1});
  ASSERT_TRUE(settle(*first));
  EXPECT_NE(data("ca.crt"), old);
  EXPECT_EQ(bundle(0), old + data("ca.crt"));
  clock_.advance(kAuthorityLife / 3);
  ASSERT_TRUE(settle(*first));
  EXPECT_EQ(bundle(0), data("ca.crt")) << "what is over is dropped";
}

TEST_F(SelfSignedTest, WritesTheBundleAgainWhenSomebodyOverwroteIt) {
  auto first = replica();
  ASSERT_TRUE(settle(*first));
  const int patches = server_.calls("PATCH /mutatingwebhookconfigurations/");
  ASSERT_TRUE(settle(*first));
  EXPECT_EQ(server_.calls("PATCH /mutatingwebhookconfigurations/"), patches) << "nothing to do";
  server_.put(kConfiguration,
              R"({"webhooks":[{"name":"a","clientConfig":{"service":{"name":"webhook","namespace":"podpass"}}}]})");
  ASSERT_TRUE(settle(*first));
  EXPECT_EQ(bundle(0), data("ca.crt"));
}

TEST_F(SelfSignedTest, ReplacesASecretThatIsNotGood) {
  server_.put(kSecret, R"({"type":"Opaque","metadata":{"name":"webhook-tls","labels":{"owner":"me"}},)"
                       R"("data":{"tls.crt":"bm9uc2Vuc2U=","ca.crt":"AA==","more":"AA=="}})");
  auto first = replica();
  ASSERT_TRUE(settle(*first));
  EXPECT_EQ(server_.object(kSecret).text("type"), "Opaque") << "the API server refuses another";
  EXPECT_EQ(server_.object(kSecret).find("metadata")->find("labels")->text("owner"), "me");
  EXPECT_THAT(data("tls.crt"), testing::HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_EQ(bundle(0), data("ca.crt"));
}

TEST_F(SelfSignedTest, WithoutTheSecretEachReplicaHasItsOwn) {
  server_.forbid("/secrets");
  auto first = replica(), second = replica();
  ASSERT_TRUE(settle(*first) && settle(*second));
  EXPECT_THAT(server_.paths("/secrets/"), testing::IsEmpty());
  EXPECT_EQ(crypto::read_certificates(bundle(0)).value().size(), 2U) << "both are trusted";
  const int patches = server_.calls("PATCH /mutatingwebhookconfigurations/");
  ASSERT_TRUE(settle(*first) && settle(*second) && settle(*first));
  EXPECT_EQ(server_.calls("PATCH /mutatingwebhookconfigurations/"), patches) << "they don't fight over it";
}

TEST_F(SelfSignedTest, AMissingConfigurationIsAnErrorThatSaysSo) {
  server_.remove(kConfiguration);
  auto first = replica();
  const auto settled = settle(*first);
  ASSERT_FALSE(settled);
  EXPECT_EQ(settled.error().status, 404);
  EXPECT_FALSE(first->settled());
}

TEST_F(SelfSignedTest, BundlesKeepOnlyOurs) {
  const crypto::Validity validity{clock_.now(), clock_.now() + std::chrono::days{10}};
  const auto foreign = crypto::CertificateAuthority::create("foreign", validity).value().certificate_pem();
  std::vector<std::string> ours;
  for (int i = 0; i < 18; ++i)
    ours.push_back(
        crypto::CertificateAuthority::create("podpass webhook authority", validity).value().certificate_pem());
  EXPECT_EQ(merge_bundle(foreign + "text" + ours[0], ours[1], clock_.now()), ours[0] + ours[1]);
  EXPECT_EQ(merge_bundle("\n", ours[1], clock_.now()), ours[1]);
  EXPECT_EQ(merge_bundle(ours[1] + ours[0] + ours[1], ours[1], clock_.now()), ours[1] + ours[0]);
  std::string all;
  for (const auto& each : ours) all += each;
  std::string last;
  for (std::size_t i = 3; i < ours.size(); ++i) last += ours[i];
  EXPECT_EQ(merge_bundle(all, foreign, clock_.now()), last + foreign);
}

}  // namespace
}  // namespace podpass::webhook
