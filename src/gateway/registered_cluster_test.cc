// Registered clusters over the wire: rotated keys, reviews, nodes, and the feed of associations.
#include <condition_variable>
#include <thread>

#include "base/log.h"
#include "codec/uri.h"
#include "crypto/jwt.h"
#include "eks/association_feed.h"
#include "eks/cluster_access.h"
#include "gateway/served_test.h"
#include "kube/cluster_access.h"
#include "kube/fake_api_server_test.h"
#include "sts/session_token.h"

namespace podpass::gateway {
namespace {

using codec::Value;
using std::chrono::seconds;

const std::string kJwks(kube::kJwksPath), kReview(kube::kTokenReviewPath);
constexpr std::string_view kIssuer = "https://kubernetes.default.svc.cluster.local";

std::string status_of(const http::ClientResponse& response) {
  return std::to_string(response.status) + " " + std::string(response.header("x-amzn-ErrorType"));
}

class RegisteredClusterTest : public testing::Test {
 protected:
  RegisteredClusterTest() {
    log::set_level(log::Level::off);
    served_.deployment.clusters = &clusters_;
    served_.deployment.associations = &feed_;
    api_.set(kJwks, 200, jwks(key_), "application/jwk-set+json");
    api_.set(kReview, 201,
             R"({"status":{"authenticated":true,"audiences":["pods.eks.amazonaws.com"],)"
             R"("user":{"username":"system:serviceaccount:default:app"}}})");
    const auto trust = codec::percent_encode(
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},)"
        R"("Action":["sts:AssumeRole","sts:TagSession"]}]})");
    EXPECT_EQ(served_.query("iam", "Action=CreateRole&RoleName=app&AssumeRolePolicyDocument=" + trust).status, 200);
  }
  ~RegisteredClusterTest() override { log::set_level(log::Level::info); }

  static std::string jwks(const crypto::SigningKey& key) {
    return codec::write_json(crypto::KeySet::to_jwks({key.public_key()}));
  }

  enum class Access { none, api_server, with_review };
  void register_cluster(const std::string& name, const crypto::SigningKey& key, Access access) {
    auto request = Value::map({{"clusterName", name},
                               {"issuer", kIssuer},
                               {"jwks", crypto::KeySet::to_jwks({key.public_key()})},
                               {"tokenReview", access == Access::with_review}});
    if (access != Access::none) {
      request.set("apiServer", Value::map({{"endpoint", api_.url()}}));
      request.set("credentials", Value::map({{"bearerToken", "servers-own-secret"}}));
    }
    auto response = served_.json("podpass", "POST", "/cluster-registrations", codec::write_json(request));
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.body.find("servers-own-secret"), std::string::npos);
    associate(name, "app");
  }

  void associate(const std::string& cluster, const std::string& account) {
    auto response = served_.json("eks", "POST", "/clusters/" + cluster + "/pod-identity-associations",
                                 codec::write_json(Value::map({{"namespace", "default"},
                                                               {"serviceAccount", account},
                                                               {"roleArn", "arn:aws:iam::111122223333:role/app"}})));
    EXPECT_EQ(response.status, 200) << response.body;
  }

  std::string token(const crypto::SigningKey& key, const std::string& node = "") {
    const auto now = to_epoch_seconds(served_.clock.now());
    auto kubernetes = Value::map({{"namespace", "default"},
                                  {"pod", Value::map({{"name", "app-1"}, {"uid", "pod-uid"}})},
                                  {"serviceaccount", Value::map({{"name", "app"}, {"uid", "sa-uid"}})}});
    if (!node.empty()) kubernetes.set("node", Value::map({{"name", node}, {"uid", "node-uid"}}));
    return crypto::mint_jwt(Value::map({{"aud", Value::list({"pods.eks.amazonaws.com"})},
                                        {"exp", static_cast<std::int64_t>(now + 3'600)},
                                        {"iss", kIssuer},
                                        {"kubernetes.io", kubernetes},
                                        {"sub", "system:serviceaccount:default:app"}}),
                            key);
  }

  http::ClientResponse exchange(const std::string& cluster, const std::string& token) {
    return exchange(cluster, token, served_.root);
  }
  http::ClientResponse exchange(const std::string& cluster, const std::string& token,
                                const aws::SigningCredentials& caller) {
    return served_.send({"eks-auth",
                         "POST",
                         "/clusters/" + cluster + "/assume-role-for-pod-identity",
                         codec::write_json(Value::map({{"token", token}})),
                         {}},
                        caller);
  }

  // The holder of a session of role `node`, on that node.
  aws::SigningCredentials node_caller(const std::string& node) {
    const auto trust = codec::percent_encode(
        R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}})");
    const auto all =
        codec::percent_encode(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})");
    served_.query("iam", "Action=CreateRole&RoleName=node&AssumeRolePolicyDocument=" + trust);
    served_.query("iam", "Action=PutRolePolicy&RoleName=node&PolicyName=all&PolicyDocument=" + all);
    auto caller = served_.assume("node", served_.make_user("alice"));
    const auto& ring = served_.deployment.sessions->ring();
    auto session = sts::open_session(caller.session_token, ring).value();
    session.node = node;
    caller.session_token = sts::seal_session(session, ring);
    return caller;
  }

  Value watch(const std::string& query, int status = 200) {
    auto response = served_.json("podpass", "GET", "/clusters/c/pod-identity-association-changes" + query);
    EXPECT_EQ(response.status, status) << response.body;
    return codec::parse_json(response.body).value_or(Value());
  }

  crypto::SigningKey key_ = crypto::SigningKey::generate_ec(), other_key_ = crypto::SigningKey::generate_ec();
  kube::FakeApiServer api_;
  Served served_;
  kube::ClusterAccess clusters_{eks::access_records(*served_.store, served_.deployment), served_.clock, served_.random};
  eks::AssociationFeed feed_{*served_.store, served_.deployment};
};

