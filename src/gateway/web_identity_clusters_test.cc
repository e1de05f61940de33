// Web identities of registered clusters over the wire: new keys, reviews, shared issuers, and nodes.
#include "base/log.h"
#include "codec/uri.h"
#include "crypto/jwt.h"
#include "eks/cluster_access.h"
#include "gateway/served_test.h"
#include "kube/cluster_access.h"
#include "kube/fake_api_server_test.h"

namespace podpass::gateway {
namespace {

using codec::Value;

const std::string kClusterJwks(kube::kJwksPath), kClusterReview(kube::kTokenReviewPath);
const std::string kHost = "kubernetes.default.svc.cluster.local", kProviderIssuer = "https://" + kHost;
constexpr std::string_view kAudience = "sts.amazonaws.com";

class WebIdentityOfRegisteredClusters : public testing::Test {
 protected:
  WebIdentityOfRegisteredClusters() {
    log::set_level(log::Level::off);
    served_.deployment.clusters = &access_;
    set_keys(key_);
    set_review(R"({"authenticated":true,"audiences":["sts.amazonaws.com"],)"
               R"("user":{"username":"system:serviceaccount:default:app"}})");
    auto made = served_.query("iam", "Action=CreateOpenIDConnectProvider&ClientIDList.member.1=sts.amazonaws.com&Url=" +
                                         codec::percent_encode(kProviderIssuer));
    EXPECT_EQ(made.status, 200) << made.body;
    make_role("app", "{}");
  }
  ~WebIdentityOfRegisteredClusters() override { log::set_level(log::Level::info); }

