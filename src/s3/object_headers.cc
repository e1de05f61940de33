#include "s3/object_headers.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "s3/errors.h"
#include "s3/utf8.h"

namespace podpass::s3 {
namespace {

constexpr std::string_view kMetadataPrefix = "x-amz-meta-";
constexpr std::string_view kDefaultType = "binary/octet-stream";

constexpr std::array<std::string_view, 6> kSystemHeaders = {
    "Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires"};

// Headers whose promise is not kept here, with the value that promises nothing more than what is so anyway.
struct Unkept {
  std::string_view name;  // or the beginning of one, if it ends with '-'
  std::string_view harmless;
};
constexpr Unkept kUnkept[] = {
    {"x-amz-server-side-encryption", ""},
    {"x-amz-server-side-encryption-", ""},
    {"x-amz-object-lock-", ""},
    {"x-amz-tagging", ""},
    {"x-amz-website-redirect-location", ""},
    {"x-amz-write-offset-bytes", ""},
    {"x-amz-storage-class", "STANDARD"},
};

bool is_named(std::string_view name, std::string_view pattern) {
  return pattern.ends_with('-') ? name.size() > pattern.size() && iequals(name.substr(0, pattern.size()), pattern)
                                : iequals(name, pattern);
}

Result<void> check_header(const http::Header& header) {
  if (is_named(header.name, "x-amz-grant-")) return error("AccessControlListNotSupported");
  if (iequals(header.name, "x-amz-acl") && header.value != "private" && header.value != "bucket-owner-full-control") {
    return error("AccessControlListNotSupported");
  }
  for (const auto& unkept : kUnkept) {
    if (!is_named(header.name, unkept.name) || (!unkept.harmless.empty() && header.value == unkept.harmless)) continue;
    return error("NotImplemented", {{"Header", to_lower(header.name)}});
  }
  return {};
}

// Content-Encoding without the token that speaks only of the transfer.
std::string without_aws_chunked(std::string_view value) {
  std::string kept;
  for (auto coding : split(value, ',')) {
    coding = trim(coding);
    if (coding.empty() || iequals(coding, "aws-chunked")) continue;
    if (!kept.empty()) kept += ',';
    kept += coding;
  }
  return kept;
}

}  // namespace

Result<void> check_object_headers(const http::Request& request) {
  for (const auto& header : request.headers) TRY(check_header(header));
  ObjectRecord scratch;
  return read_object_headers(request, scratch);
}

Result<void> read_object_headers(const http::Request& request, ObjectRecord& object) {
  std::size_t system_size = 0, metadata_size = 0;
  for (auto name : kSystemHeaders) {
    std::string value(request.header(name));
    if (name == "Content-Encoding") value = without_aws_chunked(value);
    if (name == "Content-Type" && value.empty()) value = kDefaultType;
    if (value.empty()) continue;
    if (!is_utf8(value)) return error("InvalidArgument", {{"ArgumentName", std::string(name)}});
    system_size += name.size() + value.size();
    object.headers.emplace(name, std::move(value));
  }
  for (const auto& header : request.headers) {
    if (header.name.size() < kMetadataPrefix.size() ||
        !iequals(header.name.substr(0, kMetadataPrefix.size()), kMetadataPrefix)) {
      continue;
    }
    auto name = to_lower(header.name.substr(kMetadataPrefix.size()));
    if (!is_utf8(header.value)) return error("InvalidArgument", {{"ArgumentName", to_lower(header.name)}});
    auto& value = object.metadata[name];
    if (!value.empty()) value += ',';  // sent twice
    value += header.value;
    metadata_size += name.size() + header.value.size();
  }
  if (system_size > kMaxSystemHeaderBytes || metadata_size > kMaxMetadataBytes) {
    return error("MetadataTooLarge",
                 {{"Size", std::to_string(metadata_size)}, {"MaxSizeAllowed", std::to_string(kMaxMetadataBytes)}});
  }
  return {};
}

void add_checksum_headers(const ObjectRecord& object, http::Response& response) {
  static constexpr std::pair<std::string_view, std::string_view> kHeaders[] = {
      {"crc32", "x-amz-checksum-crc32"}, {"crc32c", "x-amz-checksum-crc32c"}, {"crc64nvme", "x-amz-checksum-crc64nvme"},
      {"sha1", "x-amz-checksum-sha1"},   {"sha256", "x-amz-checksum-sha256"},
  };
  for (const auto& [name, header] : kHeaders) {
    auto found = object.checksums.find(std::string(name));
    if (found == object.checksums.end()) continue;
    response.set(header, found->second);
    response.set("x-amz-checksum-type", "FULL_OBJECT");
  }
}

}  // namespace podpass::s3