TEST_F(RegisteredClusterTest, ItsTokensAreExchangedWithoutAskingAnybody) {
  register_cluster("c", key_, Access::api_server);
  EXPECT_EQ(exchange("c", token(key_)).status, 200);
  EXPECT_EQ(api_.asked(kJwks), 0);
  EXPECT_EQ(api_.asked(kReview), 0);
}

TEST_F(RegisteredClusterTest, TwoWithOneIssuerNeverMix) {
  register_cluster("c", key_, Access::none);
  register_cluster("d", other_key_, Access::none);
  const auto of_c = token(key_), of_d = token(other_key_);
  EXPECT_EQ(exchange("c", of_c).status, 200);
  EXPECT_EQ(exchange("d", of_d).status, 200);
  EXPECT_EQ(status_of(exchange("d", of_c)), "400 InvalidTokenException");
  EXPECT_EQ(status_of(exchange("c", of_d)), "400 InvalidTokenException");
  EXPECT_EQ(exchange("c", of_c).status, 200);
}

TEST_F(RegisteredClusterTest, ARotatedKeyIsReadAtOnceAndTheOldOneIsGone) {
  register_cluster("c", key_, Access::api_server);
  const auto of_old_key = token(key_);
  EXPECT_EQ(exchange("c", of_old_key).status, 200);
  api_.set(kJwks, 200, jwks(other_key_));
  EXPECT_EQ(exchange("c", token(other_key_)).status, 200);
  EXPECT_EQ(api_.asked(kJwks), 1);
  EXPECT_EQ(status_of(exchange("c", of_old_key)), "400 InvalidTokenException");
  EXPECT_EQ(api_.asked(kJwks), 1);  // just read
  auto shown = served_.json("podpass", "GET", "/cluster-registrations/c");
  EXPECT_NE(shown.body.find(other_key_.public_key().thumbprint()), std::string::npos) << shown.body;
  EXPECT_NE(shown.body.find("\"keysReadAt\":1700000000"), std::string::npos) << shown.body;
}

TEST_F(RegisteredClusterTest, AnUnknownKeyOfAClusterThatIsAwayIsRecoverable) {
  register_cluster("c", key_, Access::api_server);
  api_.set(kJwks, 403, R"({"kind":"Status","code":403,"reason":"Forbidden","message":"no way"})");
  auto refused = exchange("c", token(other_key_));
  EXPECT_EQ(status_of(refused), "503 ServiceUnavailableException");
  EXPECT_EQ(refused.body.find("no way"), std::string::npos);  // the trail has it
  EXPECT_NE(served_.audit_text().find("no way"), std::string::npos);
  EXPECT_EQ(exchange("c", token(key_)).status, 200);  // what is known goes on
}

TEST_F(RegisteredClusterTest, WithoutAnApiServerAnUnknownKeyIsRefused) {
  register_cluster("c", key_, Access::none);
  EXPECT_EQ(status_of(exchange("c", token(other_key_))), "400 InvalidTokenException");
}

TEST_F(RegisteredClusterTest, APendingOneTakesNoToken) {
  const std::string connector = R"({"roleArn":"arn:aws:iam::111122223333:role/app","provider":"OTHER"})";
  EXPECT_EQ(served_.json("eks", "POST", "/cluster-registrations", R"({"name":"p","connectorConfig":)" + connector + "}")
                .status,
            200);
  auto refused = exchange("p", token(key_));
  EXPECT_EQ(status_of(refused), "400 InvalidRequestException");
  EXPECT_NE(refused.body.find("podpass cluster register p"), std::string::npos);
}

