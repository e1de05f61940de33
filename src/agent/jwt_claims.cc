#include "agent/jwt_claims.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "codec/base64.h"
#include "codec/json.h"

namespace podpass::agent {
namespace {

Error cannot_parse(std::string why) {
  return Error::invalid("Service account token cannot be parsed: token is malformed: " + std::move(why));
}

Result<codec::Value> part(std::string_view text, std::string_view name) {
  auto bytes = codec::base64url_decode(text);
  if (!bytes) return cannot_parse("could not base64 decode " + std::string(name));
  auto value = codec::parse_json(*bytes);
  if (!value || !value->as<codec::Value::Map>()) return cannot_parse("could not JSON decode " + std::string(name));
  return std::move(*value);
}

Result<std::optional<Time>> date(const codec::Value& claims, std::string_view name) {
  const auto* value = claims.find(name);
  if (!value) return std::optional<Time>();
  constexpr double kMost = 1e11;
  double seconds = -1;
  if (const auto* whole = value->as<std::int64_t>()) seconds = static_cast<double>(*whole);
  if (const auto* real = value->as<double>()) seconds = *real;
  if (!(seconds >= 0 && seconds < kMost)) return cannot_parse("claim " + std::string(name) + " is not a date");
  return std::optional<Time>(Time{Milliseconds{static_cast<long long>(seconds * 1000)}});
}

}  // namespace

Result<TokenClaims> read_token(std::string_view token) {
  if (token.size() > 7 && iequals(token.substr(0, 7), "bearer ")) {
    return cannot_parse(
        "could not base64 decode header: illegal base64 data at input byte 6. Send the token alone, without \"Bearer "
        "\" "
        "before it");
  }
  if (token.size() > kMaxTokenBytes) return cannot_parse(fmt::format("it is longer than {} bytes", kMaxTokenBytes));
  auto parts = split(token, '.');
  if (parts.size() != 3) return cannot_parse("token contains an invalid number of segments");
  TRY(part(parts[0], "header"));
  auto claims = TRY(part(parts[1], "claim"));
  TokenClaims read;
  read.not_before = TRY(date(claims, "nbf"));
  read.expires = TRY(date(claims, "exp"));
  read.issuer = claims.text("iss");
  const auto* kubernetes = claims.find("kubernetes.io");
  if (!kubernetes) return read;
  read.namespace_ = kubernetes->text("namespace");
  if (const auto* account = kubernetes->find("serviceaccount")) read.service_account = account->text("name");
  if (const auto* pod = kubernetes->find("pod")) {
    read.pod_name = pod->text("name");
    read.pod_uid = pod->text("uid");
  }
  return read;
}

Result<void> check_life(const TokenClaims& claims, Time now) {
  if (claims.expires && *claims.expires <= now) {
    return Error::invalid("Service account token failed basic claim validations: token is expired");
  }
  if (claims.not_before && *claims.not_before > now) {
    return Error::invalid("Service account token failed basic claim validations: token is not valid yet");
  }
  return {};
}

}  // namespace podpass::agent
