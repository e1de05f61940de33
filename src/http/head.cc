#include "http/head.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cstring>

#include "base/strings.h"

namespace podpass::http {
namespace {

namespace beast = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;
using FieldLength = boost::optional<std::uint64_t>;

// What matters about the header lines that decide where the message ends.
struct Tally {
  int host = 0, length = 0, transfer = 0, too_many = 0;
  bool plain_length = true, only_chunked = true, strange_expect = false, expects = false;
  std::string_view host_value;

  void count(beast::field field, std::string_view value) {
    switch (field) {
      case beast::field::host:
        ++host;
        host_value = value;
        break;
      case beast::field::content_length:
        ++length;
        plain_length = plain_length && only_alnum_and(value, "") && !value.empty();
        break;
      case beast::field::transfer_encoding:
        ++transfer;
        only_chunked = only_chunked && iequals(value, "chunked");
        break;
      case beast::field::expect:
        expects = true;
        strange_expect = strange_expect || !iequals(value, "100-continue");
        break;
      default:
        break;
    }
  }
};

// Beast calls back with views into the bytes put in, which is the whole head at once: nothing is copied.
template <bool kRequest>
class Collector final : public beast::basic_parser<kRequest> {
 public:
  explicit Collector(std::vector<Header>& headers) : headers_(headers) {
    this->header_limit(UINT32_MAX);  // the buffer has its own limit
    this->body_limit(boost::none);
  }

  std::string_view method, target;
  int status = 0;
  bool http_1_0 = false;
  Tally tally;

