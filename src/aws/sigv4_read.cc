// read_authorization: the parsing half of sigv4.h.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "aws/sigv4.h"
#include "base/strings.h"
#include "codec/uri.h"

namespace podpass::aws {
namespace {

// The headers that take part, found in one pass.
struct Headers {
  std::optional<std::string_view> authorization, amz_date, date, token, content_sha256;
  bool twice = false;

  explicit Headers(const http::Request& request) {
    for (const auto& [name, value] : request.headers) {
      if (iequals(name, "date")) put(date, value);
      if (iequals(name, "x-amz-date")) put(amz_date, value);
      if (iequals(name, "authorization")) put(authorization, value);
      if (iequals(name, "x-amz-security-token")) put(token, value);
      if (iequals(name, "x-amz-content-sha256")) put(content_sha256, value);
    }
  }
  void put(std::optional<std::string_view>& slot, std::string_view value) {
    twice = twice || slot.has_value();
    slot = value;
  }
};

Error s3_error(std::string code, int status, std::string message) {
  return {status == 400 ? ErrorKind::invalid : ErrorKind::unauthenticated,
          std::move(code),
          status,
          std::move(message),
          {},
          {}};
}

Error unsupported_mechanism() {
  return s3_error("InvalidRequest", 400,
                  "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.");
}

// What is wrong with the form of the header or of the query.
Error malformed(const Credentialed& claims, std::string message) {
  auto error = incomplete_signature(claims.dialect, std::move(message));
  if (claims.dialect == Dialect::s3 && claims.form == Credentialed::Form::query)
    error.code = "AuthorizationQueryParametersError";
  return error;
}

Result<void> read_credential(std::string_view credential, Credentialed& claims) {
  std::array<std::string_view, 5> parts;
  std::size_t count = 0;
  for (auto rest = credential;; ++count) {
    auto slash = rest.find('/');
    if (count < parts.size()) parts[count] = rest.substr(0, slash);
    if (slash == rest.npos) break;
    rest.remove_prefix(slash + 1);
  }
  bool whole = ++count == parts.size() && std::ranges::none_of(parts, &std::string_view::empty);
  if (!whole || credential.size() > 512) {
    if (claims.dialect == Dialect::s3) {
      return malformed(claims,
                       claims.form == Credentialed::Form::query
                           ? "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "
                             "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"."
                           : "The authorization header is malformed; the Credential is mal-formed; expecting "
                             "\"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".");
    }
    return malformed(claims, fmt::format("Credential must have exactly 5 slash-delimited elements, e.g. "
                                         "keyid/date/region/service/term, got '{}'",
                                         credential.substr(0, 512)));
  }
  claims.access_key_id = parts[0];
  claims.scope = credential.substr(parts[0].size() + 1);
  claims.date = parts[1];
  claims.region = parts[2];
  claims.service = parts[3];
  return {};
}

// Names in lower case, strictly ascending, host among them.
Result<void> read_signed_headers(std::string_view names, Credentialed& claims) {
  std::string_view before;
  bool host = false;
  std::size_t count = 0;
  for (auto rest = names; !rest.empty(); ++count) {
    auto end = std::min(rest.find(';'), rest.size());
    auto name = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    bool good = !name.empty() &&
                std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && !(c >= 'A' && c <= 'Z'); });
    if (!good || name <= before) return malformed(claims, "SignedHeaders must be in lower case and sorted.");
    before = name;
    host = host || name == "host";
  }
  if (count > kMaxSignedHeaders) return malformed(claims, "SignedHeaders names too many headers.");
  if (!host && claims.dialect == Dialect::s3) {
    return s3_error("AccessDenied", 403, "There were headers present in the request which were not signed");
  }
  if (!host) {
    return signature_refused(claims.dialect,
                             "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  claims.signed_headers = names;
  return {};
}

void set_time(Time time, Credentialed& claims) {
  auto text = format_amz_date(time);
  if (text.size() != claims.amz_date.size()) return;  // a year beyond 9999: no time, refused as expired
  claims.time = time;
  std::ranges::copy(text, claims.amz_date.begin());
}

Error bad_date(const Credentialed& claims, std::string_view got) {
  if (claims.dialect == Dialect::s3 && claims.form == Credentialed::Form::query) {
    return malformed(claims, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  }
  if (claims.dialect == Dialect::s3) {
    return s3_error("AccessDenied", 403, "AWS authentication requires a valid Date or x-amz-date header");
  }
  return malformed(claims, fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'. See "
                                       "http://en.wikipedia.org/wiki/ISO_8601",
                                       got.substr(0, 64)));
}

Result<void> read_amz_date(std::string_view text, Credentialed& claims) {
  static thread_local std::pair<std::string, Time> last;  // many requests are of one second
  if (text.empty() || text != last.first) {
    const auto time = parse_amz_date(text);
    if (!time) return bad_date(claims, text);
    last = std::pair(std::string(text), *time);
  }
  claims.time = last.second;
  std::ranges::copy(text, claims.amz_date.begin());
  return {};
}

// botocore writes the zone of a Date header in figures (RFC 5322).
std::string with_gmt(std::string_view date) {
  if (date.ends_with(" -0000") || date.ends_with(" +0000")) date.remove_suffix(5);
  return std::string(date) + (date.ends_with(' ') ? "GMT" : "");
}

Result<void> read_date(const Headers& headers, Credentialed& claims) {
  if (headers.amz_date) return read_amz_date(*headers.amz_date, claims);
  if (auto time = parse_amz_date(headers.date.value_or(""))) return read_amz_date(*headers.date, claims);
  auto time = parse_http_date(with_gmt(headers.date.value_or("")));
  if (!time) return bad_date(claims, headers.date.value_or(""));
  set_time(*time, claims);
  return {};
}

struct ModeName {
  std::string_view name;
  PayloadMode mode;
};
constexpr ModeName kModes[] = {
    {"UNSIGNED-PAYLOAD", PayloadMode::unsigned_payload},
    {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", PayloadMode::chunks_signed},
    {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", PayloadMode::chunks_signed_trailer},
    {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", PayloadMode::chunks_unsigned_trailer},
};

Result<void> read_payload(std::optional<std::string_view> declared, Credentialed& claims) {
  if (claims.dialect != Dialect::s3) return {};  // the body itself is hashed, whatever a header says of it
  if (!declared && claims.form == Credentialed::Form::query) declared = kModes[0].name;
  if (!declared)
    return s3_error("InvalidRequest", 400, "Missing required header for this request: x-amz-content-sha256");
  claims.content_sha256 = *declared;
  for (const auto& [name, mode] : kModes) {
    if (name != *declared) continue;
    claims.payload = mode;
    return {};
  }
  claims.payload = PayloadMode::hashed;
  bool hex = declared->size() == 64 &&
             std::ranges::all_of(*declared, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
  if (hex) return {};
  return s3_error(
      "InvalidArgument", 400,
      "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 value.");
}

// Up to the first comma or space. (find_first_of asks memchr for every character.)
std::string_view list_item(std::string_view text) {
  text = text.substr(0, text.find(','));
  return text.substr(0, text.find(' '));
}

// Credential=..., SignedHeaders=..., Signature=... in any order, commas and spaces between.
struct HeaderParts {
  std::string_view credential, signed_headers, signature;
  bool malformed = false;

  explicit HeaderParts(std::string_view text) {
    while (!text.empty()) {
      auto part = list_item(text);
      text.remove_prefix(std::min(part.size() + 1, text.size()));
      if (part.empty()) continue;
      auto equals = part.find('=');
      auto* slot = equals == part.npos ? nullptr : slot_of(part.substr(0, equals));
      if (!slot || !slot->empty()) {
        malformed = true;
        return;
      }
      *slot = part.substr(equals + 1);
    }
  }
  std::string_view* slot_of(std::string_view name) {
    if (name == "Credential") return &credential;
    if (name == "SignedHeaders") return &signed_headers;
    if (name == "Signature") return &signature;
    return nullptr;
  }
};

Result<void> check_header_parts(const HeaderParts& parts, const Headers& headers, const Credentialed& claims) {
  bool whole =
      !parts.malformed && !parts.credential.empty() && !parts.signed_headers.empty() && !parts.signature.empty();
  if (claims.dialect == Dialect::s3) {
    if (whole) return {};
    return malformed(claims,
                     "The authorization header is malformed; the authorization header requires three components: "
                     "Credential, SignedHeaders, and Signature.");
  }
  if (parts.malformed) {
    return malformed(claims,
                     "The Authorization header holds something else than Credential, SignedHeaders and Signature.");
  }
  std::string missing;
  auto need = [&](std::string_view name, bool there) {
    if (!there) missing += fmt::format("Authorization header requires '{}' parameter. ", name);
  };
  need("Credential", !parts.credential.empty());
  need("Signature", !parts.signature.empty());
  need("SignedHeaders", !parts.signed_headers.empty());
  if (!headers.amz_date && !headers.date) {
    missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  if (!missing.empty()) return malformed(claims, missing.substr(0, missing.size() - 1));
  return {};
}

Result<Credentialed> read_header_form(const Headers& headers, Credentialed claims) {
  claims.form = Credentialed::Form::header;
  auto text = trim(*headers.authorization);
  auto algorithm = text.substr(0, text.find(' '));
  if (!algorithm.starts_with("AWS4-")) {
    if (claims.dialect != Dialect::s3) return missing_authentication(claims.dialect);
    return unsupported_mechanism();
  }
  if (algorithm != kSigV4Algorithm) {
    if (claims.dialect == Dialect::s3) {
      return unsupported_mechanism();
    }
    return malformed(claims, fmt::format("Unsupported AWS 'algorithm': '{}' (only AWS4-HMAC-SHA256 for now).",
                                         algorithm.substr(0, 32)));
  }
  HeaderParts parts(text.substr(algorithm.size()));
  TRY(check_header_parts(parts, headers, claims));
  TRY(read_date(headers, claims));
  TRY(read_signed_headers(parts.signed_headers, claims));
  TRY(read_credential(parts.credential, claims));
  claims.signature = parts.signature;
  claims.session_token = headers.token.value_or("");
  TRY(read_payload(headers.content_sha256, claims));
  return claims;
}

constexpr std::string_view kQueryNames[] = {
    "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature",      "X-Amz-SignedHeaders",
    "X-Amz-Date",      "X-Amz-Expires",    "X-Amz-Security-Token", "X-Amz-Content-Sha256",
};
enum QueryName { algorithm, credential, signature, signed_headers, date, expires, token, content_sha256, query_names };
using QueryValues = std::array<std::optional<std::string_view>, query_names>;

// The raw values of the X-Amz-* parameters; false if one is there twice.
bool find_query_values(std::string_view query, QueryValues& values) {
  while (!query.empty()) {
    auto end = std::min(query.find('&'), query.size());
    auto part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (!part.starts_with("X-Amz-")) continue;
    auto equals = std::min(part.find('='), part.size());
    for (std::size_t i = 0; i < query_names; ++i) {
      if (part.substr(0, equals) != kQueryNames[i]) continue;
      if (values[i]) return false;
      values[i] = equals < part.size() ? part.substr(equals + 1) : std::string_view();
    }
  }
  return true;
}

// Decodes the values into one string that the claims then own.
bool decode_values(QueryValues& values, Credentialed& claims) {
  auto text = std::make_shared<std::string>();
  std::array<std::pair<std::size_t, std::size_t>, query_names> places{};
  for (std::size_t i = 0; i < query_names; ++i) {
    if (!values[i]) continue;
    auto decoded = codec::percent_decode(*values[i]);
    if (!decoded) return false;
    places[i] = {text->size(), decoded->size()};
    *text += *decoded;
  }
  for (std::size_t i = 0; i < query_names; ++i) {
    if (values[i]) values[i] = std::string_view(*text).substr(places[i].first, places[i].second);
  }
  claims.decoded = std::move(text);
  return true;
}

Result<void> check_query_values(const QueryValues& values, const Credentialed& claims) {
  bool s3 = claims.dialect == Dialect::s3;
  std::string missing;
  for (std::size_t i = 0; i <= date; ++i) {
    if (!values[i] || values[i]->empty())
      missing += fmt::format("AWS query-string parameters must include '{}'. ", kQueryNames[i]);
  }
  if (s3 && (!missing.empty() || !values[expires])) {
    return malformed(claims,
                     "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
                     "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.");
  }
  if (!missing.empty()) return malformed(claims, missing + "Re-examine the query-string parameters.");
  if (*values[algorithm] == kSigV4Algorithm) return {};
  if (s3) return malformed(claims, "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
  return malformed(claims, fmt::format("Unsupported AWS 'algorithm': '{}' (only AWS4-HMAC-SHA256 for now).",
                                       values[algorithm]->substr(0, 32)));
}

Result<void> read_expires(std::optional<std::string_view> text, Credentialed& claims) {
  if (!text) return {};
  auto seconds = parse_integer(*text);
  if (!seconds) return malformed(claims, "X-Amz-Expires should be a number");
  if (*seconds < 0 || (*seconds == 0 && claims.dialect == Dialect::s3)) {
    return malformed(claims, "X-Amz-Expires must be non-negative");
  }
  if (*seconds > kMaxPresignedSeconds) {
    return malformed(
        claims,
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less "
        "than 604800 seconds");
  }
  claims.expires = Seconds{*seconds};
  return {};
}

Result<Credentialed> read_query_form(const http::Request& request, const Headers& headers, Credentialed claims) {
  claims.form = Credentialed::Form::query;
  QueryValues values;
  if (!find_query_values(request.query, values) || !decode_values(values, claims)) {
    return malformed(claims, "An X-Amz-* query-string parameter is given twice or malformed.");
  }
  TRY(check_query_values(values, claims));
  TRY(read_amz_date(*values[date], claims));
  TRY(read_expires(values[expires], claims));
  TRY(read_signed_headers(*values[signed_headers], claims));
  TRY(read_credential(*values[credential], claims));
  claims.signature = *values[signature];
  claims.session_token = values[token] ? *values[token] : headers.token.value_or("");
  TRY(read_payload(values[content_sha256] ? values[content_sha256] : headers.content_sha256, claims));
  return claims;
}

// Is there a parameter X-Amz-Algorithm, or another one that only a presigned request has?
bool is_presigned(std::string_view query) {
  for (auto at = query.find("X-Amz-"); at != query.npos; at = query.find("X-Amz-", at + 1)) {
    if (at > 0 && query[at - 1] != '&') continue;
    auto rest = query.substr(at);
    if (rest.starts_with("X-Amz-Algorithm") || rest.starts_with("X-Amz-Credential") ||
        rest.starts_with("X-Amz-Signature")) {
      return true;
    }
  }
  return false;
}

// Signature Version 2 in the query: to take it for a request without a signature would be to ignore who signed.
bool is_presigned_v2(std::string_view query) {
  constexpr std::string_view kName = "AWSAccessKeyId=";
  const auto at = query.find(kName);
  return at != query.npos && (at == 0 || query[at - 1] == '&');
}

}  // namespace

Result<Credentialed> read_authorization(const http::Request& request, Dialect dialect) {
  Headers headers(request);
  if (dialect == Dialect::s3 && is_presigned_v2(request.query)) return unsupported_mechanism();
  bool presigned = is_presigned(request.query);
  Credentialed claims;
  claims.dialect = dialect;
  if (!headers.authorization && !presigned) return claims;
  if (headers.twice) return malformed(claims, "A header of the signature is there twice.");
  if (!presigned) return read_header_form(headers, std::move(claims));
  if (!headers.authorization) return read_query_form(request, headers, std::move(claims));
  if (dialect == Dialect::s3) {
    return s3_error("InvalidArgument", 400,
                    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
                    "parameter or the Authorization header should be specified");
  }
  return signature_refused(dialect,
                           "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
}

std::string_view claimed_service(const http::Request& request) {
  std::string_view slash = "/";
  auto credential = request.header("authorization");
  if (auto at = credential.find("Credential="); at != credential.npos) {
    credential = list_item(credential.substr(at));
  } else {
    auto query = request.query;
    at = query.find("X-Amz-Credential=");
    if (at == query.npos) return {};
    credential = query.substr(at, query.find('&', at) - at);
    if (credential.find('/') == credential.npos) slash = credential.find("%2f") == credential.npos ? "%2F" : "%2f";
  }
  for (int skip = 0; skip < 3; ++skip) {
    auto at = credential.find(slash);
    if (at == credential.npos) return {};
    credential.remove_prefix(at + slash.size());
  }
  auto end = credential.find(slash);
  return end == credential.npos ? std::string_view() : credential.substr(0, end);
}

}  // namespace podpass::aws
