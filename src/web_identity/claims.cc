#include "web_identity/claims.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/tags.h"
#include "base/strings.h"
#include "crypto/jwt.h"

namespace podpass::web_identity {
namespace {

using codec::Value;

constexpr std::string_view kTags = "https://aws.amazon.com/tags";
constexpr std::string_view kPrincipalTags = "principal_tags";
constexpr std::string_view kTransitiveTagKeys = "transitive_tag_keys";
constexpr std::string_view kSourceIdentity = "https://aws.amazon.com/source_identity";
constexpr std::string_view kDuplicateTags = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";

Error missing_claim(std::string_view name) {
  return invalid_token(fmt::format("Missing a required claim: {}.", name));
}

Error rejected_claim(std::string message) {
  return {ErrorKind::denied, "IDPRejectedClaim", 403, std::move(message), {}, {}};
}

// One text, or a list of texts.
Result<std::vector<std::string>> texts_of(const Value& value, std::string_view name) {
  if (const auto* text = value.as_text()) return std::vector<std::string>{*text};
  std::vector<std::string> texts;
  const auto* list = value.as<Value::List>();
  if (!list) return rejected_claim(fmt::format("The claim {} is neither a text nor a list of texts.", name));
  for (const auto& item : *list) {
    if (!item.as_text()) return rejected_claim(fmt::format("The claim {} holds something that is no text.", name));
    texts.push_back(*item.as_text());
  }
  return texts;
}

Result<void> add_tag(std::vector<aws::Tag>& tags, std::string_view key, const Value& value) {
  auto texts = TRY(texts_of(value, kTags));
  if (texts.size() != 1) return rejected_claim(fmt::format("The session tag {} must have one value.", key));
  tags.push_back({std::string(key), std::move(texts[0])});
  return {};
}

struct TagClaims {
  std::vector<aws::Tag> tags;
  std::vector<std::string> transitive;
};

// {"https://aws.amazon.com/tags": {"principal_tags": {"team": ["blue"]}, "transitive_tag_keys": ["team"]}}, or, of
// issuers that can't nest, {"https://aws.amazon.com/tags/principal_tags/team": "blue", ...}.
Result<TagClaims> tag_claims(const Value& claims) {
  TagClaims found;
  if (const auto* nested = claims.find(kTags)) {
    if (!nested->as<Value::Map>()) return rejected_claim(fmt::format("The claim {} is not an object.", kTags));
    const auto* tags = nested->find(kPrincipalTags);
    const auto* map = tags ? tags->as<Value::Map>() : nullptr;
    if (tags && !map) return rejected_claim(fmt::format("The claim {} of {} is not an object.", kPrincipalTags, kTags));
    if (map) {
      for (const auto& [key, value] : *map) TRY(add_tag(found.tags, key, value));
    }
    if (const auto* keys = nested->find(kTransitiveTagKeys))
      found.transitive = TRY(texts_of(*keys, kTransitiveTagKeys));
  }
  const auto flat = concat({kTags, "/", kPrincipalTags, "/"});
  const auto flat_keys = concat({kTags, "/", kTransitiveTagKeys});
  for (const auto& [name, value] : *claims.as<Value::Map>()) {
    if (name.starts_with(flat)) TRY(add_tag(found.tags, std::string_view(name).substr(flat.size()), value));
    if (name != flat_keys) continue;
    auto keys = TRY(texts_of(value, flat_keys));
    found.transitive.insert(found.transitive.end(), keys.begin(), keys.end());
  }
  return found;
}

Result<aws::SessionTags> session_tags(const Value& claims) {
  auto found = TRY(tag_claims(claims));
  if (found.tags.size() > aws::kMaxTags || found.transitive.size() > aws::kMaxTags) {
    return rejected_claim(fmt::format("A session can have at most {} tags.", aws::kMaxTags));
  }
  auto map = aws::tag_map(found.tags, kDuplicateTags);
  if (!map) return rejected_claim(map.error().message);
  aws::SessionTags tags;
  for (auto& [key, value] : *map) tags.push_back({key, std::move(value), false});
  for (const auto& key : found.transitive) {
    auto tag = std::ranges::find_if(tags, [&](const auto& each) { return iequals(each.key, key); });
    if (tag == tags.end()) {
      return rejected_claim("The specified transitive tag key must be included in the requested tags.");
    }
    tag->transitive = true;
  }
  return tags;
}

Result<std::optional<std::string>> source_identity(const Value& claims) {
  const auto* value = claims.find(kSourceIdentity);
  if (!value) return std::optional<std::string>();
  const auto* text = value->as_text();
  if (!text || text->size() < 2 || text->size() > 64 || !only_alnum_and(*text, "_+=,.@-")) {
    return rejected_claim(
        fmt::format("The claim {} must be a text of 2 to 64 characters of [\\w+=,.@-].", kSourceIdentity));
  }
  return std::optional(*text);
}

// Who the token is for. AWS takes `azp` where there is one, and else wants `aud` to name one.
Result<std::string> audience_of(const Claims& claims, std::string_view authorized_party) {
  const bool names_one = std::ranges::any_of(claims.audiences, [](const auto& each) { return !each.empty(); });
  if (!names_one) return missing_claim("aud");
  if (!authorized_party.empty()) return std::string(authorized_party);
  if (claims.audiences.size() > 1) {
    return invalid_token("Token audience contains more than one audience while authorized party is not present");
  }
  return claims.audiences[0];
}

Result<void> read_times(const Value& claims, Claims& read) {
  const auto expires = crypto::numeric_date(claims, "exp");
  if (!expires) return missing_claim("exp");
  if (!crypto::numeric_date(claims, "iat")) return missing_claim("iat");
  read.expires = *expires;
  if (!claims.find("nbf")) return {};
  const auto not_before = crypto::numeric_date(claims, "nbf");
  if (!not_before) return invalid_token("The ID Token's nbf claim is not a number.");
  read.not_before = *not_before;
  return {};
}

}  // namespace

Error invalid_token(std::string message, std::string cause) {
  return {ErrorKind::invalid, "InvalidIdentityToken", 400, std::move(message), std::move(cause), {}};
}

Result<Claims> read_claims(const Value& claims) {
  Claims read;
  read.issuer = claims.text("iss");
  if (read.issuer.empty()) return missing_claim("iss");
  read.subject = claims.text("sub");
  if (read.subject.empty()) return missing_claim("sub");
  for (const auto audience : crypto::audiences(claims)) read.audiences.emplace_back(audience);
  TRY(read_times(claims, read));
  read.audience = TRY(audience_of(read, claims.text("azp")));
  if (const auto* methods = claims.find("amr")) read.methods = TRY(texts_of(*methods, "amr"));
  if (const auto email = claims.text("email"); !email.empty()) read.email = email;
  read.tags = TRY(session_tags(claims));
  read.source_identity = TRY(source_identity(claims));
  const auto* kubernetes = claims.find("kubernetes.io");
  if (const auto* node = kubernetes ? kubernetes->find("node") : nullptr) read.node = node->text("name");
  return read;
}

Result<void> check_time(const Claims& claims, Time now) {
  if (claims.not_before > now + kMaxSkew) return invalid_token("The ID Token is not valid yet.");
  if (claims.expires > now) return {};
  return Error{ErrorKind::invalid,
               "ExpiredTokenException",
               400,
               fmt::format("Token expired: current date/time {} must be before the expiration date/time {}",
                           to_epoch_seconds(now), to_epoch_seconds(claims.expires)),
               {},
               {}};
}

}  // namespace podpass::web_identity
