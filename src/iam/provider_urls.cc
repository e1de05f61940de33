#include "iam/provider_urls.h"

#include <algorithm>

#include "base/strings.h"
#include "iam/errors.h"

namespace podpass::iam {
namespace {

constexpr std::string_view kSchemeEnd = "://";
constexpr std::string_view kLoopback[] = {"127.0.0.1", "localhost", "[::1]"};

struct Authority {
  std::string_view host, port;
};

Authority split_authority(std::string_view authority) {
  const auto bracket = authority.find(']');  // an IPv6 address has colons of its own
  const auto colon = authority.find(':', bracket == authority.npos ? 0 : bracket);
  if (colon == authority.npos) return {authority, {}};
  return {authority.substr(0, colon), authority.substr(colon + 1)};
}

bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    const auto inside = host.size() > 2 && host.ends_with(']') ? host.substr(1, host.size() - 2) : std::string_view();
    return inside.contains(':') && std::ranges::all_of(inside, [](char c) {
             return is_digit(c) || c == ':' || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f');
           });
  }
  const auto labels = split(host, '.');
  return std::ranges::all_of(labels, [](std::string_view label) {
    return !label.empty() && label.size() <= 63 && only_alnum_and(label, "-") && label.front() != '-' &&
           label.back() != '-';
  });
}

bool is_port(std::string_view port) {
  const auto number = parse_integer(port);
  return !port.empty() && is_digit(port.front()) && port.size() <= 5 && number && *number >= 1 && *number <= 65'535;
}

// What RFC 3986 allows in a path, but for the star, which an ARN in a policy can't have.
bool is_path_text(std::string_view path) {
  return only_alnum_and(path, "/-._~%!$&'()+,;=:@");
}

}  // namespace

Result<void> check_provider_url(std::string_view url, std::string_view endpoint) {
  const auto colon = url.find(kSchemeEnd);
  const auto name = provider_name(url);
  if (colon == url.npos || colon == 0 || name.empty() || name.starts_with('/')) {
    return Error::invalid("Invalid Open ID Connect Provider URL");
  }
  const auto scheme = url.substr(0, colon);
  const auto slash = name.find('/');
  const auto authority = name.substr(0, slash);
  const auto [host, port] = split_authority(authority);
  const auto path = slash == name.npos ? std::string_view() : name.substr(slash);
  const bool has_port = host.size() != authority.size();
  const bool below_endpoint =
      !endpoint.empty() && url.starts_with(endpoint) && url.substr(endpoint.size()).starts_with('/');
  const bool own = below_endpoint || std::ranges::find(kLoopback, host) != std::end(kLoopback);
  if (scheme != "https" && !(scheme == "http" && own)) {
    return invalid_input("Invalid Open ID Connect Provider URL. The URL must begin with https://.");
  }
  if (!is_host(host) || (has_port && !is_port(port)) || !is_path_text(path)) {
    return invalid_input("Invalid Open ID Connect Provider URL.");
  }
  return {};
}

std::string_view provider_name(std::string_view url) {
  const auto end = url.find(kSchemeEnd);
  return end == url.npos ? url : url.substr(end + kSchemeEnd.size());
}

}  // namespace podpass::iam
