#include "kube/service_account_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "codec/value.h"
#include "crypto/digest_memory.h"
#include "crypto/hash.h"

namespace podpass::kube {
namespace {

using codec::Value;

Error invalid_token(std::string message) {
  return {ErrorKind::unauthenticated, "InvalidTokenException", 400, std::move(message), {}, {}};
}

bool has_audience(const Value& claims, std::string_view audience) {
  const auto all = crypto::audiences(claims);
  return std::ranges::find(all, audience) != all.end();
}

// A member's text, moved out; empty if there is none.
std::string take_text(Value& members, std::string_view name) {
  auto* value = members.find(name);
  auto* text = value ? value->as<std::string>() : nullptr;
  return text ? std::move(*text) : std::string();
}

// What the claims say, without regard to who asks and when. `audience` is left to has_audience.
Result<PodToken> read_claims(Value claims) {
  PodToken token;
  token.issuer = take_text(claims, "iss");
  auto expires = crypto::numeric_date(claims, "exp");
  if (!expires) return invalid_token("The service account token has no exp claim.");
  token.expires = *expires;
  token.issued = crypto::numeric_date(claims, "iat").value_or(Time{});
  token.not_before = crypto::numeric_date(claims, "nbf").value_or(Time{});
  if (claims.find("nbf") && !crypto::numeric_date(claims, "nbf")) {
    return invalid_token("The service account token's nbf claim is not a number.");
  }
  auto* kubernetes = claims.find("kubernetes.io");
  auto* account = kubernetes ? kubernetes->find("serviceaccount") : nullptr;
  auto* pod = kubernetes ? kubernetes->find("pod") : nullptr;
  if (!account)
    return invalid_token("The token is not a Kubernetes service account token: it has no kubernetes.io claim.");
  if (!pod) {
    return invalid_token("The service account token is not bound to a pod. Use a projected token of a pod's volume.");
  }
  token.namespace_ = take_text(*kubernetes, "namespace");
  token.service_account = take_text(*account, "name");
  token.service_account_uid = take_text(*account, "uid");
  token.pod_name = take_text(*pod, "name");
  token.pod_uid = take_text(*pod, "uid");
  if (token.namespace_.empty() || token.service_account.empty() || token.pod_name.empty() || token.pod_uid.empty()) {
    return invalid_token("The service account token's kubernetes.io claim is incomplete.");
  }
  // They become session tags, so no issuer may put into them what is no name.
  for (const auto* name : {&token.namespace_, &token.service_account, &token.pod_name}) {
    if (name->size() > kMaxNameBytes || !only_alnum_and(*name, "-.")) {
      return invalid_token(
          "The service account token's kubernetes.io claim holds a name that Kubernetes does not allow.");
    }
  }
  if (!is_pod_uid(token.pod_uid)) return invalid_token("The service account token's pod uid is not one.");
  if (claims.text("sub") != user_of(token)) {
    return invalid_token("The service account token's sub claim does not agree with its kubernetes.io claim.");
  }
  if (auto* node = kubernetes->find("node")) {
    token.node_name = take_text(*node, "name");
    token.node_uid = take_text(*node, "uid");
  }
  return token;
}

// A token whose signature was found good, and what it was verified with. True for ever.
struct Verified {
  PodToken token;
  crypto::Sha256Digest keys_fingerprint;
  bool right_audience = false;
};

Result<std::shared_ptr<const Verified>> verify_once(std::string_view token, const crypto::KeySet& keys,
                                                    std::string_view audience) {
  auto claims = crypto::verify_jwt(token, keys);
  if (!claims) {
    auto error = invalid_token("The service account token is not valid: " + claims.error().message);
    if (claims.error().kind == crypto::JwtError::Kind::unknown_key) error.kind = ErrorKind::not_found;
    return error;
  }
  auto verified = std::make_shared<Verified>();
  verified->right_audience = has_audience(*claims, audience);
  verified->token = TRY(read_claims(*std::move(claims)));
  verified->token.audience = audience;
  verified->keys_fingerprint = keys.fingerprint();
  return verified;
}

Result<void> check(const Verified& verified, std::string_view issuer, Time now) {
  const auto& token = verified.token;
  if (token.issuer != issuer) return invalid_token("The service account token was not issued by this cluster.");
  if (!verified.right_audience) {
    return invalid_token(fmt::format("The service account token's audience must be {}.", token.audience));
  }
  return check_time(token, now);
}

}  // namespace

Result<void> check_time(const PodToken& token, Time now) {
  if (token.not_before > now + kTokenSkew) return invalid_token("The service account token is not valid yet.");
  if (token.expires > now) return {};
  return Error{ErrorKind::unauthenticated,
               "ExpiredTokenException",
               400,
               fmt::format("The service account token expired at {}.", format_iso8601(token.expires)),
               {},
               {}};
}

Result<std::shared_ptr<const PodToken>> verify(std::string_view token, const crypto::KeySet& keys,
                                               std::string_view issuer, std::string_view audience, Time now) {
  return TRY(verify(token, crypto::sha256(token), keys, issuer, audience, now)).token;
}

Result<SeenToken> verify(std::string_view token, const crypto::Sha256Digest& hash, const crypto::KeySet& keys,
                         std::string_view issuer, std::string_view audience, Time now) {
  static thread_local crypto::DigestMemory<Verified> memory(kVerifiedTokensKept);
  auto verified = memory.find(hash);
  const bool before =
      verified && verified->keys_fingerprint == keys.fingerprint() && verified->token.audience == audience;
  if (!before) {
    verified = TRY(verify_once(token, keys, audience));
    memory.put(hash, verified);
  }
  TRY(check(*verified, issuer, now));
  return SeenToken{std::shared_ptr<const PodToken>(verified, &verified->token), before};
}

std::string user_of(const PodToken& token) {
  return concat({"system:serviceaccount:", token.namespace_, ":", token.service_account});
}

std::string pod_name_for(std::string_view service_account, std::string_view suffix) {
  auto front = service_account.substr(0, kMaxNameBytes - 1 - suffix.size());
  while (front.ends_with('-') || front.ends_with('.')) front.remove_suffix(1);
  return concat({front, "-", suffix});
}

bool is_pod_uid(std::string_view text) {
  return !text.empty() && text.size() <= 128 && only_alnum_and(text, "-._");
}

std::string mint(const PodToken& token, const crypto::SigningKey& key, Random& random) {
  auto claims =
      Value::map({{"aud", Value::list({token.audience})},
                  {"exp", static_cast<std::int64_t>(to_epoch_seconds(token.expires))},
                  {"iat", static_cast<std::int64_t>(to_epoch_seconds(token.issued))},
                  {"iss", token.issuer},
                  {"jti", random.uuid()},
                  {"kubernetes.io", Value::map({{"namespace", token.namespace_},
                                                {"pod", Value::map({{"name", token.pod_name}, {"uid", token.pod_uid}})},
                                                {"serviceaccount", Value::map({{"name", token.service_account},
                                                                               {"uid", token.service_account_uid}})}})},
                  {"nbf", static_cast<std::int64_t>(to_epoch_seconds(token.issued))},
                  {"sub", user_of(token)}});
  return crypto::mint_jwt(claims, key);
}

}  // namespace podpass::kube