TEST_F(RegisteredClusterTest, AReviewedTokenIsShownToTheCluster) {
  register_cluster("c", key_, Access::with_review);
  const auto same = token(key_);
  EXPECT_EQ(exchange("c", same).status, 200);
  EXPECT_EQ(api_.asked(kReview), 1);
  EXPECT_EQ(api_.last_authorization(), "Bearer servers-own-secret");
  served_.clock.advance(Milliseconds{1'000});
  api_.set(kReview, 201, R"({"status":{"error":"pod not found"}})");
  auto refused = exchange("c", same);
  EXPECT_EQ(status_of(refused), "400 InvalidTokenException");
  EXPECT_NE(refused.body.find("may have been deleted: pod not found"), std::string::npos) << refused.body;
}

TEST_F(RegisteredClusterTest, WhatCannotBeReviewedIsNotLetIn) {
  register_cluster("c", key_, Access::with_review);
  api_.set(kReview, 500, "broken");
  EXPECT_EQ(status_of(exchange("c", token(key_))), "503 ServiceUnavailableException");
  served_.clock.advance(Milliseconds{1'000});
  clusters_.stop();
  EXPECT_EQ(status_of(exchange("c", token(key_))), "503 ServiceUnavailableException");
}

TEST_F(RegisteredClusterTest, ManyExchangesOfOneTokenShareAReview) {
  register_cluster("c", key_, Access::with_review);
  const auto pod = token(key_);
  api_.hold();
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] { good += exchange("c", pod).status == 200 ? 1 : 0; });
  }
  api_.wait_until_asked(kReview, 1);
  api_.release();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 16);
  EXPECT_EQ(api_.asked(kReview), 1);
}

TEST_F(RegisteredClusterTest, ANodeGetsCredentialsForItsOwnPodsOnly) {
  register_cluster("c", key_, Access::none);
  const auto caller = node_caller("node-1");
  EXPECT_EQ(exchange("c", token(key_, "node-1"), caller).status, 200);
  EXPECT_EQ(exchange("c", token(key_), caller).status, 200);  // Kubernetes before 1.30
  const auto of_other = token(key_, "node-2");
  EXPECT_EQ(exchange("c", of_other).status, 200);  // the caller is no node
  auto refused = exchange("c", of_other, caller);
  EXPECT_EQ(status_of(refused), "400 AccessDeniedException");
  EXPECT_NE(served_.audit_text().find("the pod is on node node-2, the caller is node node-1"), std::string::npos);
}

TEST_F(RegisteredClusterTest, WhereAllDecisionsAreAuditedThoseOfATokenSeenBeforeAreToo) {
  served_.deployment.audits_every_decision = true;
  register_cluster("c", key_, Access::none);
  const auto same = token(key_);
  for (std::size_t times = 1; times <= 3; ++times) {
    EXPECT_EQ(exchange("c", same).status, 200);
    const auto trail = served_.audit_text();
    std::size_t decisions = 0;
    for (std::size_t at = 0; (at = trail.find("\"action\":\"sts:TagSession\"", at)) != std::string::npos; ++at)
      ++decisions;
    EXPECT_EQ(decisions, times);
  }
}

TEST_F(RegisteredClusterTest, SecretsAreInNoAuditRecord) {
  register_cluster("c", key_, Access::with_review);
  EXPECT_EQ(served_.audit_text().find("servers-own-secret"), std::string::npos);
}

TEST_F(RegisteredClusterTest, SecretsAreSealedInTheStore) {
  register_cluster("c", key_, Access::with_review);
  auto tx = served_.store->begin();
  const auto* access = tx.find(eks::kClusterAccess, {"111122223333", "us-west-2", "c"});
  ASSERT_TRUE(access);
  EXPECT_FALSE(access->sealed.empty());
  EXPECT_EQ(access->sealed.find("servers-own-secret"), std::string::npos);
}

