// Claims, whole and broken in every way that is looked for.
#include "web_identity/claims.h"

#include <gtest/gtest.h>

#include "codec/json.h"

namespace podpass::web_identity {
namespace {

using codec::Value;

constexpr std::int64_t kNow = 1'700'000'000;

// A good token's claims, with the members of `changes` in place of its own; null takes one away.
Value claims(std::string_view changes = "{}") {
  auto value = Value::map({{"iss", "https://oidc.example.com"},
                           {"sub", "user-1"},
                           {"aud", "client-a"},
                           {"iat", kNow},
                           {"exp", kNow + 600}});
  auto parsed = codec::parse_json(changes);
  EXPECT_TRUE(parsed) << changes;
  for (auto& [name, change] : *parsed->as<Value::Map>()) {
    auto& members = *value.as<Value::Map>();
    std::erase_if(members, [&](const auto& member) { return member.first == name; });
    if (!change.is_null()) value.add(name, std::move(change));
  }
  return value;
}

std::string outcome(std::string_view changes, std::int64_t now = kNow) {
  auto read = read_claims(claims(changes));
  if (!read) return read.error().code + ": " + read.error().message;
  auto checked = check_time(*read, from_epoch_seconds(now));
  return checked ? "good" : checked.error().code + ": " + checked.error().message;
}

TEST(Claims, AreRead) {
  auto read = read_claims(claims(R"({"amr": ["pwd", "mfa"], "email": "a@example.com", "nbf": 1700000000,
      "kubernetes.io": {"namespace": "default", "node": {"name": "node-1", "uid": "u"}}})"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->issuer, "https://oidc.example.com");
  EXPECT_EQ(read->subject, "user-1");
  EXPECT_EQ(read->audience, "client-a");
  EXPECT_EQ(read->audiences, std::vector<std::string>{"client-a"});
  EXPECT_EQ(read->methods, (std::vector<std::string>{"pwd", "mfa"}));
  EXPECT_EQ(read->email, "a@example.com");
  EXPECT_EQ(read->node, "node-1");
  EXPECT_EQ(read->expires, from_epoch_seconds(kNow + 600));
  EXPECT_TRUE(read->tags.empty());
  EXPECT_FALSE(read->source_identity);
}

struct Case {
  const char* changes;
  const char* expected;
};

TEST(Claims, ThatAreMissingOrOfAnotherType) {
  const std::string missing = "InvalidIdentityToken: Missing a required claim: ";
  const Case cases[] = {
      {R"({"iss": null})", "iss."}, {R"({"iss": 1})", "iss."},       {R"({"iss": ""})", "iss."},
      {R"({"sub": null})", "sub."}, {R"({"sub": 123})", "sub."},     {R"({"sub": ""})", "sub."},
      {R"({"aud": null})", "aud."}, {R"({"aud": []})", "aud."},      {R"({"aud": [1, null]})", "aud."},
      {R"({"aud": ""})", "aud."},   {R"({"aud": [""]})", "aud."},    {R"({"aud": null, "azp": "client-a"})", "aud."},
      {R"({"exp": null})", "exp."}, {R"({"exp": "17000"})", "exp."}, {R"({"exp": -1})", "exp."},
      {R"({"exp": 1e30})", "exp."}, {R"({"iat": null})", "iat."},    {R"({"iat": "now"})", "iat."},
  };
  for (const auto& [changes, claim] : cases) EXPECT_EQ(outcome(changes), missing + claim) << changes;
  EXPECT_EQ(outcome(R"({"nbf": "soon"})"), "InvalidIdentityToken: The ID Token's nbf claim is not a number.");
}

TEST(Claims, Times) {
  EXPECT_EQ(outcome("{}", kNow + 599), "good");
  EXPECT_EQ(
      outcome("{}", kNow + 600),
      "ExpiredTokenException: Token expired: current date/time 1700000600 must be before the expiration date/time "
      "1700000600");
  EXPECT_EQ(outcome(R"({"exp": 1700000000.5})"), "good");
  EXPECT_EQ(outcome(R"({"nbf": 1700000060})"), "good");
  EXPECT_EQ(outcome(R"({"nbf": 1700000061})"), "InvalidIdentityToken: The ID Token is not valid yet.");
}

TEST(Claims, TheAudience) {
  auto audience = [](std::string_view changes) {
    auto read = read_claims(claims(changes));
    return read ? read->audience : read.error().message;
  };
  EXPECT_EQ(audience(R"({"aud": ["client-b"]})"), "client-b");
  EXPECT_EQ(audience(R"({"azp": "client-c"})"), "client-c");
  EXPECT_EQ(audience(R"({"azp": ""})"), "client-a");
  EXPECT_EQ(audience(R"({"aud": ["client-a", "client-b"], "azp": "client-b"})"), "client-b");
  EXPECT_EQ(audience(R"({"aud": ["client-a", "client-b"]})"),
            "Token audience contains more than one audience while authorized party is not present");
}

std::string tags(std::string_view changes) {
  auto read = read_claims(claims(changes));
  if (!read) return read.error().code + ": " + read.error().message;
  std::string text;
  for (const auto& tag : read->tags) text += tag.key + "=" + tag.value + (tag.transitive ? "* " : " ");
  return text;
}

TEST(Claims, Tags) {
  EXPECT_EQ(tags(R"({"https://aws.amazon.com/tags": {"principal_tags": {"team": ["blue"], "env": ["test"]},
                     "transitive_tag_keys": ["Team"]}})"),
            "env=test team=blue* ");
  EXPECT_EQ(tags(R"({"https://aws.amazon.com/tags": {"principal_tags": {"team": "blue"}}})"), "team=blue ");
  EXPECT_EQ(tags(R"({"https://aws.amazon.com/tags/principal_tags/team": "blue",
                     "https://aws.amazon.com/tags/transitive_tag_keys": ["team"]})"),
            "team=blue* ");
  EXPECT_EQ(tags(R"({"https://aws.amazon.com/tags": {}})"), "");
  const std::string rejected = "IDPRejectedClaim: ";
  const Case cases[] = {
      {R"({"https://aws.amazon.com/tags": "x"})", "The claim https://aws.amazon.com/tags is not an object."},
      {R"({"https://aws.amazon.com/tags": {"principal_tags": ["x"]}})",
       "The claim principal_tags of https://aws.amazon.com/tags is not an object."},
      {R"({"https://aws.amazon.com/tags": {"principal_tags": {"team": ["a", "b"]}}})",
       "The session tag team must have one value."},
      {R"({"https://aws.amazon.com/tags": {"principal_tags": {"team": []}}})",
       "The session tag team must have one value."},
      {R"({"https://aws.amazon.com/tags": {"principal_tags": {"team": 1}}})",
       "The claim https://aws.amazon.com/tags is neither a text nor a list of texts."},
      {R"({"https://aws.amazon.com/tags": {"principal_tags": {"team": ["a"], "Team": ["b"]}}})",
       "Duplicate tag keys found. Please note that Tag keys are case insensitive."},
      {R"({"https://aws.amazon.com/tags": {"principal_tags": {"aws:team": ["a"]}}})",
       "The tag key 'aws:team' begins with 'aws:', which is reserved."},
      {R"({"https://aws.amazon.com/tags": {"transitive_tag_keys": ["team"]}})",
       "The specified transitive tag key must be included in the requested tags."},
      {R"({"amr": 5})", "The claim amr is neither a text nor a list of texts."},
      {R"({"amr": ["pwd", 5]})", "The claim amr holds something that is no text."},
  };
  for (const auto& [changes, expected] : cases) EXPECT_EQ(tags(changes), rejected + expected) << changes;
  auto many = Value::map({});
  for (int i = 0; i < 51; ++i) many.add("k" + std::to_string(i), "v");
  const auto too_many = codec::write_json(
      Value::map({{"https://aws.amazon.com/tags", Value::map({{"principal_tags", std::move(many)}})}}));
  EXPECT_EQ(tags(too_many), rejected + "A session can have at most 50 tags.");
}

TEST(Claims, TheSourceIdentity) {
  auto identity = [](std::string_view text) {
    auto read = read_claims(claims(codec::write_json(Value::map({{"https://aws.amazon.com/source_identity", text}}))));
    return read ? read->source_identity.value_or("none") : read.error().code;
  };
  EXPECT_EQ(identity("Admin"), "Admin");
  EXPECT_EQ(identity(std::string(64, 'a')), std::string(64, 'a'));
  for (const auto& bad : {std::string("a"), std::string("a b"), std::string(65, 'a'), std::string()}) {
    EXPECT_EQ(identity(bad), "IDPRejectedClaim") << bad;
  }
}

}  // namespace
}  // namespace podpass::web_identity
