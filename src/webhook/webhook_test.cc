// The webhook as a whole: real TLS, a Podpass server and an API server that are not.
#include "webhook/webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/log.h"
#include "codec/base64.h"
#include "crypto/random.h"
#include "crypto/x509.h"
#include "http/client.h"
#include "webhook/fake_api_server_test.h"
#include "webhook/fake_podpass_test.h"
#include "webhook/loop_test.h"
#include "webhook/review.h"

namespace podpass::webhook {
namespace {

namespace fs = std::filesystem;
using codec::Value;
using testing::HasSubstr;

// What an API server sends (Kubernetes, "Dynamic Admission Control", with a pod for the object).
std::string admission_of(std::string_view namespace_, std::string_view service_account, std::string_view more = "") {
  return fmt::format(
      R"({{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{)"
      R"("uid":"705ab4f5-6393-11e8-b7cc-42010a800002","kind":{{"group":"","version":"v1","kind":"Pod"}},)"
      R"("resource":{{"group":"","version":"v1","resource":"pods"}},"namespace":"{}","operation":"CREATE",)"
      R"("userInfo":{{"username":"admin"}},"object":{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"p",)"
      R"("ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"app-1","uid":"u-1","controller":true}}]}},)"
      R"("spec":{{"serviceAccountName":"{}","containers":[{{"name":"app","image":"i"}}]}}}},"oldObject":null{}}}}})",
      namespace_, service_account, more);
}

class WebhookTest : public testing::Test {
 protected:
  WebhookTest() {
    log::set_level(log::Level::off);
    fs::create_directories(directory_);
    const auto now = clock_.now();
    auto authority = crypto::CertificateAuthority::create("test", {now, now + std::chrono::days{2}}).value();
    crypto::CertificateRequest request;
    request.common_name = "webhook";
    request.ip_addresses = {"127.0.0.1"};
    request.validity = {now, now + std::chrono::days{1}};
    auto issued = authority.issue(request).value();
    authority_ = authority.certificate_pem();
    std::ofstream(directory_ / "tls.crt") << issued.certificate_pem;
    std::ofstream(directory_ / "tls.key") << issued.key_pem.reveal();
    options_.addresses = {"127.0.0.1"};
    options_.port = 0;
    options_.metrics_port = 0;
    options_.certificate = crypto::ServerTls::Files{directory_ / "tls.crt", directory_ / "tls.key", {}};
    options_.cluster = "my-cluster";
    options_.region = "us-west-2";
    options_.patch.token_seconds = 3'600;
  }
  ~WebhookTest() override {
    client_.reset();
    webhook_.reset();
    fs::remove_all(directory_);
  }

  void with_podpass() {
    podpass_ = std::make_unique<FakePodpass>();
    options_.endpoint = podpass_->endpoint();
  }
  void with_api_server() {
    api_ = std::make_unique<FakeApiServer>();
    options_.api_server = api_->address();
  }
  void begin() {
    auto made = Webhook::create(options_, FakePodpass::credentials(), clock_, random_);
    ASSERT_TRUE(made) << made.error().message;
    webhook_ = std::move(*made);
    auto started = webhook_->start();
    ASSERT_TRUE(started) << started.error().message;
  }
  void connect() {
    crypto::ClientTls::Options trust;
    trust.ca_pem = authority_;
    client_ = std::make_unique<http::Client>(
        http::parse_endpoint(fmt::format("https://127.0.0.1:{}", webhook_->port())).value(), http::ClientLimits(),
        crypto::ClientTls::make(trust).value());
  }
  void begin_ready() {
    begin();
    ASSERT_TRUE(signal_.wait_for([&] { return webhook_->ready(); }));
    connect();
  }

  http::ClientResponse send(std::string method, std::string target, std::string body = "",
                            std::string type = "application/json") {
    auto response =
        client_->send({std::move(method), std::move(target), {{"Content-Type", type}}, std::move(body), true});
    EXPECT_TRUE(response) << response.error().message;
    return response ? *response : http::ClientResponse();
  }
  // The answer's `response`.
  Value admit(const std::string& review) {
    auto answer = send("POST", "/mutate", review);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    auto document = codec::parse_json(answer.body);
    EXPECT_TRUE(document) << answer.body;
    return document && document->find("response") ? *document->find("response") : Value();
  }
  static std::string patch_of(const Value& response) {
    return codec::base64_decode(response.text("patch")).value_or("");
  }
  static bool allowed(const Value& response) {
    return response.find("allowed") && *response.find("allowed") == Value(true);
  }
  std::string metrics() {
    http::Client client(http::parse_endpoint(fmt::format("http://127.0.0.1:{}", webhook_->metrics_port())).value());
    return client.send({"GET", "/metrics", {}, "", false}).value().body;
  }

