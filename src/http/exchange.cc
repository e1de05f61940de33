#include "http/exchange.h"

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace podpass::http {
namespace {

constexpr std::uint16_t kHttpPort = 80, kHttpsPort = 443;

bool is_visible(std::string_view text) {
  return !text.empty() &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
}

bool is_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool is_name(std::string_view text) {
  return !text.empty() && only_alnum_and(text, "!#$%&'*+-.^_`|~");
}

}  // namespace

std::string_view ClientResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (iequals(key, name)) return value;
  }
  return {};
}

std::string Endpoint::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (secure ? kHttpsPort : kHttpPort) ? name : name + ":" + std::to_string(port);
}

std::string Endpoint::url() const {
  return (secure ? "https://" : "http://") + authority();
}

Result<Endpoint> parse_endpoint(std::string_view url) {
  const auto refuse = [url](std::string_view why) {
    return Error::invalid("'" + std::string(url) + "' is not an endpoint: " + std::string(why));
  };
  Endpoint endpoint;
  endpoint.secure = url.starts_with("https://");
  if (endpoint.secure) endpoint.port = kHttpsPort;
  if (!endpoint.secure && !url.starts_with("http://")) return refuse("it must begin with http:// or https://");
  std::string_view rest = url.substr(endpoint.secure ? 8 : 7);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  std::string_view port;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return refuse("the bracket is not closed");
    endpoint.host = rest.substr(1, end - 1);
    if (!only_alnum_and(endpoint.host, ":.%") || endpoint.host.find(':') == std::string::npos) {
      return refuse("what is in brackets must be an IPv6 address");
    }
    port = rest.substr(end + 1);
  } else {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    endpoint.host = rest.substr(0, colon);
    if (!only_alnum_and(endpoint.host, "-._")) return refuse("the host is malformed, or there is a path");
    port = rest.substr(colon);
  }
  if (endpoint.host.empty()) return refuse("there is no host");
  if (port.empty()) return endpoint;
  const auto number =
      port.starts_with(':') && port.size() > 1 && is_digit(port[1]) ? parse_integer(port.substr(1)) : std::nullopt;
  if (!number || *number < 1 || *number > 65535) return refuse("the port must be a number from 1 to 65535");
  endpoint.port = static_cast<std::uint16_t>(*number);
  return endpoint;
}

bool is_repeatable(const ClientRequest& request) {
  static constexpr std::array<std::string_view, 6> kIdempotent = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
  return request.repeatable || std::ranges::find(kIdempotent, request.method) != kIdempotent.end();
}

Result<std::string> write_request(const Endpoint& endpoint, const ClientRequest& request) {
  if (!is_name(request.method)) return Error::invalid("malformed request method");
  if (!is_visible(request.target)) return Error::invalid("malformed request target");
  std::string wire = request.method + " " + request.target + " HTTP/1.1\r\n";
  bool host = false;
  for (const auto& [name, value] : request.headers) {
    if (!is_name(name) || !is_value(value)) return Error::invalid("malformed request header");
    if (iequals(name, "content-length") || iequals(name, "transfer-encoding") || iequals(name, "connection")) continue;
    host = host || iequals(name, "host");
    wire += name;
    wire += ": ";
    wire += value;
    wire += "\r\n";
  }
  if (!host) wire += "Host: " + endpoint.authority() + "\r\n";
  const bool usual = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (usual || !request.body.empty()) wire += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  wire += "\r\n";
  wire += request.body;
  return wire;
}

Result<void> AnswerReader::append(std::string_view data) {
  if (to_sink()) return data.empty() ? Result<void>(std::in_place) : sink_(data);
  if (data.size() > body_limit_ - response_.body.size()) {
    return Error{
        ErrorKind::too_large, {}, 0, "the answer is larger than " + std::to_string(body_limit_) + " bytes", {}, {}};
  }
  response_.body += data;
  return Result<void>(std::in_place);
}

Result<bool> AnswerReader::take_head() {
  const std::size_t size = scanner_.scan(buffer_);
  if (scanner_.refusal()) return Error::unavailable("malformed answer: " + std::string(scanner_.refusal()->reason));
  if (size > kMaxAnswerHead || (size == 0 && buffer_.size() > kMaxAnswerHead)) {
    return Error::unavailable("malformed answer: its head is too large");
  }
  if (size == 0) return false;
  ResponseHead head;
  if (auto refusal = parse_response_head(std::string_view(buffer_).substr(0, size), method_, head, framing_)) {
    return Error::unavailable("malformed answer: " + std::string(refusal->reason));
  }
  scanner_.reset();
  if (head.status == 101) return Error::unavailable("malformed answer: it switches protocols");
  if (head.status >= 200) {
    response_.status = head.status;
    for (const Header& header : head.headers) response_.headers.emplace_back(header.name, header.value);
    remaining_ = framing_.length;
    stage_ = framing_.kind == Framing::Kind::none ? Stage::done : Stage::body;
    if (framing_.kind == Framing::Kind::length && framing_.length > body_limit_ && !to_sink()) {
      return Error{
          ErrorKind::too_large, {}, 0, "the answer is larger than " + std::to_string(body_limit_) + " bytes", {}, {}};
    }
  }
  buffer_.erase(0, size);
  return true;
}

Result<void> AnswerReader::take_body() {
  std::string_view left = buffer_;
  while (!left.empty() && stage_ == Stage::body) {
    std::string_view data = left;
    std::size_t used = left.size();
    if (framing_.kind == Framing::Kind::length) {
      used = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, left.size()));
      data = left.substr(0, used);
      remaining_ -= used;
      if (remaining_ == 0) stage_ = Stage::done;
    } else if (framing_.kind == Framing::Kind::chunked) {
      const ChunkDecoder::Step step = chunks_.feed(left);
      if (chunks_.faulty()) return Error::unavailable("malformed answer: bad chunk");
      data = step.data;
      used = step.consumed;
      if (chunks_.done()) stage_ = Stage::done;
    }
    if (Result<void> appended = append(data); !appended) return appended;
    left.remove_prefix(used);
  }
  buffer_.erase(0, buffer_.size() - left.size());
  return Result<void>(std::in_place);
}

Result<void> AnswerReader::feed(std::string_view bytes) {
  buffer_ += bytes;
  while (stage_ == Stage::head) {
    const Result<bool> found = take_head();
    if (!found) return found.error();
    if (!*found) return Result<void>(std::in_place);
  }
  return take_body();
}

Result<void> AnswerReader::feed_end() {
  if (stage_ == Stage::body && framing_.kind == Framing::Kind::until_close) stage_ = Stage::done;
  if (stage_ != Stage::done) return Error::unavailable("the connection ended before the whole answer had come");
  return Result<void>(std::in_place);
}

}  // namespace podpass::http