  void make_role(const std::string& name, std::string_view condition) {
    const auto trust = R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":)"
                       R"("arn:aws:iam::111122223333:oidc-provider/)" +
                       kHost + R"("},"Action":"sts:AssumeRoleWithWebIdentity","Condition":)" + std::string(condition) +
                       "}}";
    auto made = served_.query(
        "iam", "Action=CreateRole&RoleName=" + name + "&AssumeRolePolicyDocument=" + codec::percent_encode(trust));
    EXPECT_EQ(made.status, 200) << made.body;
  }

  static std::string jwks(const crypto::SigningKey& key) {
    return codec::write_json(crypto::KeySet::to_jwks({key.public_key()}));
  }
  void set_keys(const crypto::SigningKey& key) { api_.set(kClusterJwks, 200, jwks(key)); }
  void set_review(const std::string& status) { api_.set(kClusterReview, 201, R"({"status":)" + status + "}"); }

  enum class Access { none, api_server, with_review };
  void register_cluster(const std::string& name, const crypto::SigningKey& key, Access access) {
    auto request = Value::map({{"clusterName", name},
                               {"issuer", kProviderIssuer},
                               {"jwks", crypto::KeySet::to_jwks({key.public_key()})},
                               {"tokenReview", access == Access::with_review}});
    if (access != Access::none) {
      request.set("apiServer", Value::map({{"endpoint", api_.url()}}));
      request.set("credentials", Value::map({{"bearerToken", "servers-own-secret"}}));
    }
    auto response = served_.json("podpass", "POST", "/cluster-registrations", codec::write_json(request));
    EXPECT_EQ(response.status, 200) << response.body;
  }

  std::string token(const crypto::SigningKey& key, std::string_view audience = kAudience, std::string_view node = "") {
    const auto now = to_epoch_seconds(served_.clock.now());
    auto kubernetes = Value::map({{"namespace", "default"},
                                  {"pod", Value::map({{"name", "app-1"}, {"uid", "pod-uid"}})},
                                  {"serviceaccount", Value::map({{"name", "app"}, {"uid", "sa-uid"}})}});
    if (!node.empty()) kubernetes.set("node", Value::map({{"name", node}, {"uid", "node-uid"}}));
    return crypto::mint_jwt(Value::map({{"aud", Value::list({audience})},
                                        {"iat", static_cast<std::int64_t>(now)},
                                        {"exp", static_cast<std::int64_t>(now + 3'600)},
                                        {"iss", kProviderIssuer},
                                        {"kubernetes.io", kubernetes},
                                        {"sub", "system:serviceaccount:default:app"}}),
                            key);
  }

  http::ClientResponse assume(const std::string& token, const std::string& role = "app") {
    http::ClientRequest request;
    request.method = "POST";
    request.target = "/";
    request.body = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=one&RoleArn=" +
                   codec::percent_encode("arn:aws:iam::111122223333:role/" + role) + "&WebIdentityToken=" + token;
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    return served_.deliver(request);
  }
  // "200", or "400 InvalidIdentityToken".
  static std::string verdict(const http::ClientResponse& response) {
    const auto code = element(response.body, "Code");
    return std::to_string(response.status) + (code.empty() ? "" : " " + code);
  }
  static aws::SigningCredentials credentials(const http::ClientResponse& response) {
    return {element(response.body, "AccessKeyId"), Secret(element(response.body, "SecretAccessKey")),
            element(response.body, "SessionToken")};
  }

  const crypto::SigningKey key_ = crypto::SigningKey::generate_ec(), other_key_ = crypto::SigningKey::generate_ec(),
                           third_key_ = crypto::SigningKey::generate_ec();
  kube::FakeApiServer api_;
  Served served_;
  kube::ClusterAccess access_{eks::access_records(*served_.store, served_.deployment), served_.clock, served_.random};
};

TEST_F(WebIdentityOfRegisteredClusters, AKnownKeyAsksNobody) {
  register_cluster("c", key_, Access::api_server);
  EXPECT_EQ(verdict(assume(token(key_))), "200");
  EXPECT_EQ(api_.asked(kClusterJwks), 0);
  EXPECT_EQ(api_.asked(kClusterReview), 0);
  EXPECT_EQ(verdict(assume(token(key_, "pods.eks.amazonaws.com"))), "400 InvalidIdentityToken");
}

TEST_F(WebIdentityOfRegisteredClusters, ANewKeyIsReadAtOnce) {
  register_cluster("c", key_, Access::api_server);
  set_keys(other_key_);
  EXPECT_EQ(verdict(assume(token(other_key_))), "200");
  EXPECT_EQ(api_.asked(kClusterJwks), 1);
  // made-up keys don't hammer the API server: the last reading is just over
  EXPECT_EQ(verdict(assume(token(third_key_))), "400 InvalidIdentityToken");
  EXPECT_EQ(verdict(assume(token(key_))), "400 InvalidIdentityToken");
  EXPECT_EQ(api_.asked(kClusterJwks), 1);
}

TEST_F(WebIdentityOfRegisteredClusters, WhoIsAwayIsNotInvalid) {
  register_cluster("c", key_, Access::api_server);
  api_.set(kClusterJwks, 403, R"({"kind":"Status","code":403,"reason":"Forbidden","message":"no way"})");
  auto refused = assume(token(other_key_));
  EXPECT_EQ(verdict(refused), "400 IDPCommunicationError");
  EXPECT_FALSE(refused.body.contains("no way"));  // the trail has it
  EXPECT_TRUE(served_.audit_text().contains("no way"));
  EXPECT_EQ(verdict(assume(token(key_))), "200");  // what is known goes on
}

TEST_F(WebIdentityOfRegisteredClusters, WithoutAnApiServerAnUnknownKeyIsInvalid) {
  register_cluster("c", key_, Access::none);
  EXPECT_EQ(verdict(assume(token(key_))), "200");
  EXPECT_EQ(verdict(assume(token(other_key_))), "400 InvalidIdentityToken");
}

TEST_F(WebIdentityOfRegisteredClusters, AReviewedTokenIsShownToTheCluster) {
  register_cluster("c", key_, Access::with_review);
  EXPECT_EQ(verdict(assume(token(key_))), "200");
  EXPECT_EQ(api_.asked(kClusterReview), 1);
  served_.clock.advance(Milliseconds{1'000});
  set_review(R"({"error":"pod not found"})");
  auto refused = assume(token(key_));
  EXPECT_EQ(verdict(refused), "403 IDPRejectedClaim");
  EXPECT_TRUE(refused.body.contains("pod not found")) << refused.body;
  served_.clock.advance(Milliseconds{1'000});
  api_.set(kClusterReview, 500, "broken");
  EXPECT_EQ(verdict(assume(token(key_))), "400 IDPCommunicationError");
  // a new key and a review are two waits of one request
  served_.clock.advance(Seconds{60});
  set_keys(other_key_);
  set_review(R"({"authenticated":true,"audiences":["sts.amazonaws.com"],)"
             R"("user":{"username":"system:serviceaccount:default:app"}})");
  EXPECT_EQ(verdict(assume(token(other_key_))), "200");
}

// They are told apart by their keys, and a role must name the one it means.
TEST_F(WebIdentityOfRegisteredClusters, TwoMayHaveOneIssuer) {
  register_cluster("c", key_, Access::none);
  make_role("pinned", R"({"ArnEquals":{"aws:SourceArn":"arn:aws:eks:us-west-2:111122223333:cluster/d"}})");
  make_role("any", R"({"ArnLike":{"aws:SourceArn":"arn:aws:eks:us-west-2:111122223333:cluster/*"}})");
  EXPECT_EQ(verdict(assume(token(key_))), "200");  // as long as it is the only one
  register_cluster("d", other_key_, Access::none);
  EXPECT_EQ(verdict(assume(token(key_))), "403 AccessDenied");
  EXPECT_EQ(verdict(assume(token(other_key_))), "403 AccessDenied");
  EXPECT_TRUE(served_.audit_text().contains("does not say by aws:SourceArn which it means"));
  EXPECT_EQ(verdict(assume(token(key_), "any")), "200");
  EXPECT_EQ(verdict(assume(token(other_key_), "any")), "200");
  EXPECT_EQ(verdict(assume(token(third_key_))), "400 InvalidIdentityToken");
  EXPECT_EQ(verdict(assume(token(key_), "pinned")), "403 AccessDenied");
  EXPECT_EQ(verdict(assume(token(other_key_), "pinned")), "200");
}

// The session of an agent's own token is held to its node by the exchange.
TEST_F(WebIdentityOfRegisteredClusters, TheNodeHoldsInTheExchange) {
  register_cluster("c", key_, Access::none);
  const auto all =
      codec::percent_encode(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})");
  EXPECT_EQ(served_.query("iam", "Action=PutRolePolicy&RoleName=app&PolicyName=all&PolicyDocument=" + all).status, 200);
  const auto pods = codec::percent_encode(
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},)"
      R"("Action":["sts:AssumeRole","sts:TagSession"]}})");
  EXPECT_EQ(served_.query("iam", "Action=CreateRole&RoleName=pod&AssumeRolePolicyDocument=" + pods).status, 200);
  EXPECT_EQ(
      served_
          .json("eks", "POST", "/clusters/c/pod-identity-associations",
                R"({"namespace":"default","serviceAccount":"app","roleArn":"arn:aws:iam::111122223333:role/pod"})")
          .status,
      200);
  const auto agent = credentials(assume(token(key_, kAudience, "node-1")));
  auto exchange = [&](std::string_view node, const aws::SigningCredentials& caller) {
    const auto body = codec::write_json(Value::map({{"token", token(key_, "pods.eks.amazonaws.com", node)}}));
    return served_.send({"eks-auth", "POST", "/clusters/c/assume-role-for-pod-identity", body, {}}, caller).status;
  };
  EXPECT_EQ(exchange("node-1", agent), 200);
  EXPECT_EQ(exchange("node-2", agent), 400);
  // another role does not make it another node
  const auto trust =
      codec::percent_encode(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",)"
                            R"("Principal":{"AWS":"arn:aws:iam::111122223333:root"}}})");
  EXPECT_EQ(served_.query("iam", "Action=CreateRole&RoleName=other&AssumeRolePolicyDocument=" + trust).status, 200);
  EXPECT_EQ(served_.query("iam", "Action=PutRolePolicy&RoleName=other&PolicyName=all&PolicyDocument=" + all).status,
            200);
  const auto chained = served_.assume("other", agent);
  EXPECT_EQ(exchange("node-1", chained), 200);
  EXPECT_EQ(exchange("node-2", chained), 400);
}

}  // namespace
}  // namespace podpass::gateway
