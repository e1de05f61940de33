#include "s3/address.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "codec/uri.h"
#include "s3/errors.h"
#include "s3/utf8.h"
#include "store/store.h"

namespace podpass::s3 {
namespace {

bool is_ip_address(std::string_view host) {
  return host.find(':') != std::string_view::npos ||
         (!host.empty() && std::ranges::all_of(host, [](char c) { return is_digit(c) || c == '.'; }));
}

// S3's own names below amazonaws.com: s3, s3.<region>, s3.dualstack.<region>, s3-<region>. What stands before one of
// them is the bucket. Gives the size of that name at the end of `host`; 0: none.
std::size_t aws_service_name(std::string_view host) {
  const auto domain = host.ends_with(".amazonaws.com")      ? std::string_view(".amazonaws.com")
                      : host.ends_with(".amazonaws.com.cn") ? std::string_view(".amazonaws.com.cn")
                                                            : std::string_view();
  if (domain.empty()) return 0;
  auto rest = host.substr(0, host.size() - domain.size());
  const auto take = [&] {  // the last label
    const auto dot = rest.rfind('.');
    const auto label = dot == std::string_view::npos ? rest : rest.substr(dot + 1);
    rest = dot == std::string_view::npos ? std::string_view() : rest.substr(0, dot);
    return label;
  };
  auto label = take();
  if (label != "s3" && !label.starts_with("s3-")) {  // a region
    label = take();
    if (label == "dualstack") label = take();
    if (label != "s3") return 0;
  }
  return host.size() - rest.size() - (rest.empty() ? 0 : 1);
}

// The bucket in a host name, or nothing.
std::string_view bucket_in_host(std::string_view host, std::string_view endpoint_host) {
  if (is_ip_address(host) || host == endpoint_host || host == "localhost") return {};
  // The longest name of ours that the host ends with: of b.s3.localhost, "s3.localhost" and not "localhost".
  auto ours = aws_service_name(host);
  for (std::string_view base : {endpoint_host, std::string_view("localhost")}) {
    if (base.empty() || is_ip_address(base) || !host.ends_with(base)) continue;
    const auto front = host.substr(0, host.size() - base.size());
    if (!front.ends_with('.')) continue;
    ours = std::max(ours, base.size() + (front == "s3." || front.ends_with(".s3.") ? 3 : 0));
  }
  return ours > 0 && host.size() > ours + 1 ? host.substr(0, host.size() - ours - 1) : std::string_view();
}

// The store writes most bytes of a key as they are and others as three (store/key.h).
std::size_t stored_size(std::string_view key) {
  return static_cast<std::size_t>(
             std::ranges::count_if(key, [](char c) { return c <= ' ' || c > '~' || c == '/' || c == '%'; })) *
             2 +
         key.size();
}

Error bad_uri(std::string_view uri) {
  return error("InvalidURI", {{"URI", std::string(uri)}});
}

Result<Address> check(Address address, std::string_view uri) {
  if (!address.bucket.empty() && !is_bucket_name(address.bucket)) {
    return error("InvalidBucketName", {{"BucketName", address.bucket}});
  }
  if (!is_utf8(address.key)) return bad_uri(uri);
  constexpr std::size_t kRoom = 128;  // for the table's and the bucket's name
  if (address.key.size() > kMaxKeyBytes || stored_size(address.key) + kRoom > store::kMaxKeyBytes) {
    return error("KeyTooLongError",
                 {{"Size", std::to_string(address.key.size())}, {"MaxSizeAllowed", std::to_string(kMaxKeyBytes)}});
  }
  return address;
}

Result<Address> split_path(std::string_view path, std::string_view uri) {
  const auto slash = path.find('/');
  auto bucket = codec::percent_decode(path.substr(0, slash));
  auto key = codec::percent_decode(slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1));
  if (!bucket || !key) return bad_uri(uri);
  if (bucket->empty() && !key->empty()) return error("InvalidBucketName", {{"BucketName", ""}});
  return check({std::move(*bucket), std::move(*key)}, uri);
}

}  // namespace

std::string host_of(std::string_view text) {
  if (auto scheme = text.find("://"); scheme != std::string_view::npos) text.remove_prefix(scheme + 3);
  text = text.substr(0, text.find('/'));
  if (text.starts_with('['))
    return to_lower(text.substr(1, text.find(']') == std::string_view::npos ? 0 : text.find(']') - 1));
  if (std::ranges::count(text, ':') == 1) text = text.substr(0, text.find(':'));
  if (text.ends_with('.')) text.remove_suffix(1);  // the root of DNS
  return to_lower(text);
}

bool is_bucket_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 63) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool edge = i == 0 || i + 1 == name.size();
    const bool plain = is_digit(c) || (c >= 'a' && c <= 'z');
    if (!plain && (edge || (c != '-' && c != '.'))) return false;
    if (c == '.' && name[i + 1] == '.') return false;
  }
  if (std::ranges::count(name, '.') == 3 && std::ranges::all_of(name, [](char c) { return is_digit(c) || c == '.'; })) {
    return false;  // looks like an IPv4 address
  }
  static constexpr std::array kPrefixes = {"xn--", "sthree-", "amzn-s3-demo-"};
  static constexpr std::array kSuffixes = {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"};
  return std::ranges::none_of(kPrefixes, [&](std::string_view prefix) { return name.starts_with(prefix); }) &&
         std::ranges::none_of(kSuffixes, [&](std::string_view suffix) { return name.ends_with(suffix); });
}

Result<Address> address_of(const http::Request& request, std::string_view endpoint_host) {
  auto path = request.path;
  if (!path.starts_with('/')) return bad_uri(path);
  path.remove_prefix(1);
  const auto host = host_of(request.header("host"));
  const auto bucket = bucket_in_host(host, endpoint_host);
  if (bucket.empty()) return split_path(path, request.path);
  auto key = codec::percent_decode(path);
  if (!key) return bad_uri(request.path);
  return check({std::string(bucket), std::move(*key)}, request.path);
}

bool names_bucket(std::string_view host_header, std::string_view endpoint_host) {
  return !bucket_in_host(host_of(host_header), endpoint_host).empty();
}

Result<Address> address_of_copy_source(std::string_view source) {
  if (source.starts_with('/')) source.remove_prefix(1);
  return split_path(source, source);
}

}  // namespace podpass::s3
