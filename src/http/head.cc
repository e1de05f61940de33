#include "http/head.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/strings.h"

namespace podpass::http {
namespace {

namespace beast = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;
using FieldLength = boost::optional<std::uint64_t>;

// What matters about the header lines that decide where the message ends.
struct Tally {
  int host = 0, length = 0, transfer = 0;
  bool plain_length = true, only_chunked = true, strange_expect = false, expects = false;
  bool closes = false, keeps = false;  // as Connection says
  std::string_view host_value;
  std::uint64_t length_value = 0;

  void count(const Header& header) {
    using Take = void (Tally::*)(std::string_view);
    static constexpr std::pair<std::string_view, Take> kThatMatter[] = {{"host", &Tally::take_host},
                                                                        {"content-length", &Tally::take_length},
                                                                        {"transfer-encoding", &Tally::take_transfer},
                                                                        {"expect", &Tally::take_expect},
                                                                        {"connection", &Tally::take_connection}};
    for (const auto& [name, take] : kThatMatter) {
      if (iequals(header.name, name)) return (this->*take)(header.value);
    }
  }
  bool keep_alive(bool http_1_0) const { return !closes && (keeps || !http_1_0); }

 private:
  void take_host(std::string_view value) {
    ++host;
    host_value = value;
  }
  void take_length(std::string_view value) {
    ++length;
    const char* const end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, length_value);
    plain_length = plain_length && read.ec == std::errc() && read.ptr == end;
  }
  void take_transfer(std::string_view value) {
    ++transfer;
    only_chunked = only_chunked && iequals(value, "chunked");
  }
  void take_expect(std::string_view value) {
    expects = true;
    strange_expect = strange_expect || !iequals(value, "100-continue");
  }
  void take_connection(std::string_view value) {
    for (const std::string_view option : split(value, ',')) {
      closes = closes || iequals(trim(option), "close");
      keeps = keeps || iequals(trim(option), "keep-alive");
    }
  }
};

// Beast reads the first line, of which its callbacks get views: nothing is copied. It looks at each byte of a header by
// itself, which is slow for a token of a kilobyte; so headers are parse_fields()'s business.
template <bool kRequest>
class StartLine final : public beast::basic_parser<kRequest> {
 public:
  StartLine() {
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
  void on_field_impl(beast::field, string_view, string_view, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const FieldLength&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override { return body.size(); }
  void on_finish_impl(error_code&) override {}
};

Refusal explain(const error_code& error) {
  if (error == beast::error::bad_version) return {505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
  if (error == beast::error::bad_method) return {400, "malformed method"};
  if (error == beast::error::bad_target) return {400, "malformed request target"};
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

// RFC 9110 section 5.6.2.
constexpr std::array<bool, 256> token_bytes() {
  std::array<bool, 256> in{};
  for (int c = 0; c < 256; ++c) {
    in[static_cast<std::size_t>(c)] =
        c < 128 && (is_alnum(static_cast<char>(c)) ||
                    std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos);
  }
  return in;
}

// RFC 9110 section 5.5: no control characters but the tab. Sixteen bytes at a time.
bool is_field_value(std::string_view text) {
  using Bytes [[gnu::vector_size(16)]] = unsigned char;
  using Words [[gnu::vector_size(16)]] = std::uint64_t;
  Words foreign{};
  const auto look_at = [&](Bytes bytes) {
    foreign |= reinterpret_cast<Words>(((bytes < 0x20) & (bytes != '\t')) | (bytes == 0x7f));
  };
  Bytes bytes;
  for (; text.size() >= sizeof bytes; text.remove_prefix(sizeof bytes)) {
    std::memcpy(&bytes, text.data(), sizeof bytes);
    look_at(bytes);
  }
  bytes = Bytes{} + ' ';
  std::memcpy(&bytes, text.data(), text.size());
  look_at(bytes);
  return (foreign[0] | foreign[1]) == 0;
}

// `rest` is the head without its first line: header lines, and the empty one.
std::optional<Refusal> parse_fields(std::string_view rest, std::vector<Header>& headers, Tally& tally) {
  while (rest != "\r\n") {
    const std::size_t end = rest.find("\r\n");
    if (end == std::string_view::npos || end == 0) return Refusal{400, "malformed head"};
    const std::string_view line = rest.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
      return Refusal{400, "malformed header name"};
    }
    const std::string_view value = trim(line.substr(colon + 1));
    if (!is_field_value(value)) return Refusal{400, "malformed header value"};
    headers.push_back({line.substr(0, colon), value});
    tally.count(headers.back());
    rest.remove_prefix(end + 2);
  }
  return std::nullopt;
}

template <class Parser>
std::optional<Refusal> put_head(Parser& parser, std::string_view head, std::vector<Header>& headers) {
  const std::size_t end = head.find("\r\n");
  if (end == std::string_view::npos) return Refusal{400, "malformed head"};
  error_code error;
  parser.put(boost::asio::const_buffer(head.data(), end + 2), error);
  if (error != beast::error::need_more) return explain(error);  // it wants the headers now
  return parse_fields(head.substr(end + 2), headers, parser.tally);
}

}  // namespace

bool is_token(std::string_view text) {
  static constexpr auto kIn = token_bytes();
  return !text.empty() && std::ranges::all_of(text, [](char c) { return kIn[static_cast<unsigned char>(c)]; });
}

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
  StartLine<true> parser;
  if (auto refusal = put_head(parser, head, request.headers)) {
    // A blank in the target looks like a strange version to the parser.
    if (refusal->status == 505 && !names_version(head)) return Refusal{400, "malformed request line"};
    return refusal;
  }
  request.method = parser.method;
  request.target = parser.target;
  framing = {};
  framing.http_1_0 = parser.http_1_0;
  framing.keep_alive = parser.tally.keep_alive(framing.http_1_0);
  const Tally& tally = parser.tally;
  if (auto refusal = check_framing(tally, framing.http_1_0)) return refusal;
  if (auto refusal = check_host(tally, framing.http_1_0)) return refusal;
  if (auto refusal = split_target(tally.host_value, request)) return refusal;
  if (tally.strange_expect) return Refusal{417, "the only expectation known here is 100-continue"};
  if (tally.transfer > 0) {
    framing.kind = Framing::Kind::chunked;
  } else if (tally.length > 0) {
    framing.length = tally.length_value;
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
  StartLine<false> parser;
  if (auto refusal = put_head(parser, head, response.headers)) return refusal;
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
    framing.length = tally.length_value;
    framing.kind = framing.length > 0 ? Framing::Kind::length : Framing::Kind::none;
  } else {
    framing.kind = Framing::Kind::until_close;
  }
  framing.keep_alive = tally.keep_alive(framing.http_1_0) && framing.kind != Framing::Kind::until_close;
  return std::nullopt;
}

}  // namespace podpass::http
