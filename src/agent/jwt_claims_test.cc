#include "agent/jwt_claims.h"

#include <gtest/gtest.h>

#include "codec/base64.h"

namespace podpass::agent {
namespace {

std::string token(std::string_view claims, std::string_view header = R"({"alg":"RS256"})") {
  return codec::base64url_encode(header) + "." + codec::base64url_encode(claims) + ".c2lnbmF0dXJl";
}

TEST(JwtClaims, ReadsTheDates) {
  auto life = read_token(token(R"({"nbf":1700000000,"exp":1700086400.5,"aud":["pods.eks.amazonaws.com"]})"));
  ASSERT_TRUE(life) << life.error().message;
  EXPECT_EQ(life->not_before, from_epoch_seconds(1'700'000'000));
  EXPECT_EQ(life->expires, from_epoch_seconds(1'700'086'400) + Milliseconds{500});
}

TEST(JwtClaims, DatesMayBeMissing) {
  auto life = read_token(token("{}"));
  ASSERT_TRUE(life) << life.error().message;
  EXPECT_FALSE(life->not_before);
  EXPECT_FALSE(life->expires);
  EXPECT_TRUE(check_life(*life, from_epoch_seconds(1)));
}

TEST(JwtClaims, WhatIsMalformed) {
  const std::pair<std::string, std::string> rows[] = {
      {"x", "token contains an invalid number of segments"},
      {"a.b", "token contains an invalid number of segments"},
      {"a.b.c.d", "token contains an invalid number of segments"},
      {"..", "could not JSON decode header"},
      {"Bearer " + token("{}"), "could not base64 decode header: illegal base64 data at input byte 6"},
      {"bearer " + token("{}"), "illegal base64 data at input byte 6"},
      {"!!!." + codec::base64url_encode("{}") + ".c", "could not base64 decode header"},
      {codec::base64url_encode("{}") + ".=.c", "could not base64 decode claim"},
      {token("[]"), "could not JSON decode claim"},
      {token("{"), "could not JSON decode claim"},
      {token("{}", "1"), "could not JSON decode header"},
      {token("{}", "\xff"), "could not JSON decode header"},
      {token(R"({"exp":"1700000000"})"), "claim exp is not a date"},
      {token(R"({"exp":-1})"), "claim exp is not a date"},
      {token(R"({"nbf":1e300})"), "claim nbf is not a date"},
      {token(R"({"exp":null})"), "claim exp is not a date"},
      {token("{}") + std::string(kMaxTokenBytes, 'a'), "it is longer than 8192 bytes"},
  };
  for (const auto& [text, why] : rows) {
    auto life = read_token(text);
    ASSERT_FALSE(life) << text;
    const auto& message = life.error().message;
    EXPECT_TRUE(message.starts_with("Service account token cannot be parsed: token is malformed: ")) << message;
    EXPECT_TRUE(message.contains(why)) << message << " for " << text;
  }
}

TEST(JwtClaims, LifeWithoutLeeway) {
  const auto start = from_epoch_seconds(1'000), end = from_epoch_seconds(2'000);
  const TokenClaims life{start, end, {}, {}, {}, {}, {}};
  EXPECT_TRUE(check_life(life, start));
  EXPECT_TRUE(check_life(life, end - Milliseconds{1}));
  EXPECT_EQ(check_life(life, end).error().message,
            "Service account token failed basic claim validations: token is expired");
  EXPECT_EQ(check_life(life, start - Milliseconds{1}).error().message,
            "Service account token failed basic claim validations: token is not valid yet");
}

}  // namespace
}  // namespace podpass::agent
