// What an HTTP client does that needs no socket: endpoints, writing a request, reading an answer piece by piece.
// Private to the client. Values, one thread at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "http/chunked.h"
#include "http/client.h"
#include "http/head.h"

namespace podpass::http {

inline constexpr std::size_t kMaxAnswerHead = 32 * 1024;

// The request as it goes over the wire; invalid if a part of it has a line break or the like in it.
Result<std::string> write_request(const Endpoint& endpoint, const ClientRequest& request);

bool is_repeatable(const ClientRequest& request);

// Takes an answer apart as its bytes come. With a sink, the body of a 2xx answer goes there as it comes, however long;
// the sink's error is returned as it is.
class AnswerReader {
 public:
  using Sink = std::function<Result<void>(std::string_view)>;
  AnswerReader(std::string method, std::size_t body_limit, Sink sink = nullptr)
      : method_(std::move(method)), body_limit_(body_limit), sink_(std::move(sink)) {}

  // An Error without an endpoint in its text: the client adds it.
  Result<void> feed(std::string_view bytes);
  Result<void> feed_end();  // the connection ended
  bool has_head() const { return stage_ != Stage::head; }
  bool done() const { return stage_ == Stage::done; }
  bool keeps_alive() const { return done() && framing_.keep_alive && buffer_.empty(); }
  ClientResponse take() { return std::move(response_); }

 private:
  enum class Stage : unsigned char { head, body, done };
  Result<bool> take_head();  // whether there was one
  Result<void> take_body();
  Result<void> append(std::string_view data);
  bool to_sink() const { return sink_ && response_.status / 100 == 2; }

  std::string method_;
  std::size_t body_limit_;
  Sink sink_;
  Stage stage_ = Stage::head;
  std::string buffer_;  // bytes not used up
  HeadScanner scanner_;
  Framing framing_;
  ChunkDecoder chunks_;
  std::uint64_t remaining_ = 0;
  ClientResponse response_;
};

}  // namespace podpass::http
