// Keys, JWKs and JWTs.
#include "crypto/jwt.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/hash.h"

namespace podpass::crypto {
namespace {

using codec::Value;
using Kind = JwtError::Kind;

const SigningKey& rsa_key() {
  static const auto key = SigningKey::generate_rsa();
  return key;
}
const SigningKey& ec_key() {
  static const auto key = SigningKey::generate_ec();
  return key;
}

std::string encode(std::string_view text) {
  return codec::base64url_encode(text);
}

// A token with this header and payload, signed by `key` whatever the header says.
std::string forge(std::string_view header, std::string_view claims, const SigningKey& key) {
  auto input = encode(header) + "." + encode(claims);
  return input + "." + encode(key.sign(input));
}

std::string header_of(std::string_view alg, const SigningKey& key) {
  return R"({"alg":")" + std::string(alg) + R"(","kid":")" + key.public_key().thumbprint() + R"("})";
}

Kind refusal(std::string_view token, const KeySet& keys, AllowedAlgorithms allowed = kAllAlgorithms) {
  auto result = verify_jwt(token, keys, allowed);
  EXPECT_FALSE(result) << token;
  return result ? Kind{99} : result.error().kind;
}

TEST(Sign, BothKindsOfKeysThroughEveryForm) {
  for (const auto* key : {&rsa_key(), &ec_key()}) {
    auto signature = key->sign("message");
    auto changed = signature;
    changed.back() = static_cast<char>(changed.back() ^ 1);
    auto again = SigningKey::from_pem(key->to_pem());
    auto again_der = SigningKey::from_der(key->to_der());
    ASSERT_TRUE(again && again_der);
    auto original = key->public_key();
    for (const auto& public_key :
         {original, again->public_key(), again_der->public_key(), *PublicKey::from_pem(original.to_pem()),
          *PublicKey::from_der(original.to_der()), *PublicKey::from_jwk(original.to_jwk())}) {
      EXPECT_EQ(public_key.thumbprint(), original.thumbprint());
      EXPECT_TRUE(public_key.verify("message", signature));
      EXPECT_FALSE(public_key.verify("massage", signature));
      EXPECT_FALSE(public_key.verify("message", changed));
      EXPECT_FALSE(public_key.verify("message", ""));
      EXPECT_FALSE(public_key.verify("message", signature + "x"));
      EXPECT_FALSE(public_key.verify("message", std::string(signature.size(), '\0')));
      EXPECT_FALSE(public_key.verify("message", std::string(signature.size(), '\xff')));
    }
    EXPECT_TRUE(original.verify("message", again->sign("message")));
  }
}

// RFC 7638 section 3.1 and RFC 7515 appendix A.3.
TEST(Sign, KnownKeys) {
  auto rsa = PublicKey::from_jwk(Value::map({{"kty", "RSA"},
                                             {"n",
                                              "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aP"
                                              "FFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhM"
                                              "stn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
                                              "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5h"
                                              "ajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
                                              "xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"},
                                             {"e", "AQAB"}}));
  ASSERT_TRUE(rsa) << rsa.error().message;
  EXPECT_EQ(rsa->thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  auto ec = PublicKey::from_jwk(Value::map({{"kty", "EC"},
                                            {"crv", "P-256"},
                                            {"x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"},
                                            {"y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}}));
  ASSERT_TRUE(ec) << ec.error().message;
  auto signature =
      codec::base64url_decode("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  EXPECT_TRUE(
      ec->verify("eyJhbGciOiJFUzI1NiJ9."
                 "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
                 *signature));
}

TEST(Sign, UnacceptableKeys) {
  EXPECT_FALSE(PublicKey::from_pem("nonsense"));
  EXPECT_FALSE(PublicKey::from_der(""));
  EXPECT_FALSE(PublicKey::from_der(ec_key().public_key().to_der() + "x"));
  EXPECT_FALSE(SigningKey::from_pem(Secret("nonsense")));
  EXPECT_FALSE(SigningKey::from_der(Secret("\x30\x01")));
  auto short_n = encode("\xc1" + std::string(126, 'x') + "\x01");
  auto rsa = Value::map({{"kty", "RSA"}, {"n", std::string_view(short_n)}, {"e", "AQAB"}});
  EXPECT_EQ(PublicKey::from_jwk(rsa).error().message, "An RSA key must have 2048 to 8192 bits.");
  auto jwk = rsa_key().public_key().to_jwk();
  jwk.set("e", "AQ");  // 1: any text would be its own signature
  EXPECT_FALSE(PublicKey::from_jwk(jwk));
  jwk.set("e", "Ag");
  EXPECT_FALSE(PublicKey::from_jwk(jwk));
  jwk = ec_key().public_key().to_jwk();
  jwk.set("y", jwk.text("x"));  // not on the curve
  EXPECT_FALSE(PublicKey::from_jwk(jwk));
  jwk.set("y", "AA");
  EXPECT_FALSE(PublicKey::from_jwk(jwk));
}

class Jwt_ : public ::testing::Test {
 protected:
  std::shared_ptr<const KeySet> keys = KeySet::of({rsa_key().public_key(), ec_key().public_key()});
  Value claims = Value::map({{"iss", "https://issuer"}, {"exp", 17}, {"nested", Value::map({{"a:\"b", "c:d\\"}})}});
};

TEST_F(Jwt_, MintedVerifies) {
  for (const auto* key : {&rsa_key(), &ec_key()}) {
    auto token = mint_jwt(claims, *key);
    auto verified = verify_jwt(token, *keys);
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_EQ(*verified, claims);
    auto parsed = parse_jwt(token);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->algorithm, algorithm_name(key->type()));
    EXPECT_EQ(parsed->kid, key->public_key().thumbprint());
    EXPECT_EQ(parsed->claims, claims);
  }
}

// The last character of a part may hold spare bits, which strict base64url refuses too.
TEST_F(Jwt_, RefusesEveryChangedCharacter) {
  auto token = mint_jwt(claims, ec_key());
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (char c : {'A', 'B', '.', '=', '+', '\n'}) {
      if (token[i] == c) continue;
      auto changed = token;
      changed[i] = c;
      EXPECT_FALSE(verify_jwt(changed, *keys)) << i;
    }
    EXPECT_FALSE(verify_jwt(token.substr(0, i), *keys)) << i;
  }
}

TEST_F(Jwt_, AlgorithmConfusion) {
  auto rs256 = mint_jwt(claims, rsa_key());
  std::array<KeyType, 1> only_ec = {KeyType::ec_p256};
  EXPECT_EQ(refusal(rs256, *keys, only_ec), Kind::disallowed_algorithm);
  for (std::string_view alg : {"none", "None", "HS256", "RS512", "PS256", "rs256", "EdDSA"}) {
    EXPECT_EQ(refusal(forge(header_of(alg, rsa_key()), "{}", rsa_key()), *keys), Kind::disallowed_algorithm) << alg;
  }
  EXPECT_EQ(refusal(encode(header_of("none", rsa_key())) + "." + encode("{}") + ".", *keys),
            Kind::disallowed_algorithm);
  // HMAC with the public key's text as the secret.
  auto input = encode(header_of("HS256", rsa_key())) + "." + encode("{}");
  auto mac = hmac_sha256(rsa_key().public_key().to_pem(), input);
  EXPECT_EQ(refusal(input + "." + encode(mac), *keys), Kind::disallowed_algorithm);
  // The key's type isn't the algorithm's.
  EXPECT_EQ(refusal(forge(header_of("ES256", rsa_key()), "{}", ec_key()), *keys), Kind::disallowed_algorithm);
}

TEST_F(Jwt_, Kinds) {
  auto stranger = SigningKey::generate_ec();
  EXPECT_EQ(refusal(mint_jwt(claims, stranger), *keys), Kind::unknown_key);
  EXPECT_EQ(refusal(forge(R"({"alg":"ES256"})", "{}", ec_key()), *keys), Kind::unknown_key);
  EXPECT_EQ(refusal(forge(header_of("ES256", ec_key()), "{}", stranger), *keys), Kind::bad_signature);
  struct {
    std::string header, claims;
  } malformed[] = {
      {R"({"alg":"ES256","alg":"ES256"})", "{}"},
      {R"({"alg":"ES256","al\u0067":"none"})", "{}"},
      {R"({"alg":7})", "{}"},
      {R"({"kid":"x"})", "{}"},
      {R"({"alg":"ES256","kid":{}})", "{}"},
      {R"({"alg":"ES256","crit":["exp"],"exp":1})", "{}"},
      {R"(["alg"])", "{}"},
      {R"({"alg":"ES256"} )"
       "x",
       "{}"},
      {header_of("ES256", ec_key()), R"({"sub":"a","sub":"b"})"},
      {header_of("ES256", ec_key()), R"({"x":{"sub":"a","s\u0075b":"b"}})"},
      {header_of("ES256", ec_key()), "[]"},
      {header_of("ES256", ec_key()), "{"},
  };
  for (const auto& row : malformed) {
    EXPECT_EQ(refusal(forge(row.header, row.claims, ec_key()), *keys), Kind::malformed) << row.header << row.claims;
  }
  for (std::string_view token : {"", ".", "..", "...", "a.b", "a.b.c.d", "e30.e30.", "e30=.e30.e30"}) {
    EXPECT_EQ(refusal(token, *keys), Kind::malformed) << token;
  }
  EXPECT_EQ(refusal(std::string(kMaxJwtBytes + 1, 'a'), *keys), Kind::malformed);
}

TEST(KeySet, FromAndToDocuments) {
  auto document = KeySet::to_jwks({rsa_key().public_key(), ec_key().public_key()});
  auto keys = KeySet::from_jwks(*codec::parse_json(codec::write_json(document)));
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ((*keys)->to_jwks(), document);
  EXPECT_EQ((*keys)->size(), 2u);
  auto kid = ec_key().public_key().thumbprint();
  EXPECT_TRUE((*keys)->find(kid, KeyType::ec_p256));
  EXPECT_FALSE((*keys)->find(kid, KeyType::rsa));
  EXPECT_EQ((*keys)->fingerprint(), KeySet::of({ec_key().public_key(), rsa_key().public_key()})->fingerprint());
  EXPECT_NE((*keys)->fingerprint(), KeySet::of({ec_key().public_key()})->fingerprint());
}

TEST(KeySet, WhatIsPassedOverAndWhatIsAnError) {
  auto good = ec_key().public_key().to_jwk();
  auto encryption = good, other_curve = good, other_algorithm = good;
  encryption.set("use", "enc");
  other_curve.set("crv", "P-384");
  other_algorithm.set("alg", "ES384");
  auto set = [](std::initializer_list<Value> list) { return Value::map({{"keys", Value::list(list)}}); };
  auto mixed =
      KeySet::from_jwks(set({encryption, other_curve, Value(7), other_algorithm, Value::map({{"kty", "oct"}}), good}));
  ASSERT_TRUE(mixed);
  EXPECT_EQ((*mixed)->size(), 1u);
  EXPECT_TRUE((*mixed)->knows(ec_key().public_key().thumbprint()));  // a key without kid goes by its thumbprint
  EXPECT_FALSE(KeySet::from_jwks(set({encryption})));
  EXPECT_FALSE(KeySet::from_jwks(set({})));
  EXPECT_FALSE(KeySet::from_jwks(Value::map({{"keys", "x"}})));
  EXPECT_FALSE(KeySet::from_jwks(Value()));
  EXPECT_FALSE(KeySet::from_jwks(set({good, good})));
  auto broken = good;
  broken.set("x", "!");
  EXPECT_FALSE(KeySet::from_jwks(set({good, broken})));
  EXPECT_FALSE(KeySet::from_jwks(Value::map({{"keys", Value(Value::List(kMaxKeysInSet + 1, good))}})));
}

}  // namespace
}  // namespace podpass::crypto