  const fs::path directory_ = fs::path(testing::TempDir()) / ("webhook" + std::to_string(getpid()));
  ManualClock clock_{SystemClock().now()};
  crypto::SystemRandom random_;
  Signal signal_;
  std::string authority_;
  std::unique_ptr<FakePodpass> podpass_;
  std::unique_ptr<FakeApiServer> api_;
  Options options_;
  std::unique_ptr<Webhook> webhook_;
  std::unique_ptr<http::Client> client_;
};

constexpr auto kPatch =
    R"([{"op":"add","path":"/metadata/labels","value":{"eks.amazonaws.com/pod-identity":"enabled"}},)"
    R"({"op":"add","path":"/spec/volumes","value":[{"name":"eks-pod-identity-token","projected":{"sources":)"
    R"([{"serviceAccountToken":{"audience":"pods.eks.amazonaws.com","expirationSeconds":3600,)"
    R"("path":"eks-pod-identity-token"}}]}}]},)"
    R"({"op":"add","path":"/spec/containers/0/env","value":[{"name":"AWS_CONTAINER_CREDENTIALS_FULL_URI",)"
    R"("value":"http://169.254.170.23/v1/credentials"},{"name":"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",)"
    R"("value":"/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token"}]},)"
    R"({"op":"add","path":"/spec/containers/0/volumeMounts","value":[{"name":"eks-pod-identity-token","readOnly":true,)"
    R"("mountPath":"/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"}]}])";

TEST_F(WebhookTest, ThePatchOfAPodIdentityFromAFile) {
  std::ofstream(directory_ / "identities.json") << R"({"identities":[{"namespace":"ns","serviceAccount":"sa"}]})";
  options_.identities_file = directory_ / "identities.json";
  begin_ready();
  const auto response = admit(admission_of("ns", "sa"));
  EXPECT_EQ(response.text("uid"), "705ab4f5-6393-11e8-b7cc-42010a800002");
  EXPECT_TRUE(allowed(response));
  EXPECT_EQ(response.text("patchType"), "JSONPatch");
  EXPECT_EQ(patch_of(response), kPatch);
  EXPECT_EQ(admit(admission_of("ns", "other")), Value::map({{"uid", response.text("uid")}, {"allowed", true}}));
  EXPECT_EQ(admit(admission_of("ns", "")), Value::map({{"uid", response.text("uid")}, {"allowed", true}}));
  EXPECT_THAT(metrics(), HasSubstr("pod_identity_webhook_pod_count{method=\"container_credentials\"} 1\n"));
  EXPECT_THAT(metrics(), HasSubstr("http_request_count{verb=\"POST\",path=\"/mutate\",code=\"200\"} 3\n"));
}

TEST_F(WebhookTest, RoutesAndTheirErrors) {
  options_.identities_file = directory_ / "none.json";
  begin_ready();
  EXPECT_EQ(send("GET", "/healthz").body, "ok");
  EXPECT_EQ(send("GET", "/readyz").body, "ok");
  EXPECT_EQ(send("GET", "/else").status, 404);
  EXPECT_EQ(send("GET", "/mutate").status, 405);
  for (const auto* type : {"text/plain", "application/json; charset=utf-8", ""}) {
    auto refused = send("POST", "/mutate", admission_of("ns", "sa"), type);
    EXPECT_EQ(refused.status, 415) << type;
    EXPECT_EQ(refused.body, "Invalid Content-Type, expected `application/json`\n");
  }
  for (const auto* text : {"", "nonsense", "{}", R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"})"}) {
    const auto refused = admit(text);
    EXPECT_FALSE(allowed(refused)) << text;
    EXPECT_FALSE(refused.find("status")->text("message").empty());
  }
  auto too_large = send("POST", "/mutate", std::string(kMaxReviewBytes + 1, ' '));
  EXPECT_EQ(too_large.status, 413);
}

// As the race goes: an association is created, and the very next thing is its pod.
TEST_F(WebhookTest, APodMadeRightAfterItsAssociationIsNotMissed) {
  with_podpass();
  begin_ready();
  EXPECT_EQ(patch_of(admit(admission_of("ns", "sa"))), "");
  for (int i = 0; i < 200; ++i) {
    const auto name = fmt::format("sa-{}", i);
    podpass_->put("ns", name);
    ASSERT_EQ(patch_of(admit(admission_of("ns", name))), kPatch) << i;
  }
}

