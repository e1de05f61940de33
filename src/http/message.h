// An HTTP/1.1 request and response as plain values. No I/O.
//
// Threads: values, no sharing. A Request's views point into the connection's buffer: they live until the response has
// been handed back, not longer. Lengths and offsets are bytes. Source: RFC 9110, RFC 9112.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace podpass::http {

struct Header {
  std::string_view name, value;  // the name as sent; the value without surrounding white space
};

struct Request {
  std::string_view method;
  std::string_view target;  // as sent, still percent-encoded: path and query
  std::string_view path;    // target before '?'
  std::string_view query;   // target after '?', empty if none
  std::vector<Header> headers;
  std::string_view body;  // whole, once the handler has read it (Body::read_all); else empty
  std::string_view peer;  // the client's address, text
  bool secure = false;    // came over TLS

  // The first header of that name, case-insensitively; nothing if absent.
  std::optional<std::string_view> find(std::string_view name) const;
  std::string_view header(std::string_view name) const { return find(name).value_or(std::string_view()); }
};

// A part of an open file, sent after the head without being held in memory. Owns the descriptor.
struct FilePart {
  std::shared_ptr<const int> fd;  // closed by its deleter
  std::uint64_t offset = 0, length = 0;

  static FilePart own(int fd, std::uint64_t offset, std::uint64_t length);  // takes the descriptor over
};

// Bytes that outlive every response, such as a file within the program: not copied.
struct Constant {
  std::string_view bytes;
};

struct Response {
  int status = 200;
  // Names are literals or outlive the response. Content-Length, Transfer-Encoding, Connection, Date and Server are the
  // server's own business: such headers set here are left out. A line break in a value turns the response into a 500.
  std::vector<std::pair<std::string_view, std::string>> headers;
  std::variant<std::string, Constant, FilePart> body;  // Content-Length is written by the server
  bool head = false;   // the answer to a HEAD request: Content-Length is that of `body`, which is not sent
  bool close = false;  // end the connection after this response

  void set(std::string_view name, std::string value);  // replaces or appends
  std::string_view header(std::string_view name) const;
  std::uint64_t length() const;   // of the body
  std::string_view text() const;  // the body, if it is in memory
};

std::string_view reason_phrase(int status);

}  // namespace podpass::http
