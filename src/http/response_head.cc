#include "http/response_head.h"

#include <algorithm>
#include <charconv>

#include "base/strings.h"
#include "http/head.h"

namespace podpass::http {
namespace {

bool is_plain(std::string_view value) {
  return std::ranges::none_of(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

// Where the message ends is said by the server alone.
bool is_framing(std::string_view name) {
  return iequals(name, "content-length") || iequals(name, "transfer-encoding") || iequals(name, "connection") ||
         iequals(name, "date") || iequals(name, "server");
}

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

}  // namespace

bool sends_body(const Response& response) {
  return !response.head && response.status >= 200 && response.status != 204 && response.status != 304;
}

bool append_response_head(std::string& out, const Response& response, std::string_view common,
                          Persistence persistence) {
  for (const auto& [name, value] : response.headers) {
    if (!is_token(name) || !is_plain(value)) return false;
  }
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(std::clamp(response.status, 100, 999)));
  out += ' ';
  out += reason_phrase(response.status);
  out += "\r\n";
  for (const auto& [name, value] : response.headers) {
    if (is_framing(name)) continue;
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  }
  out += common;
  if (response.status >= 200 && response.status != 204 && (response.status != 304 || response.length() > 0)) {
    out += "Content-Length: ";
    append_number(out, response.length());
    out += "\r\n";
  }
  if (persistence == Persistence::close) out += "Connection: close\r\n";
  if (persistence == Persistence::keep_said) out += "Connection: keep-alive\r\n";
  out += "\r\n";
  return true;
}

}  // namespace podpass::http
