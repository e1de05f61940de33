#include "aws/sigv4.h"

#include <fmt/format.h>

#include <functional>

#include "aws/sigv4_canonical.h"
#include "base/strings.h"

namespace podpass::aws {
namespace {

constexpr std::string_view kTerminator = "aws4_request";

std::string_view terminator_of(const Credentialed& claims) {
  return claims.scope.substr(claims.scope.rfind('/') + 1);
}

std::string_view day_of(const Credentialed& claims) {
  return claims.amz_date_text().substr(0, 8);
}

Error s3_denied(std::string message, std::vector<std::pair<std::string, std::string>> members) {
  return {ErrorKind::unauthenticated, "AccessDenied", 403, std::move(message), {}, std::move(members)};
}

Result<void> check_s3_presigned_time(const Credentialed& claims, Time now) {
  if (claims.time > now + kMaxSkew) return s3_denied("Request is not valid yet", {});
  if (now <= claims.time + claims.expires) return {};
  return s3_denied("Request has expired", {{"X-Amz-Expires", std::to_string(claims.expires.count())},
                                           {"Expires", format_iso8601(claims.time + claims.expires)},
                                           {"ServerTime", format_iso8601(now)}});
}

Result<void> check_time(const Credentialed& claims, Time now) {
  if (claims.dialect == Dialect::s3 && claims.form == Credentialed::Form::query)
    return check_s3_presigned_time(claims, now);
  auto earliest = now - kMaxSkew, latest = now + kMaxSkew;
  if (claims.time >= earliest && claims.time <= latest) return {};
  auto sent = claims.amz_date_text();
  if (claims.dialect == Dialect::s3) {
    return Error{ErrorKind::unauthenticated,
                 "RequestTimeTooSkewed",
                 403,
                 "The difference between the request time and the current time is too large.",
                 {},
                 {{"RequestTime", std::string(sent)},
                  {"ServerTime", format_iso8601(now)},
                  {"MaxAllowedSkewMilliseconds", std::to_string(Milliseconds(kMaxSkew).count())}}};
  }
  if (claims.time < earliest) {
    return signature_refused(claims.dialect, fmt::format("Signature expired: {} is now earlier than {} ({} - 15 min.)",
                                                         sent, format_amz_date(earliest), format_amz_date(now)));
  }
  return signature_refused(claims.dialect,
                           fmt::format("Signature not yet current: {} is still later than {} ({} + 15 min.)", sent,
                                       format_amz_date(latest), format_amz_date(now)));
}

Result<void> check_s3_scope(const Credentialed& claims, std::string_view region, std::string_view service) {
  bool query = claims.form == Credentialed::Form::query;
  auto refuse = [&](std::string what, std::vector<std::pair<std::string, std::string>> members) {
    return Error{
        ErrorKind::invalid,
        query ? "AuthorizationQueryParametersError" : "AuthorizationHeaderMalformed",
        400,
        (query ? "Error parsing the X-Amz-Credential parameter; " : "The authorization header is malformed; ") + what,
        {},
        std::move(members)};
  };
  if (claims.date != day_of(claims)) {
    return refuse(fmt::format("Invalid credential date \"{}\". This date is not the same as X-Amz-Date: \"{}\".",
                              claims.date, day_of(claims)),
                  {});
  }
  if (!region.empty() && claims.region != region) {
    return refuse(fmt::format("the region '{}' is wrong; expecting '{}'", claims.region, region),
                  {{"Region", std::string(region)}});
  }
  if (claims.service != service) {
    return refuse(fmt::format("incorrect service \"{}\". This endpoint belongs to \"{}\".", claims.service, service),
                  {});
  }
  if (terminator_of(claims) != kTerminator) {
    return refuse(fmt::format("incorrect terminal \"{}\". This endpoint uses \"aws4_request\".", terminator_of(claims)),
                  {});
  }
  return {};
}

}  // namespace

Result<void> check_scope(const Credentialed& claims, std::string_view region, std::string_view service, Time now) {
  if (claims.dialect == Dialect::s3) {
    TRY(check_s3_scope(claims, region, service));
    return check_time(claims, now);
  }
  TRY(check_time(claims, now));
  std::string wrong;
  if (!region.empty() && claims.region != region) {
    wrong += fmt::format("Credential should be scoped to a valid region, not '{}'. ", claims.region);
  }
  if (claims.service != service)
    wrong += fmt::format("Credential should be scoped to correct service: '{}'. ", service);
  if (terminator_of(claims) != kTerminator) {
    wrong += fmt::format("Credential should be scoped with a valid terminator: 'aws4_request', not '{}'. ",
                         terminator_of(claims));
  }
  if (claims.date != day_of(claims)) {
    wrong += fmt::format(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        "'{}' != '{}', from '{}'. ",
        claims.date, day_of(claims), claims.amz_date_text());
  }
  if (!wrong.empty()) return signature_refused(claims.dialect, wrong.substr(0, wrong.size() - 1));
  return {};
}

DerivedKey derive_key(const Secret& secret, std::string_view date, std::string_view region, std::string_view service) {
  Secret first("AWS4" + std::string(secret.reveal()));
  auto of_date = crypto::hmac_sha256(first.reveal(), date);
  auto of_region = crypto::hmac_sha256(of_date, region);
  auto of_service = crypto::hmac_sha256(of_region, service);
  auto signing = crypto::hmac_sha256(of_service, kTerminator);
  DerivedKey derived{crypto::HmacKey(signing)};
  for (auto* step : {&of_date, &of_region, &of_service, &signing})
    explicit_bzero(step->bytes.data(), step->bytes.size());
  return derived;
}

const DerivedKey& DerivedKeyCache::get(const Credentialed& claims, const Secret& secret) {
  if (slots_.empty()) slots_.resize(kSlots);
  auto hash = std::hash<std::string_view>();
  auto& slot = slots_[(hash(claims.access_key_id) * 31 + hash(claims.scope)) % kSlots];
  bool same = slot.access_key_id == claims.access_key_id && slot.scope == claims.scope && !slot.secret.empty() &&
              slot.secret.equals(secret.reveal());
  if (!same) {
    slot.access_key_id = claims.access_key_id;
    slot.scope = claims.scope;
    slot.secret = secret;
    slot.key = derive_key(secret, claims.date, claims.region, claims.service);
  }
  return slot.key;
}

const DerivedKey& derived_key(const Credentialed& claims, const Secret& secret) {
  static thread_local DerivedKeyCache cache;
  return cache.get(claims, secret);
}

Result<std::optional<crypto::Sha256Digest>> verify_signature(const Credentialed& claims, const http::Request& request,
                                                             const DerivedKey& key) {
  if (claims.anonymous()) return missing_authentication(claims.dialect);
  bool s3 = claims.dialect == Dialect::s3;
  std::optional<crypto::Sha256Digest> body_hash;
  crypto::HexDigest body_hex;
  if (!s3) body_hex = crypto::to_hex(body_hash.emplace(crypto::sha256(request.body)));
  auto canonical = canonical_request({request, s3 ? PathRule::as_is : PathRule::normalized, claims.signed_headers,
                                      s3 ? claims.content_sha256 : body_hex.view()});
  if (!canonical.unsigned_header.empty()) {
    auto name = to_lower(canonical.unsigned_header);
    if (s3)
      return s3_denied("There were headers present in the request which were not signed", {{"HeadersNotSigned", name}});
    return signature_refused(claims.dialect,
                             fmt::format("'{}' must be a 'SignedHeader' in the AWS Authorization.", name));
  }
  auto expected = sign_canonical(canonical.text, claims.amz_date_text(), claims.scope, key.key);
  if (!constant_time_equal(expected, claims.signature)) return signature_mismatch(claims.dialect);
  return body_hash;
}

}  // namespace podpass::aws
