// Ranges and preconditions of GET, HEAD and PUT. Pure functions.
// Source: RFC 9110 sections 13 and 14; S3 API reference, GetObject ("Overriding response header values", conditional
// requests).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "s3/records.h"

namespace podpass::s3 {

struct ByteRange {
  std::uint64_t offset = 0, length = 0;
  bool operator==(const ByteRange&) const = default;
};

// The one range that a Range header asks for. Nothing: the whole object (no header, not understood, or more than one
// range, as S3 does). InvalidRange (416) if it lies behind the end.
Result<std::optional<ByteRange>> range_of(std::string_view header, std::uint64_t size);

// True if an If-Match or If-None-Match list names the ETag (given without quotes). "*" names any.
bool names_etag(std::string_view list, std::string_view etag);

// If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since of a read: PreconditionFailed (412) or NotModified
// (304). The header names begin with `prefix` (CopyObject: "x-amz-copy-source-"), and a copy answers 412 in place of
// 304.
enum class Reading { object, copy_source };
Result<void> check_read_conditions(const http::Request& request, const ObjectRecord& object, Reading reading);

// If-Match and If-None-Match of a write; `present` is null if there is no such object.
Result<void> check_write_conditions(const http::Request& request, const ObjectRecord* present);

}  // namespace podpass::s3
