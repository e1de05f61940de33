#include "http/message.h"

#include <unistd.h>

#include <algorithm>

#include "base/strings.h"

namespace podpass::http {

std::optional<std::string_view> Request::find(std::string_view name) const {
  for (const Header& header : headers) {
    if (iequals(header.name, name)) return header.value;
  }
  return std::nullopt;
}

FilePart FilePart::own(int fd, std::uint64_t offset, std::uint64_t length) {
  return {std::shared_ptr<const int>(new int(fd),
                                     [](const int* owned) {
                                       ::close(*owned);
                                       delete owned;
                                     }),
          offset, length};
}

void Response::set(std::string_view name, std::string value) {
  for (auto& [key, old] : headers) {
    if (iequals(key, name)) {
      old = std::move(value);
      return;
    }
  }
  headers.emplace_back(name, std::move(value));
}

std::string_view Response::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (iequals(key, name)) return value;
  }
  return {};
}

std::uint64_t Response::length() const {
  const auto* file = std::get_if<FilePart>(&body);
  return file ? file->length : text().size();
}

std::string_view Response::text() const {
  if (const auto* own = std::get_if<std::string>(&body)) return *own;
  const auto* constant = std::get_if<Constant>(&body);
  return constant ? constant->bytes : std::string_view();
}

std::string_view reason_phrase(int status) {
  struct Row {
    int status;
    std::string_view phrase;
  };
  static constexpr Row kPhrases[] = {
      {100, "Continue"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {422, "Unprocessable Content"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  };
  const auto* row = std::ranges::lower_bound(kPhrases, status, {}, &Row::status);
  return row != std::end(kPhrases) && row->status == status ? row->phrase : std::string_view("Unknown");
}

}  // namespace podpass::http
