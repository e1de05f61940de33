// What an object remembers of the headers it was put with, and how they come back. Pure functions.
// Limits: kMaxMetadataBytes of user metadata, kMaxSystemHeaderBytes of the rest, as S3.
// Source: S3 user guide, "Working with object metadata"; API reference, PutObject.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "http/message.h"
#include "s3/records.h"

namespace podpass::s3 {

inline constexpr std::size_t kMaxMetadataBytes = 2 * 1024;
inline constexpr std::size_t kMaxSystemHeaderBytes = 8 * 1024;

// Refuses what would be promised and not kept: encryption, locks, tags, ACLs, storage classes. MetadataTooLarge,
// InvalidArgument.
Result<void> check_object_headers(const http::Request& request);

// Fills in `headers` and `metadata`.
Result<void> read_object_headers(const http::Request& request, ObjectRecord& object);

// x-amz-checksum-<algorithm> and its type.
void add_checksum_headers(const ObjectRecord& object, http::Response& response);

}  // namespace podpass::s3