TEST_F(RegisteredClusterTest, ACheckAsksTheApiServer) {
  register_cluster("c", key_, Access::with_review);
  api_.set(std::string(kube::kDiscoveryPath), 200, codec::write_json(Value::map({{"issuer", kIssuer}})));
  auto outcome = [&] {
    auto response = served_.json("podpass", "POST", "/clusters/c/check", "{}");
    std::string out;
    const auto answer = codec::parse_json(response.body).value();
    for (const auto& step : *answer.find("steps")->as<Value::List>()) {
      out += std::string(step.text("name")) + ":" + std::string(step.text("outcome")) + " ";
    }
    return out;
  };
  EXPECT_EQ(outcome(), "registration:ok API server:ok issuer:ok keys:ok token review:ok ");
  api_.set(kJwks, 200, jwks(other_key_));
  api_.set(kReview, 403, R"({"kind":"Status","code":403,"reason":"Forbidden","message":"no"})");
  api_.set(std::string(kube::kDiscoveryPath), 200, R"({"issuer":"https://other"})");
  EXPECT_EQ(outcome(), "registration:ok API server:ok issuer:failed keys:failed token review:failed ");
  // who follows the advice leaves the address as it is
  api_.set(kReview, 401, R"({"kind":"Status","code":401,"reason":"Unauthorized","message":"no"})");
  const auto advised = served_.json("podpass", "POST", "/clusters/c/check", "{}").body;
  EXPECT_TRUE(advised.contains("register c --api-server-url " + api_.url() + " --server-token-file")) << advised;
}

TEST_F(RegisteredClusterTest, ServiceAccountsAreThoseOfTheCluster) {
  const std::string accounts(kube::kServiceAccountsPath), known = R"({"name":"default","serviceAccounts":["app"]})";
  const auto list = [&] {
    auto response = served_.json("podpass", "GET", "/clusters/c/service-accounts");
    EXPECT_EQ(response.status, 200);
    served_.clock.advance(seconds{5});
    return response.body;
  };
  register_cluster("c", key_, Access::api_server);
  api_.set(accounts, 200,
           R"({"items":[{"metadata":{"namespace":"web","name":"front"}},)"
           R"({"metadata":{"namespace":"default","name":"app"}},)"
           R"({"metadata":{"namespace":"default","name":"api"},"secrets":[{"name":"s"}]}]})");
  EXPECT_EQ(list(), R"({"namespaces":[{"name":"default","serviceAccounts":["api","app"]},)"
                    R"({"name":"web","serviceAccounts":["front"]}],"source":"cluster"})");
  EXPECT_EQ(api_.last_authorization(), "Bearer servers-own-secret");
  api_.set(accounts, 403, R"({"kind":"Status","code":403,"reason":"Forbidden","message":"no way"})");
  auto refused = list();
  EXPECT_TRUE(
      refused.starts_with("{\"namespaces\":[" + known + "],\"source\":\"associations\",\"note\":\"The credentials"))
      << refused;
  EXPECT_TRUE(refused.contains("the verb list on serviceaccounts")) << refused;
  EXPECT_FALSE(refused.contains("no way"));
  api_.set(accounts, 500, "broken");
  EXPECT_TRUE(list().contains("could not be asked just now"));
  clusters_.stop();
  EXPECT_TRUE(list().contains("could not be asked just now"));
}

TEST_F(RegisteredClusterTest, AWatcherIsToldOfANewAssociationAtOnce) {
  register_cluster("c", key_, Access::none);
  auto all = watch("");
  EXPECT_EQ(all.find("changes")->as<Value::List>()->size(), 1U);
  EXPECT_EQ(*all.find("complete"), Value(true));
  EXPECT_EQ(*all.find("reset"), Value(true));
  const auto after = "?after=" + std::string(all.text("next"));
  EXPECT_TRUE(watch(after).find("changes")->as<Value::List>()->empty());

  Value told;
  std::thread watcher([&] { told = watch(after + "&maxWaitSeconds=30"); });
  associate("c", "second");  // before or after the watcher waits: it is told either way
  watcher.join();
  const auto& changes = *told.find("changes")->as<Value::List>();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].text("serviceAccount"), "second");
  EXPECT_EQ(changes[0].text("namespace"), "default");
  EXPECT_EQ(*changes[0].find("deleted"), Value(false));
  EXPECT_EQ(*told.find("reset"), Value(false));
}

TEST_F(RegisteredClusterTest, AWatchEndsWhenTheServerStops) {
  register_cluster("c", key_, Access::none);
  const auto after = "?after=" + std::string(watch("").text("next")) + "&maxWaitSeconds=30";
  std::thread watcher([&] { EXPECT_TRUE(watch(after).find("changes")->as<Value::List>()->empty()); });
  feed_.stop();
  watcher.join();
}

TEST_F(RegisteredClusterTest, BadWatchesAreRefused) {
  register_cluster("c", key_, Access::none);
  watch("?maxWaitSeconds=31", 400);
  watch("?maxWaitSeconds=-1", 400);
  watch("?maxWaitSeconds=x", 400);
  watch("?after=x", 400);
  EXPECT_EQ(served_.json("podpass", "GET", "/clusters/none/pod-identity-association-changes").status, 404);
}

}  // namespace
}  // namespace podpass::gateway
