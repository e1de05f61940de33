#include <algorithm>

#include "base/strings.h"
#include "codec/base64.h"
#include "codec/uri.h"
#include "s3/errors.h"
#include "s3/listing.h"
#include "s3/operations.h"
#include "s3/xml.h"

namespace podpass::s3 {
namespace {

Error bad_argument(std::string_view name, std::string_view value, std::string message) {
  return error_with_text("InvalidArgument", std::move(message),
                         {{"ArgumentName", std::string(name)}, {"ArgumentValue", std::string(value)}});
}

enum class Encoding { none, url };

struct ListRequest {
  ListQuery query;
  Encoding encoding = Encoding::none;
};

// The parameters that both versions share, and the permission.
Result<ListRequest> read_list_request(Run& run, const BucketRecord& bucket) {
  const auto& input = run.input;
  ConditionKeys keys;
  for (std::string_view name : {"prefix", "delimiter", "max-keys"}) {
    if (auto value = input.parameter(name)) keys.emplace_back("s3:" + std::string(name), *value);
  }
  TRY(run.authorize_bucket("s3:ListBucket", bucket, std::move(keys)));
  ListRequest request;
  request.query.prefix = input.parameter("prefix").value_or("");
  request.query.delimiter = input.parameter("delimiter").value_or("");
  if (auto text = input.parameter("max-keys"); text && !text->empty()) {
    auto number = parse_integer(*text);
    if (!number || *number < 0 || *number > INT32_MAX) {
      return bad_argument("max-keys", *text, "Provided max-keys not an integer or within integer range");
    }
    request.query.limit = std::min(static_cast<std::size_t>(*number), kMaxListedKeys);
  }
  if (auto encoding = input.parameter("encoding-type"); encoding && !encoding->empty()) {
    if (*encoding != "url")
      return bad_argument("encoding-type", *encoding, "Invalid Encoding Method specified in Request");
    request.encoding = Encoding::url;
  }
  return request;
}

// An element whose text is a key or a part of one.
void key_element(std::string& out, std::string_view name, std::string_view text, Encoding encoding) {
  element(out, name, encoding == Encoding::url ? codec::percent_encode(text, codec::Slash::keep) : std::string(text));
}

void owner_element(std::string& out, std::string_view account) {
  out += "<Owner>";
  element(out, "ID", canonical_user_id(account));
  out += "</Owner>";
}

// `owner`: its account; empty: not to be shown.
void write_entries(std::string& out, const Listing& listing, Encoding encoding, std::string_view owner) {
  for (const auto& entry : listing.entries) {
    if (!entry.object) continue;
    out += "<Contents>";
    key_element(out, "Key", entry.name, encoding);
    element(out, "LastModified", format_iso8601_millis(entry.object->modified));
    element(out, "ETag", '"' + entry.object->etag + '"');
    for (const auto& [name, value] : entry.object->checksums) {
      auto upper = name;
      std::ranges::transform(upper, upper.begin(),
                             [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c); });
      element(out, "ChecksumAlgorithm", upper);
      element(out, "ChecksumType", "FULL_OBJECT");
    }
    element(out, "Size", std::to_string(entry.object->size));
    if (!owner.empty()) owner_element(out, owner);
    element(out, "StorageClass", "STANDARD");
    out += "</Contents>";
  }
  for (const auto& entry : listing.entries) {
    if (entry.object) continue;
    out += "<CommonPrefixes>";
    key_element(out, "Prefix", entry.name, encoding);
    out += "</CommonPrefixes>";
  }
}

void write_head(std::string& out, const BucketRecord& bucket, const ListRequest& request, const Listing& listing) {
  element(out, "Name", bucket.name);
  key_element(out, "Prefix", request.query.prefix, request.encoding);
  if (!request.query.delimiter.empty()) key_element(out, "Delimiter", request.query.delimiter, request.encoding);
  element(out, "MaxKeys", std::to_string(request.query.limit));
  if (request.encoding == Encoding::url) element(out, "EncodingType", "url");
  element(out, "IsTruncated", listing.truncated ? "true" : "false");
}

}  // namespace

Result<http::Response> list_objects_v1(Run& run) {
  const auto* bucket = TRY(run.bucket());
  auto request = TRY(read_list_request(run, *bucket));
  request.query.after = run.input.parameter("marker").value_or("");
  auto listing = list_objects(run.call.tx, bucket->name, request.query);
  std::string content;
  write_head(content, *bucket, request, listing);
  key_element(content, "Marker", request.query.after, request.encoding);
  // Without a delimiter, clients go on from the last key.
  if (listing.truncated && !request.query.delimiter.empty()) {
    key_element(content, "NextMarker", listing.entries.back().name, request.encoding);
  }
  write_entries(content, listing, request.encoding, bucket->account);
  return xml_response(document("ListBucketResult", content));
}

Result<http::Response> list_objects_v2(Run& run) {
  const auto& input = run.input;
  const auto* bucket = TRY(run.bucket());
  auto request = TRY(read_list_request(run, *bucket));
  if (auto type = input.parameter("list-type"); *type != "2") {
    return bad_argument("list-type", *type, "Invalid List Type specified in Request");
  }
  const auto start_after = input.parameter("start-after");
  const auto token = input.parameter("continuation-token");
  request.query.after = start_after.value_or("");
  if (token) {
    auto after = codec::base64url_decode(*token);
    if (!after || after->empty()) {
      return bad_argument("continuation-token", *token, "The continuation token provided is incorrect");
    }
    request.query.after = std::move(*after);
  }
  auto listing = list_objects(run.call.tx, bucket->name, request.query);
  std::string content;
  write_head(content, *bucket, request, listing);
  element(content, "KeyCount", std::to_string(listing.entries.size()));
  if (start_after) key_element(content, "StartAfter", *start_after, request.encoding);
  if (token) element(content, "ContinuationToken", *token);
  if (listing.truncated)
    element(content, "NextContinuationToken", codec::base64url_encode(listing.entries.back().name));
  const bool with_owner = input.parameter("fetch-owner") == "true";
  write_entries(content, listing, request.encoding,
                with_owner ? std::string_view(bucket->account) : std::string_view());
  return xml_response(document("ListBucketResult", content));
}

}  // namespace podpass::s3