TEST_F(WebhookTest, IsNotReadyBeforeItKnowsTheAssociations) {
  with_podpass();
  podpass_->set_mode(FakePodpass::Mode::refuses);
  begin();
  connect();
  EXPECT_EQ(send("GET", "/healthz").status, 200);
  EXPECT_EQ(send("GET", "/readyz").status, 503);
  podpass_->set_mode(FakePodpass::Mode::answers);
  EXPECT_TRUE(signal_.wait_for([&] { return send("GET", "/readyz").status == 200; }));
  podpass_->set_mode(FakePodpass::Mode::refuses);
  admit(admission_of("ns", "sa"));
  EXPECT_EQ(send("GET", "/readyz").status, 200) << "what it knows it knows";
}

TEST_F(WebhookTest, WithoutTheServerTheFailurePolicyDecides) {
  with_podpass();
  with_api_server();
  podpass_->put("ns", "known");
  for (const auto* name : {"known", "unknown"}) api_->service_account("ns", name);
  api_->put("/api/v1/namespaces/ns", R"({"metadata":{"name":"ns"}})");
  api_->put("/api/v1/namespaces/strict", R"({"metadata":{"annotations":{"podpass.dev/failure-policy":"Fail"}}})");
  api_->put("/api/v1/namespaces/odd", R"({"metadata":{"annotations":{"podpass.dev/failure-policy":"perhaps"}}})");
  begin_ready();
  podpass_->set_mode(FakePodpass::Mode::refuses);
  EXPECT_EQ(patch_of(admit(admission_of("ns", "known"))), kPatch);

  const auto without = admit(admission_of("ns", "unknown"));
  EXPECT_TRUE(allowed(without));
  EXPECT_EQ(patch_of(without), "");
  const auto* warnings = without.find("warnings")->as<Value::List>();
  ASSERT_EQ(warnings->size(), 1U);
  EXPECT_THAT(*(*warnings)[0].as_text(),
              HasSubstr("pod admitted without credentials, for it is not known what identity "
                        "has service account ns/unknown"));

  const auto refused = admit(admission_of("strict", "unknown"));
  EXPECT_FALSE(allowed(refused));
  EXPECT_THAT(refused.find("status")->text("message"), HasSubstr("service account strict/unknown"));
  EXPECT_EQ(*refused.find("status")->find("code"), Value(503));
  EXPECT_TRUE(allowed(admit(admission_of("odd", "unknown"))));
  EXPECT_TRUE(allowed(admit(admission_of("nowhere", "unknown"))));

  ASSERT_TRUE(signal_.wait_for([&] {
    return api_->paths("/namespaces/ns/events/").size() == 1 && api_->paths("/namespaces/strict/events/").size() == 1;
  }));
  const auto event = api_->object(api_->paths("/namespaces/ns/events/")[0]);
  EXPECT_EQ(event.text("reason"), "PodIdentityUnknown");
  EXPECT_EQ(event.find("involvedObject")->text("kind"), "ReplicaSet");
  EXPECT_EQ(event.find("involvedObject")->text("name"), "app-1");
  EXPECT_THAT(event.text("message"), HasSubstr("403 AccessDenied"));
  EXPECT_EQ(api_->object(api_->paths("/namespaces/strict/events/")[0]).text("reason"), "PodIdentityRefused");
  EXPECT_THAT(metrics(), HasSubstr("podpass_webhook_declined{outcome=\"allowed_without\"} 3\n"));
  EXPECT_THAT(metrics(), HasSubstr("podpass_webhook_declined{outcome=\"refused\"} 1\n"));
}

