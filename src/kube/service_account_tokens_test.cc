// Tokens, whole and broken in every way that verify() looks for.
#include "kube/service_account_tokens.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/hash.h"

namespace podpass::kube {
namespace {

using codec::Value;

constexpr std::string_view kIssuer = "http://127.0.0.1:4566/id/0123456789ABCDEF0123456789ABCDEF";
constexpr std::int64_t kNow = 1'700'000'000;

const crypto::SigningKey& cluster_key() {
  static const auto key = crypto::SigningKey::generate_rsa();
  return key;
}
const crypto::SigningKey& other_key() {
  static const auto key = crypto::SigningKey::generate_ec();
  return key;
}

PodToken pod_token() {
  PodToken token;
  token.issuer = kIssuer;
  token.audience = kPodIdentityAudience;
  token.namespace_ = "default";
  token.service_account = "my-sa";
  token.service_account_uid = "11111111-2222-4333-8444-555555555555";
  token.pod_name = "app1-v1-56b9f94b4-dvd5c";
  token.pod_uid = "66666666-7777-4888-9999-000000000000";
  token.issued = token.not_before = from_epoch_seconds(kNow);
  token.expires = from_epoch_seconds(kNow + 86'400);
  return token;
}

// As a kubelet projects them: the claims of mint()'s token, to be changed.
Value claims() {
  SeededRandom random(1);
  return crypto::parse_jwt(mint(pod_token(), cluster_key(), random))->claims;
}

Result<std::shared_ptr<const PodToken>> check(std::string_view token, long long now = kNow + 10) {
  static const auto keys = crypto::KeySet::of({cluster_key().public_key()});
  return verify(token, *keys, kIssuer, kPodIdentityAudience, from_epoch_seconds(now));
}

std::string outcome(const Result<std::shared_ptr<const PodToken>>& result) {
  if (result) return "good";
  EXPECT_EQ(result.error().http_status(), 400);
  return result.error().code + ": " + result.error().message;
}

std::string forge(std::string_view header, const Value& claims, auto sign) {
  auto input = codec::base64url_encode(header) + "." + codec::base64url_encode(codec::write_json(claims));
  return input + "." + codec::base64url_encode(sign(input));
}

TEST(ServiceAccountTokens, AMintedTokenSaysWhatItWasMintedFor) {
  SeededRandom random(1);
  auto text = mint(pod_token(), cluster_key(), random);
  for (int run = 0; run < 2; ++run) {  // the second time from memory
    auto checked = check(text);
    ASSERT_TRUE(checked) << checked.error().message;
    const auto& token = *checked;
    EXPECT_EQ(token->issuer, kIssuer);
    EXPECT_EQ(token->audience, kPodIdentityAudience);
    EXPECT_EQ(token->namespace_, "default");
    EXPECT_EQ(token->service_account, "my-sa");
    EXPECT_EQ(token->service_account_uid, pod_token().service_account_uid);
    EXPECT_EQ(token->pod_name, pod_token().pod_name);
    EXPECT_EQ(token->pod_uid, pod_token().pod_uid);
    EXPECT_FALSE(token->node_name || token->node_uid);
    EXPECT_EQ(token->issued, from_epoch_seconds(kNow));
    EXPECT_EQ(token->expires, from_epoch_seconds(kNow + 86'400));
  }
}

TEST(ServiceAccountTokens, AMintedTokenHasTheClaimsOfAKubelets) {
  auto made = claims();
  EXPECT_EQ(*made.find("aud"), Value::list({kPodIdentityAudience}));
  EXPECT_EQ(made.text("sub"), "system:serviceaccount:default:my-sa");
  EXPECT_EQ(*made.find("exp"), Value(kNow + std::int64_t{86'400}));
  EXPECT_EQ(*made.find("iat"), *made.find("nbf"));
  EXPECT_EQ(made.text("jti").size(), 36U);
}

struct BadClaim {
  const char* name;
  void (*change)(Value& claims);
  const char* outcome;
};

Value& kubernetes(Value& claims) {
  return *claims.find("kubernetes.io");
}

void drop(Value& map, std::string_view name) {
  std::erase_if(*map.as<Value::Map>(), [&](const auto& member) { return member.first == name; });
}

const BadClaim kBadClaims[] = {
    {"NoChange", [](Value&) {}, "good"},
    {"AudienceAsText", [](Value& claims) { claims.set("aud", kPodIdentityAudience); }, "good"},
    {"SeveralAudiences", [](Value& claims) { claims.set("aud", Value::list({"x", kPodIdentityAudience})); }, "good"},
    {"OtherAudience", [](Value& claims) { claims.set("aud", Value::list({"sts.amazonaws.com"})); },
     "InvalidTokenException: The service account token's audience must be pods.eks.amazonaws.com."},
    {"NoAudience", [](Value& claims) { drop(claims, "aud"); },
     "InvalidTokenException: The service account token's audience must be pods.eks.amazonaws.com."},
    {"AudienceOfAnotherType", [](Value& claims) { claims.set("aud", 1); },
     "InvalidTokenException: The service account token's audience must be pods.eks.amazonaws.com."},
    {"ANameThatIsNone", [](Value& claims) { kubernetes(claims).find("pod")->set("name", "a b"); },
     "InvalidTokenException: The service account token's kubernetes.io claim holds a name that Kubernetes does not "
     "allow."},
    {"ALongName", [](Value& claims) { kubernetes(claims).find("pod")->set("name", std::string(254, 'a')); },
     "InvalidTokenException: The service account token's kubernetes.io claim holds a name that Kubernetes does not "
     "allow."},
    {"AUidThatIsNone", [](Value& claims) { kubernetes(claims).find("pod")->set("uid", "${aws:userid}"); },
     "InvalidTokenException: The service account token's pod uid is not one."},
    {"ForeignIssuer", [](Value& claims) { claims.set("iss", "https://oidc.eks.us-west-2.amazonaws.com/id/X"); },
     "InvalidTokenException: The service account token was not issued by this cluster."},
    {"NoIssuer", [](Value& claims) { drop(claims, "iss"); },
     "InvalidTokenException: The service account token was not issued by this cluster."},
    {"Expired", [](Value& claims) { claims.set("exp", std::int64_t{kNow + 10}); },
     "ExpiredTokenException: The service account token expired at 2023-11-14T22:13:30Z."},
    {"NotQuiteExpired", [](Value& claims) { claims.set("exp", kNow + 10.5); }, "good"},
    {"NoExpiry", [](Value& claims) { drop(claims, "exp"); },
     "InvalidTokenException: The service account token has no exp claim."},
    {"ExpiryIsText", [](Value& claims) { claims.set("exp", "1800000000"); },
     "InvalidTokenException: The service account token has no exp claim."},
    {"ExpiryBeyondAll", [](Value& claims) { claims.set("exp", 1e300); },
     "InvalidTokenException: The service account token has no exp claim."},
    {"NotYet", [](Value& claims) { claims.set("nbf", std::int64_t{kNow + 71}); },
     "InvalidTokenException: The service account token is not valid yet."},
    {"NotYetByTheSkew", [](Value& claims) { claims.set("nbf", std::int64_t{kNow + 70}); }, "good"},
    {"NoNotBefore", [](Value& claims) { drop(claims, "nbf"); }, "good"},
    {"NotBeforeIsText", [](Value& claims) { claims.set("nbf", "soon"); },
     "InvalidTokenException: The service account token's nbf claim is not a number."},
    {"ForeignSubject", [](Value& claims) { claims.set("sub", "system:serviceaccount:default:admin"); },
     "InvalidTokenException: The service account token's sub claim does not agree with its kubernetes.io claim."},
    {"NoSubject", [](Value& claims) { drop(claims, "sub"); },
     "InvalidTokenException: The service account token's sub claim does not agree with its kubernetes.io claim."},
    {"ForeignNamespace", [](Value& claims) { kubernetes(claims).set("namespace", "kube-system"); },
     "InvalidTokenException: The service account token's sub claim does not agree with its kubernetes.io claim."},
    {"NoKubernetes", [](Value& claims) { drop(claims, "kubernetes.io"); },
     "InvalidTokenException: The token is not a Kubernetes service account token: it has no kubernetes.io claim."},
    {"KubernetesIsText", [](Value& claims) { claims.set("kubernetes.io", "x"); },
     "InvalidTokenException: The token is not a Kubernetes service account token: it has no kubernetes.io claim."},
    {"NoPod", [](Value& claims) { drop(kubernetes(claims), "pod"); },
     "InvalidTokenException: The service account token is not bound to a pod. Use a projected token of a pod's "
     "volume."},
    {"PodWithoutUid", [](Value& claims) { kubernetes(claims).set("pod", Value::map({{"name", "p"}})); },
     "InvalidTokenException: The service account token's kubernetes.io claim is incomplete."},
    {"PodNameIsANumber", [](Value& claims) { kubernetes(claims).set("pod", Value::map({{"name", 1}, {"uid", "u"}})); },
     "InvalidTokenException: The service account token's kubernetes.io claim is incomplete."},
    {"NoNamespace", [](Value& claims) { drop(kubernetes(claims), "namespace"); },
     "InvalidTokenException: The service account token's kubernetes.io claim is incomplete."},
};

class Claims : public testing::TestWithParam<BadClaim> {};

TEST_P(Claims, AreChecked) {
  auto changed = claims();
  GetParam().change(changed);
  auto token = crypto::mint_jwt(changed, cluster_key());
  EXPECT_EQ(outcome(check(token)), GetParam().outcome);
  EXPECT_EQ(outcome(check(token)), GetParam().outcome) << "from memory";
}

INSTANTIATE_TEST_SUITE_P(Table, Claims, testing::ValuesIn(kBadClaims),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ServiceAccountTokens, TheNodeIsKnownWhereTheTokenNamesIt) {
  auto made = claims();
  kubernetes(made).set("node", Value::map({{"name", "ip-10-0-0-1"}, {"uid", "n"}}));
  auto token = check(crypto::mint_jwt(made, cluster_key()));
  ASSERT_TRUE(token);
  EXPECT_EQ((*token)->node_name, "ip-10-0-0-1");
  EXPECT_EQ((*token)->node_uid, "n");
}

TEST(ServiceAccountTokens, OnlyTheClustersKeysSign) {
  auto kid = cluster_key().public_key().thumbprint();
  auto public_pem = cluster_key().public_key().to_pem();
  auto none = [](std::string_view) { return std::string(); };
  auto text = [](std::string_view) { return std::string("x"); };
  auto with_public_key = [&](std::string_view input) {
    return std::string(crypto::hmac_sha256(public_pem, input).view());
  };
  const std::string front = "InvalidTokenException: The service account token is not valid: ";

  EXPECT_EQ(outcome(check(crypto::mint_jwt(claims(), other_key()))),
            front + "its issuer has no key \"" + other_key().public_key().thumbprint() + "\"");
  EXPECT_TRUE(outcome(check(forge(R"({"alg":"none"})", claims(), none))).starts_with(front));
  EXPECT_EQ(outcome(check(forge(R"({"alg":"none","kid":")" + kid + R"("})", claims(), text))),
            front + "its algorithm \"none\" is not allowed");
  EXPECT_EQ(outcome(check(forge(R"({"alg":"HS256","kid":")" + kid + R"("})", claims(), with_public_key))),
            front + "its algorithm \"HS256\" is not allowed");
  EXPECT_EQ(outcome(check(forge(R"({"alg":"RS256","kid":")" + kid + R"("})", claims(), with_public_key))),
            front + "its signature is wrong");
  EXPECT_EQ(outcome(check(forge(R"({"alg":"ES256","kid":")" + kid + R"("})", claims(),
                                [](std::string_view input) { return other_key().sign(input); }))),
            front + "its algorithm does not go with its key \"" + kid + "\"");
}

TEST(ServiceAccountTokens, EveryChangedCharacterIsSeen) {
  auto token = crypto::mint_jwt(claims(), cluster_key());
  ASSERT_TRUE(check(token));
  for (std::size_t i = 0; i < token.size(); i += 7) {
    auto changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(check(changed)) << i;
    EXPECT_FALSE(check(token.substr(0, i))) << i;
  }
  EXPECT_TRUE(check(token));
}

// What is remembered of a good signature is not more than the signature.
TEST(ServiceAccountTokens, TheMemoryForgivesNothing) {
  auto token = crypto::mint_jwt(claims(), cluster_key());
  auto keys = crypto::KeySet::of({cluster_key().public_key()});
  auto foreign = crypto::KeySet::of({other_key().public_key()});
  auto at = from_epoch_seconds(kNow);
  ASSERT_TRUE(verify(token, *keys, kIssuer, kPodIdentityAudience, at));
  EXPECT_FALSE(verify(token, *foreign, kIssuer, kPodIdentityAudience, at)) << "the cluster's keys were replaced";
  EXPECT_FALSE(verify(token, *keys, "http://other", kPodIdentityAudience, at));
  EXPECT_FALSE(verify(token, *keys, kIssuer, "sts.amazonaws.com", at));
  EXPECT_EQ(outcome(verify(token, *keys, kIssuer, kPodIdentityAudience, at + Seconds(86'400))),
            "ExpiredTokenException: The service account token expired at 2023-11-15T22:13:20Z.");
  EXPECT_TRUE(verify(token, *keys, kIssuer, kPodIdentityAudience, at));
  auto both = crypto::KeySet::of({other_key().public_key(), cluster_key().public_key()});
  EXPECT_TRUE(verify(token, *both, kIssuer, kPodIdentityAudience, at)) << "a key was added";
}

TEST(ServiceAccountTokens, AHashOfItsMessageStandsForAToken) {
  auto token = crypto::mint_jwt(claims(), cluster_key());
  auto forged = crypto::mint_jwt(claims(), other_key());
  auto keys = crypto::KeySet::of({cluster_key().public_key()});
  auto at = from_epoch_seconds(kNow);
  auto check = [&](const std::string& text) {
    return verify(text, crypto::sha256("message " + text), *keys, kIssuer, kPodIdentityAudience, at).has_value();
  };
  for (int run = 0; run < 2; ++run) {  // the second time from memory
    EXPECT_TRUE(check(token));
    EXPECT_FALSE(check(forged));
  }
}

TEST(ServiceAccountTokens, ErrorsDoNotHoldTheToken) {
  auto token = crypto::mint_jwt(claims(), other_key());
  auto result = check(token);
  ASSERT_FALSE(result);
  for (auto part = token; part.size() > 40; part = part.substr(20)) {
    EXPECT_FALSE(result.error().message.contains(part.substr(0, 40)));
  }
}

TEST(ServiceAccountTokens, PodsAreCalledByTheirServiceAccount) {
  EXPECT_EQ(pod_name_for("my-sa", "x7k2p"), "my-sa-x7k2p");
  EXPECT_EQ(pod_name_for(std::string(253, 'a'), "x7k2p"), std::string(247, 'a') + "-x7k2p");
  EXPECT_EQ(pod_name_for(std::string(246, 'a') + ".bcdefg", "x7k2p"), std::string(246, 'a') + "-x7k2p");
}

}  // namespace
}  // namespace podpass::kube
