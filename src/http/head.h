// The head of an HTTP/1.1 message: finding its end, and taking it apart. The first line is read by Boost.Beast's
// parser, which shows in head.cc only. Pure functions over bytes, safe from any thread; views returned point into the
// bytes given.
//
// Stricter than RFC 9112 asks where leniency lets two parties disagree about where a message ends: a bare line feed, a
// folded line, a repeated or listed Content-Length, Content-Length beside Transfer-Encoding, any transfer coding but
// `chunked` and chunked in HTTP/1.0 are refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace podpass::http {

inline constexpr std::size_t kMaxHeaderLines = 256;

// Why a head is refused: the status to answer with and a text for the caller.
struct Refusal {
  int status;
  std::string_view reason;
};

// Looks for the empty line that ends a head, going on where the last look stopped. Feed it the bytes since the head
// began.
class HeadScanner {
 public:
  // The length of the head with its empty line; 0 if it has not all come yet. After a refusal, the connection is over.
  std::size_t scan(std::string_view bytes);
  const std::optional<Refusal>& refusal() const { return refusal_; }
  void reset() { *this = {}; }

 private:
  std::size_t refuse(int status, std::string_view reason);

  std::size_t line_ = 0;  // where the line being looked at begins
  std::size_t seen_ = 0;  // bytes already searched
  std::size_t lines_ = 0;
  std::optional<Refusal> refusal_;
};

struct Framing {
  enum class Kind : unsigned char { none, length, chunked, until_close };  // until_close: responses only
  enum class Expect : unsigned char { nothing, go_ahead };
  Kind kind = Kind::none;
  std::uint64_t length = 0;  // of a body of Kind::length
  Expect expect = Expect::nothing;
  bool keep_alive = true;
  bool http_1_0 = false;
};

bool is_token(std::string_view text);  // RFC 9110 section 5.6.2: what a header's name is

// Fills method, target, path, query and headers of `request`. `head` is whole, as found by HeadScanner.
std::optional<Refusal> parse_request_head(std::string_view head, Request& request, Framing& framing);

struct ResponseHead {
  int status = 0;
  std::vector<Header> headers;
};
// `method` is that of the request answered: an answer to HEAD has no body whatever it says.
std::optional<Refusal> parse_response_head(std::string_view head, std::string_view method, ResponseHead& response,
                                           Framing& framing);

}  // namespace podpass::http
