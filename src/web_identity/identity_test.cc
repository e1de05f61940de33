// Whose token it is: providers, clusters that share an issuer, and keys.
#include "web_identity/identity.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/jwt.h"
#include "eks/records.h"
#include "iam/world_test.h"

namespace podpass::web_identity {
namespace {

using codec::Value;

constexpr std::string_view kIssuer = "https://kubernetes.default.svc.cluster.local";

class Identify : public testing::Test {
 protected:
  void make_provider(std::string_view url) {
    auto made =
        world_.run("CreateOpenIDConnectProvider",
                   Value::map({{"Url", url}, {"ClientIDList", Value::list({"sts.amazonaws.com"})}}), *world_.root());
    ASSERT_TRUE(made) << made.error().message;
  }

  void make_cluster(std::string_view name, std::string_view issuer, const crypto::SigningKey& key) {
    ASSERT_TRUE(world_.store().run([&](store::Transaction& tx) -> Result<void> {
      eks::ClusterRecord record;
      record.cluster.name = name;
      record.issuer = issuer;
      record.keys.document = crypto::KeySet::to_jwks({key.public_key()});
      record.keys.keys = TRY(crypto::KeySet::from_jwks(record.keys.document));
      tx.put(eks::kClusters, {world_.deployment().account, world_.deployment().region, name}, std::move(record));
      return {};
    }));
  }

  static Value claims(std::string_view issuer = kIssuer) {
    return Value::map({{"iss", issuer},
                       {"sub", "system:serviceaccount:default:my-sa"},
                       {"aud", Value::list({"sts.amazonaws.com"})},
                       {"iat", 1'700'000'000},
                       {"exp", 1'700'003'600}});
  }

  // "cluster: subject" or "code: message".
  std::string whose(std::string_view token) {
    auto tx = world_.store().begin();
    policy::Context context;
    aws::Caller nobody;
    aws::Audit audit;
    const aws::Call call{tx, world_.deployment(), nobody, context, world_.clock().now(), "test", audit};
    auto identity = identify(call, token, iam::World::kAccount);
    if (!identity) return identity.error().code + ": " + identity.error().message;
    EXPECT_EQ(identity->provider_arn, "arn:aws:iam::111122223333:oidc-provider/" + identity->provider_name);
    return identity->cluster + ": " + identity->claims.subject;
  }

  iam::World world_;
  const crypto::SigningKey first_ = crypto::SigningKey::generate_ec(), second_ = crypto::SigningKey::generate_rsa(),
                           third_ = crypto::SigningKey::generate_ec();
};

constexpr std::string_view kNoKey =
    "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider,  please reference "
    "AssumeRoleWithWebIdentity documentation for requirements";

TEST_F(Identify, ClustersThatShareAnIssuerAreToldApartByTheirKeys) {
  make_provider(kIssuer);
  make_cluster("first", kIssuer, first_);
  make_cluster("second", kIssuer, second_);
  make_cluster("third", "https://elsewhere.example.com", third_);
  EXPECT_EQ(whose(crypto::mint_jwt(claims(), first_)), "first: system:serviceaccount:default:my-sa");
  EXPECT_EQ(whose(crypto::mint_jwt(claims(), second_)), "second: system:serviceaccount:default:my-sa");
  EXPECT_EQ(whose(crypto::mint_jwt(claims(), third_)), kNoKey);
}

TEST_F(Identify, AProviderVouchesForItsOwnIssuerOnly) {
  make_provider(kIssuer);
  make_cluster("first", kIssuer, first_);
  make_cluster("third", "https://elsewhere.example.com", third_);
  EXPECT_EQ(whose(crypto::mint_jwt(claims("https://elsewhere.example.com"), third_)),
            "InvalidIdentityToken: No OpenIDConnect provider found in your account for https://elsewhere.example.com");
  for (std::string_view near : {"http://kubernetes.default.svc.cluster.local", "kubernetes.default.svc.cluster.local",
                                "https://kubernetes.default.svc.cluster.local/"}) {
    EXPECT_TRUE(whose(crypto::mint_jwt(claims(near), first_)).contains("No OpenIDConnect provider found")) << near;
  }
  // a provider, but no cluster with that issuer
  make_provider("https://accounts.example.com");
  EXPECT_TRUE(whose(crypto::mint_jwt(claims("https://accounts.example.com"), first_))
                  .contains("no cluster of this Podpass issues tokens as https://accounts.example.com"));
}

TEST_F(Identify, SignaturesAndAlgorithms) {
  make_provider(kIssuer);
  make_cluster("first", kIssuer, first_);
  const auto good = crypto::mint_jwt(claims(), first_);
  const auto end = good.rfind('.');
  const auto wrong = codec::base64url_encode(std::string(64, 'x'));
  EXPECT_EQ(whose(good.substr(0, end + 1) + wrong),
            "InvalidIdentityToken: The ID Token provided is not valid: its signature is wrong.");
  auto headed = [&](std::string_view header) { return codec::base64url_encode(header) + good.substr(good.find('.')); };
  const auto kid = first_.public_key().thumbprint();
  EXPECT_EQ(whose(headed(R"({"alg":"none"})")),
            "InvalidIdentityToken: The ID Token provided is not valid: its algorithm \"none\" is not allowed.");
  EXPECT_EQ(whose(headed(R"({"alg":"HS256","kid":")" + kid + R"("})")),
            "InvalidIdentityToken: The ID Token provided is not valid: its algorithm \"HS256\" is not allowed.");
  EXPECT_EQ(whose(headed(R"({"alg":"RS256","kid":")" + kid + R"("})")),
            "InvalidIdentityToken: The ID Token provided is not valid: its algorithm does not go with its key \"" +
                kid + "\".");
  // the claims of another token under this one's signature
  const auto other = crypto::mint_jwt(claims(), second_);
  const auto first_dot = good.find('.');
  auto forged = good.substr(0, first_dot) + other.substr(other.find('.'));
  EXPECT_TRUE(whose(forged).starts_with("InvalidIdentityToken: The ID Token provided is not valid")) << whose(forged);
}

}  // namespace
}  // namespace podpass::web_identity