 private:
  void on_request_impl(beast::verb, string_view verb, string_view where, int version, error_code&) override {
    http_1_0 = version < 11;
    method = verb;
    target = where;
  }
  void on_response_impl(int code, string_view, int version, error_code&) override {
    http_1_0 = version < 11;
    status = code;
  }
  void on_field_impl(beast::field field, string_view name, string_view value, error_code&) override {
    headers_.push_back({name, value});
    tally.count(field, value);
  }
  void on_header_impl(error_code&) override {}
  // Bodies are taken apart elsewhere: only heads are put into this parser.
  void on_body_init_impl(const FieldLength&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override { return body.size(); }
  void on_finish_impl(error_code&) override {}

  std::vector<Header>& headers_;
};

Refusal explain(const error_code& error) {
  if (error == beast::error::bad_version) return {505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
  if (error == beast::error::bad_method) return {400, "malformed method"};
  if (error == beast::error::bad_target) return {400, "malformed request target"};
  if (error == beast::error::bad_field) return {400, "malformed header name"};
  if (error == beast::error::bad_value) return {400, "malformed header value"};
  if (error == beast::error::bad_content_length || error == beast::error::multiple_content_length) {
    return {400, "malformed or conflicting Content-Length"};
  }
  if (error == beast::error::bad_transfer_encoding) return {400, "malformed or conflicting Transfer-Encoding"};
  return {400, "malformed head"};
}

// RFC 9112 section 6.1 and 6.3, in their strictest reading.
std::optional<Refusal> check_framing(const Tally& tally, bool http_1_0) {
  if (tally.length > 1 || !tally.plain_length) return Refusal{400, "malformed or repeated Content-Length"};
  if (tally.transfer > 0 && tally.length > 0) return Refusal{400, "Content-Length beside Transfer-Encoding"};
  if (tally.transfer > 1) return Refusal{400, "repeated Transfer-Encoding"};
  if (tally.transfer > 0 && http_1_0) return Refusal{400, "Transfer-Encoding in HTTP/1.0"};
  if (!tally.only_chunked) return Refusal{501, "the only transfer coding known here is chunked"};
  return std::nullopt;
}

std::optional<Refusal> check_host(const Tally& tally, bool http_1_0) {
  if (tally.host > 1) return Refusal{400, "more than one Host header"};
  if (tally.host == 0 && !http_1_0) return Refusal{400, "no Host header"};
  if (!only_alnum_and(tally.host_value, ".-_:[]%~")) return Refusal{400, "malformed Host header"};
  return std::nullopt;
}

// RFC 9112 section 3.2: origin form; absolute form, if it agrees with Host; and `*` for OPTIONS.
std::optional<Refusal> split_target(std::string_view host, Request& request) {
  std::string_view rest = request.target;
  if (rest.starts_with("http://") || rest.starts_with("https://")) {
    rest.remove_prefix(rest.find("//") + 2);
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    if (!iequals(rest.substr(0, end), host)) return Refusal{400, "the request target and Host disagree"};
    rest.remove_prefix(end);
    if (rest.empty()) rest = "/";
  } else if (!rest.starts_with('/') && !(rest == "*" && request.method == "OPTIONS")) {
    return Refusal{400, "the request target must begin with a slash"};
  }
  const std::size_t mark = rest.find('?');
  request.path = rest.substr(0, mark);
  request.query = mark == std::string_view::npos ? std::string_view() : rest.substr(mark + 1);
  return std::nullopt;
}

bool names_version(std::string_view head) {
  const std::string_view line = head.substr(0, head.find('\r'));
  const std::string_view last = line.substr(line.rfind(' ') + 1);
  return std::count(line.begin(), line.end(), ' ') == 2 && last.starts_with("HTTP/");
}

template <class Parser>
std::optional<Refusal> put_head(Parser& parser, std::string_view head) {
  error_code error;
  parser.put(boost::asio::const_buffer(head.data(), head.size()), error);
  if (error) return explain(error);
  if (!parser.is_header_done()) return Refusal{400, "malformed head"};
  return std::nullopt;
}

}  // namespace

std::size_t HeadScanner::refuse(int status, std::string_view reason) {
  refusal_ = Refusal{status, reason};
  return 0;
}

std::size_t HeadScanner::scan(std::string_view bytes) {
  while (seen_ < bytes.size()) {
    // Refuses at once what does not even begin like a method or a version, such as a TLS hello.
    if (seen_ == 0 && !is_alpha(bytes[0])) return refuse(400, "malformed request line");
    if (seen_ == line_ && line_ > 0 && (bytes[line_] == ' ' || bytes[line_] == '\t')) {
      return refuse(400, "folded header line");
    }
    const void* found = std::memchr(bytes.data() + seen_, '\n', bytes.size() - seen_);
    if (found == nullptr) {
      seen_ = bytes.size();
      return 0;
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (at == 0 || bytes[at - 1] != '\r') return refuse(400, "line not ended by CRLF");
    seen_ = at + 1;
    if (at == line_ + 1) return seen_;
    line_ = seen_;
    if (++lines_ > kMaxHeaderLines) return refuse(431, "too many header lines");
  }
  return 0;
}

std::optional<Refusal> parse_request_head(std::string_view head, Request& request, Framing& framing) {
  request.headers.clear();
  Collector<true> parser(request.headers);
  if (auto refusal = put_head(parser, head)) {
    // A blank in the target looks like a strange version to the parser.
    if (refusal->status == 505 && !names_version(head)) return Refusal{400, "malformed request line"};
    return refusal;
  }
  request.method = parser.method;
  request.target = parser.target;
  framing = {};
  framing.http_1_0 = parser.http_1_0;
  framing.keep_alive = parser.keep_alive();
  const Tally& tally = parser.tally;
  if (auto refusal = check_framing(tally, framing.http_1_0)) return refusal;
  if (auto refusal = check_host(tally, framing.http_1_0)) return refusal;
  if (auto refusal = split_target(tally.host_value, request)) return refusal;
  if (tally.strange_expect) return Refusal{417, "the only expectation known here is 100-continue"};
  if (tally.transfer > 0) {
    framing.kind = Framing::Kind::chunked;
  } else if (tally.length > 0) {
    framing.length = parser.content_length().value_or(0);
    framing.kind = framing.length > 0 ? Framing::Kind::length : Framing::Kind::none;
  }
  if (tally.expects && !framing.http_1_0 && framing.kind != Framing::Kind::none) {
    framing.expect = Framing::Expect::go_ahead;
  }
  return std::nullopt;
}

std::optional<Refusal> parse_response_head(std::string_view head, std::string_view method, ResponseHead& response,
                                           Framing& framing) {
  response.headers.clear();
  Collector<false> parser(response.headers);
  if (auto refusal = put_head(parser, head)) return refusal;
  response.status = parser.status;
  framing = {};
  framing.http_1_0 = parser.http_1_0;
  const Tally& tally = parser.tally;
  if (auto refusal = check_framing(tally, framing.http_1_0)) return refusal;
  const bool bodiless =
      method == "HEAD" || response.status / 100 == 1 || response.status == 204 || response.status == 304;
  if (bodiless) {
    framing.kind = Framing::Kind::none;
  } else if (tally.transfer > 0) {
    framing.kind = Framing::Kind::chunked;
  } else if (tally.length > 0) {
    framing.length = parser.content_length().value_or(0);
    framing.kind = framing.length > 0 ? Framing::Kind::length : Framing::Kind::none;
  } else {
    framing.kind = Framing::Kind::until_close;
  }
  // Beast's keep_alive() counts a message as ended by close although the request was HEAD.
  bool close = framing.http_1_0;
  for (const Header& header : response.headers) {
    if (!iequals(header.name, "connection")) continue;
    for (std::string_view token : split(header.value, ',')) {
      if (iequals(trim(token), "close")) close = true;
      if (framing.http_1_0 && iequals(trim(token), "keep-alive")) close = false;
    }
  }
  framing.keep_alive = !close && framing.kind != Framing::Kind::until_close;
  return std::nullopt;
}

}  // namespace podpass::http
