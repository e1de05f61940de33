#include "s3/conditions.h"

#include <algorithm>
#include <charconv>

#include "base/strings.h"
#include "s3/errors.h"

namespace podpass::s3 {
namespace {

// Digits only. A number too large for the type is its largest value: such an offset lies behind any end.
std::optional<std::uint64_t> number_of(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  std::uint64_t number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) return UINT64_MAX;
  return number;
}

std::string_view unquoted(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return etag;
}

Error failed(std::string_view condition) {
  return error("PreconditionFailed", {{"Condition", std::string(condition)}});
}

// A date that can't be read is as none (RFC 9110 section 13.1.3).
std::optional<Time> date_of(std::optional<std::string_view> header) {
  return header ? parse_http_date(*header) : std::nullopt;
}

struct Names {
  std::string_view match, none_match, modified, unmodified;
};
constexpr Names kObjectNames = {"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"};
constexpr Names kCopyNames = {"x-amz-copy-source-if-match", "x-amz-copy-source-if-none-match",
                              "x-amz-copy-source-if-modified-since", "x-amz-copy-source-if-unmodified-since"};

}  // namespace

Result<std::optional<ByteRange>> range_of(std::string_view header, std::uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  const std::optional<ByteRange> whole;
  if (header.size() < kUnit.size() || !iequals(header.substr(0, kUnit.size()), kUnit)) return whole;
  const auto spec = trim(header.substr(kUnit.size()));
  const auto dash = spec.find('-');
  if (dash == std::string_view::npos) return whole;
  const auto from = spec.substr(0, dash), to = spec.substr(dash + 1);
  const auto first = number_of(from), last = number_of(to);
  if ((!from.empty() && !first) || (!to.empty() && !last) || (!first && !last)) return whole;
  if (first && last && *last < *first) return whole;
  if (first ? *first >= size : *last == 0 || size == 0) {
    return error("InvalidRange", {{"RangeRequested", std::string(header)}, {"ActualObjectSize", std::to_string(size)}});
  }
  if (!first) {
    const auto length = std::min(*last, size);
    return std::optional(ByteRange{size - length, length});
  }
  const auto end = last ? std::min(*last, size - 1) : size - 1;
  return std::optional(ByteRange{*first, end - *first + 1});
}

bool names_etag(std::string_view list, std::string_view etag) {
  for (auto item : split(list, ',')) {
    item = trim(item);
    if (item == "*" || unquoted(item) == etag) return true;
  }
  return false;
}

Result<void> check_read_conditions(const http::Request& request, const ObjectRecord& object, Reading reading) {
  const auto& names = reading == Reading::object ? kObjectNames : kCopyNames;
  if (auto match = request.find(names.match)) {
    if (!names_etag(*match, object.etag)) return failed(names.match);
  } else if (auto since = date_of(request.find(names.unmodified)); since && object.modified > *since) {
    return failed(names.unmodified);
  }
  auto unchanged = [&](std::string_view condition) -> Error {
    if (reading == Reading::copy_source) return failed(condition);
    return error("NotModified",
                 {{"ETag", '"' + object.etag + '"'}, {"LastModified", format_http_date(object.modified)}});
  };
  if (auto none = request.find(names.none_match)) {
    if (names_etag(*none, object.etag)) return unchanged(names.none_match);
  } else if (auto since = date_of(request.find(names.modified)); since && object.modified <= *since) {
    return unchanged(names.modified);
  }
  return {};
}

Result<void> check_write_conditions(const http::Request& request, const ObjectRecord* present) {
  if (auto match = request.find("If-Match")) {
    if (!present) return error("NoSuchKey");
    if (!names_etag(*match, present->etag)) return failed("If-Match");
  }
  if (auto none = request.find("If-None-Match")) {
    if (trim(*none) != "*") return error("NotImplemented", {{"Header", "If-None-Match"}});
    if (present) return failed("If-None-Match");
  }
  return {};
}

}  // namespace podpass::s3
