#include "aws/sigv4_sign.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "aws/sigv4.h"
#include "aws/sigv4_canonical.h"
#include "base/strings.h"
#include "codec/uri.h"
#include "http/client.h"

namespace podpass::aws {
namespace {

// What proxies and clients add or change on the way.
constexpr std::string_view kNotSigned[] = {"authorization", "connection",      "expect",        "transfer-encoding",
                                           "user-agent",    "x-amzn-trace-id", "content-length"};

bool is_signed(std::string_view name) {
  return std::ranges::none_of(kNotSigned, [&](std::string_view other) { return iequals(name, other); });
}

std::string names_to_sign(const http::Request& request) {
  std::vector<std::string> names;
  for (const auto& header : request.headers) {
    if (is_signed(header.name)) names.push_back(to_lower(header.name));
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ";") + name;
  return text;
}

void set_target(std::string_view target, http::Request& request) {
  request.target = target;
  auto question = target.find('?');
  request.path = target.substr(0, question);
  if (question != target.npos) request.query = target.substr(question + 1);
}

void drop_header(http::ClientRequest& request, std::string_view name) {
  std::erase_if(request.headers, [&](const auto& header) { return iequals(header.first, name); });
}

void set_header(http::ClientRequest& request, std::string_view name, std::string value) {
  drop_header(request, name);
  request.headers.emplace_back(name, std::move(value));
}

PathRule path_rule(std::string_view service) {
  return service == "s3" ? PathRule::as_is : PathRule::normalized;
}

}  // namespace

void sign_request(http::ClientRequest& request, std::string_view host, const SigningCredentials& credentials,
                  std::string_view region, std::string_view service, Time now) {
  auto amz_date = format_amz_date(now);
  auto date = std::string_view(amz_date).substr(0, 8);
  auto body_hash = crypto::sha256_hex(request.body);
  drop_header(request, "Authorization");
  drop_header(request, "X-Amz-Security-Token");
  set_header(request, "X-Amz-Date", amz_date);
  if (!credentials.session_token.empty()) set_header(request, "X-Amz-Security-Token", credentials.session_token);
  if (service == "s3") set_header(request, "X-Amz-Content-Sha256", body_hash.str());

  http::Request view;
  view.method = request.method;
  set_target(request.target, view);
  for (const auto& [name, value] : request.headers) {
    if (!iequals(name, "host")) view.headers.push_back({name, value});
  }
  view.headers.push_back({"Host", host});
  auto names = names_to_sign(view);
  auto canonical = canonical_request({view, path_rule(service), names, body_hash});
  auto scope = fmt::format("{}/{}/{}/aws4_request", date, region, service);
  auto key = derive_key(credentials.secret, date, region, service);
  auto signature = sign_canonical(canonical.text, amz_date, scope, key.key);
  request.headers.emplace_back("Authorization",
                               fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kSigV4Algorithm,
                                           credentials.access_key_id, scope, names, signature.view()));
}

std::string presign_target(std::string_view method, std::string_view target, std::string_view host,
                           const SigningCredentials& credentials, std::string_view region, std::string_view service,
                           Time now, Seconds expires) {
  auto amz_date = format_amz_date(now);
  auto date = std::string_view(amz_date).substr(0, 8);
  auto scope = fmt::format("{}/{}/{}/aws4_request", date, region, service);
  std::string presigned(target);
  presigned += target.contains('?') ? '&' : '?';
  presigned += fmt::format(
      "X-Amz-Algorithm={}&X-Amz-Credential={}&X-Amz-Date={}&X-Amz-Expires={}&X-Amz-SignedHeaders=host", kSigV4Algorithm,
      codec::percent_encode(credentials.access_key_id + "/" + scope), amz_date, expires.count());
  if (!credentials.session_token.empty()) {
    presigned += "&X-Amz-Security-Token=" + codec::percent_encode(credentials.session_token);
  }
  http::Request view;
  view.method = method;
  set_target(presigned, view);
  view.headers.push_back({"Host", host});
  auto payload = service == "s3" ? std::string("UNSIGNED-PAYLOAD") : crypto::sha256_hex("").str();
  auto canonical = canonical_request({view, path_rule(service), "host", payload});
  auto key = derive_key(credentials.secret, date, region, service);
  return presigned + "&X-Amz-Signature=" + sign_canonical(canonical.text, amz_date, scope, key.key).str();
}

}  // namespace podpass::aws