TEST_F(WebhookTest, ANamespaceThatCannotBeReadGoesByWhatItSaidLast) {
  with_podpass();
  with_api_server();
  api_->service_account("strict", "unknown");
  api_->put("/api/v1/namespaces/strict", R"({"metadata":{"annotations":{"podpass.dev/failure-policy":"fail"}}})");
  begin_ready();
  podpass_->set_mode(FakePodpass::Mode::refuses);
  EXPECT_FALSE(allowed(admit(admission_of("strict", "unknown"))));
  api_->forbid("/namespaces/");
  for (auto passed : {kPolicyAge + Seconds{1}, Seconds{-7'200}}) {
    clock_.advance(passed);
    EXPECT_FALSE(allowed(admit(admission_of("strict", "unknown"))));
  }
  EXPECT_TRUE(allowed(admit(admission_of("new", "unknown")))) << "by the flag";
}

TEST_F(WebhookTest, TheFlagRefusesUnlessTheNamespaceSaysIgnore) {
  with_podpass();
  with_api_server();
  options_.failure_policy = FailurePolicy::fail;
  api_->put("/api/v1/namespaces/ns", R"({"metadata":{"name":"ns"}})");
  api_->put("/api/v1/namespaces/lax", R"({"metadata":{"annotations":{"podpass.dev/failure-policy":"ignore"}}})");
  begin_ready();
  podpass_->set_mode(FakePodpass::Mode::refuses);
  EXPECT_FALSE(allowed(admit(admission_of("ns", "sa"))));
  EXPECT_TRUE(allowed(admit(admission_of("lax", "sa"))));
  podpass_->set_mode(FakePodpass::Mode::answers);
  EXPECT_TRUE(allowed(admit(admission_of("ns", "sa")))) << "no identity is no failure";
}

TEST_F(WebhookTest, ADryRunWritesNoEvent) {
  with_podpass();
  with_api_server();
  begin_ready();
  podpass_->set_mode(FakePodpass::Mode::refuses);
  admit(admission_of("ns", "dry", R"(,"dryRun":true)"));
  EXPECT_EQ(api_->calls("POST /events"), 0);
  admit(admission_of("ns", "wet"));
  EXPECT_TRUE(signal_.wait_for([&] { return api_->calls("POST /events") == 1; }));
}

TEST_F(WebhookTest, RolesOfServiceAccountsAndWhichGoesFirst) {
  with_podpass();
  with_api_server();
  const auto* annotations = R"({"eks.amazonaws.com/role-arn":"arn:aws:iam::111122223333:role/r",
                                "eks.amazonaws.com/sts-regional-endpoints":"true"})";
  api_->service_account("ns", "irsa", annotations);
  api_->service_account("ns", "both", annotations);
  api_->service_account("ns", "plain");
  podpass_->put("ns", "both");
  begin_ready();
  EXPECT_THAT(patch_of(admit(admission_of("ns", "irsa"))),
              HasSubstr(R"([{"name":"AWS_STS_REGIONAL_ENDPOINTS","value":"regional"},{"name":"AWS_ROLE_ARN",)"
                        R"("value":"arn:aws:iam::111122223333:role/r"})"));
  const auto both = patch_of(admit(admission_of("ns", "both")));
  EXPECT_THAT(both, HasSubstr("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
  EXPECT_THAT(both, HasSubstr("AWS_STS_REGIONAL_ENDPOINTS")) << "its annotations count all the same";
  EXPECT_THAT(both, testing::Not(HasSubstr("AWS_ROLE_ARN")));
  EXPECT_EQ(patch_of(admit(admission_of("ns", "plain"))), "");
  EXPECT_THAT(metrics(), HasSubstr("pod_identity_webhook_pod_count{method=\"sts_web_identity\"} 1\n"));
}

TEST_F(WebhookTest, WarnsOfWhatKeepsAPodFromItsIdentity) {
  with_podpass();
  podpass_->put("ns", "sa");
  begin_ready();
  auto review = admission_of("ns", "sa");
  review.replace(review.find(R"("image":"i")"), 11, R"("env":[{"name":"AWS_ACCESS_KEY_ID","value":"AKIA"}])");
  const auto response = admit(review);
  EXPECT_TRUE(allowed(response));
  EXPECT_EQ(*response.find("warnings"),
            Value::list({"podpass: container app sets AWS_ACCESS_KEY_ID, which SDKs prefer to the pod's identity"}));
}

TEST_F(WebhookTest, ItsOwnCertificateIsTrustedByTheBundleItWrites) {
  with_api_server();
  options_.certificate.reset();
  options_.self_signed = SelfSigned::Options{"webhook", "podpass", "webhook-tls", "podpass-webhook"};
  const std::string path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/podpass-webhook";
  api_->put(path, R"({"webhooks":[{"name":"a","clientConfig":{"url":"https://127.0.0.1/mutate"}}]})");
  begin();
  ASSERT_TRUE(signal_.wait_for([&] { return webhook_->ready(); }));
  const auto configuration = api_->object(path);
  authority_ = codec::base64_decode(
                   (*configuration.find("webhooks")->as<Value::List>())[0].find("clientConfig")->text("caBundle"))
                   .value();
  connect();
  EXPECT_EQ(send("GET", "/readyz").body, "ok");
}

TEST_F(WebhookTest, OneThatRetiresStillAnswers) {
  with_podpass();
  podpass_->put("ns", "sa");
  begin_ready();
  webhook_->retire();
  EXPECT_EQ(send("GET", "/readyz").status, 503);
  EXPECT_EQ(patch_of(admit(admission_of("ns", "sa"))), kPatch);
}

TEST_F(WebhookTest, SaysWhatIsMissing) {
  options_.certificate = crypto::ServerTls::Files{directory_ / "no.crt", directory_ / "no.key", {}};
  auto made = Webhook::create(options_, nullptr, clock_, random_);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("no.crt"));
  options_.certificate.reset();
  options_.self_signed = SelfSigned::Options();
  made = Webhook::create(options_, nullptr, clock_, random_);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("--kubeconfig"));
}

}  // namespace
}  // namespace podpass::webhook
