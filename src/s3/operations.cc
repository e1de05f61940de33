#include "s3/operations.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "crypto/hash.h"
#include "s3/errors.h"

namespace podpass::s3 {
namespace {

using aws::Access;
using Kind = Address::Kind;

constexpr Operation kOperations[] = {
    {"ListBuckets", "GET", Kind::service, "", Access::read, Takes::nothing, list_buckets},
    {"CreateBucket", "PUT", Kind::bucket, "", Access::write, Takes::document, create_bucket},
    {"HeadBucket", "HEAD", Kind::bucket, "", Access::read, Takes::nothing, head_bucket},
    {"GetBucketLocation", "GET", Kind::bucket, "location", Access::read, Takes::nothing, get_bucket_location},
    {"DeleteBucket", "DELETE", Kind::bucket, "", Access::write, Takes::nothing, delete_bucket},
    {"PutBucketPolicy", "PUT", Kind::bucket, "policy", Access::write, Takes::document, put_bucket_policy},
    {"GetBucketPolicy", "GET", Kind::bucket, "policy", Access::read, Takes::nothing, get_bucket_policy},
    {"DeleteBucketPolicy", "DELETE", Kind::bucket, "policy", Access::write, Takes::nothing, delete_bucket_policy},
    {"ListObjects", "GET", Kind::bucket, "", Access::read, Takes::nothing, list_objects_v1},
    {"ListObjectsV2", "GET", Kind::bucket, "list-type", Access::read, Takes::nothing, list_objects_v2},
    {"DeleteObjects", "POST", Kind::bucket, "delete", Access::write, Takes::document, delete_objects},
    {"PutObject", "PUT", Kind::object, "", Access::write, Takes::object, put_object, admit_object},
    {"GetObject", "GET", Kind::object, "", Access::read, Takes::nothing, get_object},
    {"HeadObject", "HEAD", Kind::object, "", Access::read, Takes::nothing, get_object},
    {"DeleteObject", "DELETE", Kind::object, "", Access::write, Takes::nothing, delete_object},
};

// Every query parameter that makes another operation of a request. One that is here and in no row is not implemented;
// all others are parameters, and unknown ones are ignored, as S3 does.
constexpr std::string_view kSubresources[] = {
    "abac",
    "accelerate",
    "acl",
    "analytics",
    "append",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "list-type",
    "location",
    "logging",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "metadataTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "partNumber",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "session",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
};
static_assert(std::ranges::is_sorted(kSubresources));

constexpr std::string_view kMethods[] = {"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"};

std::string_view name_of(Kind kind) {
  static constexpr std::string_view kNames[] = {"SERVICE", "BUCKET", "OBJECT"};
  return kNames[static_cast<std::size_t>(kind)];
}

// The keys of every S3 request that is signed (service authorization reference, "Condition keys for Amazon S3").
void add_signature_keys(aws::Resource& resource, const Input& input, Time now) {
  const auto& credentialed = input.credentialed;
  if (!credentialed.anonymous()) {
    const bool presigned = credentialed.form == aws::Credentialed::Form::query;
    resource.key("s3:authType", presigned ? "REST-QUERY-STRING" : "REST-HEADER");
    resource.key("s3:signatureversion", std::string(aws::kSigV4Algorithm));
    if (presigned) resource.key("s3:signatureAge", std::to_string((now - credentialed.time).count()));
  }
  if (auto hash = input.request.find("x-amz-content-sha256"))
    resource.key("s3:x-amz-content-sha256", std::string(*hash));
}

}  // namespace

std::span<const Operation> operations() {
  return kOperations;
}

Result<const Operation*> find_operation(const http::Request& request, Kind kind, const codec::QueryPairs& query) {
  std::string_view subresource;
  for (const auto& [name, value] : query) {
    if (std::ranges::binary_search(kSubresources, name)) subresource = name;
  }
  const bool copies = request.find("x-amz-copy-source").has_value();  // CopyObject, UploadPartCopy
  for (const auto& row : kOperations) {
    if (row.kind == kind && row.method == request.method && row.subresource == subresource && !copies) return &row;
  }
  if (!std::ranges::binary_search(kMethods, request.method)) {
    return error("MethodNotAllowed",
                 {{"Method", std::string(request.method)}, {"ResourceType", std::string(name_of(kind))}});
  }
  return error_with_text("NotImplemented",
                         fmt::format("This S3 operation is not implemented here: {} of a {}{}{}{}.", request.method,
                                     to_lower(name_of(kind)), subresource.empty() ? "" : " with ?", subresource,
                                     copies ? " with x-amz-copy-source" : ""));
}

std::optional<std::string_view> Input::parameter(std::string_view name) const {
  const auto* value = codec::find_query(query, name);
  return value ? std::optional<std::string_view>(*value) : std::nullopt;
}

std::string Run::bucket_arn(std::string_view name) const {
  return fmt::format("arn:{}:s3:::{}", call.deployment.partition, name);
}

Result<const BucketRecord*> Run::bucket() {
  const auto* record = call.tx.find(kBuckets, {input.address.bucket});
  if (!record) return error("NoSuchBucket", {{"BucketName", input.address.bucket}});
  if (auto owner = input.request.find("x-amz-expected-bucket-owner"); owner && *owner != record->account) {
    return error("AccessDenied");
  }
  return record;
}

Result<void> Run::authorize(std::string_view action, aws::Resource resource, ConditionKeys keys) {
  for (auto& [name, value] : keys) resource.key(std::move(name), std::move(value));
  add_signature_keys(resource, input, call.now);
  if (resource.account.empty()) resource.account = call.caller.account;
  return call.authorize(action, resource);
}

Result<void> Run::authorize_bucket(std::string_view action, const BucketRecord& bucket, ConditionKeys keys) {
  return authorize_object(action, bucket, {}, std::move(keys));
}

Result<void> Run::authorize_object(std::string_view action, const BucketRecord& bucket, std::string_view key,
                                   ConditionKeys keys) {
  aws::Resource resource(bucket_arn(bucket.name));
  if (!key.empty()) resource.arn.append("/").append(key);
  resource.account = bucket.account;
  resource.key("s3:ResourceAccount", bucket.account);
  if (bucket.policy) {
    // What it denies is unknown, so everything is.
    if (!bucket.policy->compiled) {
      auto refused = error("AccessDenied");
      refused.cause = "the policy of bucket " + bucket.name + " cannot be read by this version";
      return refused;
    }
    resource.policy = bucket.policy->compiled.get();
  }
  return authorize(action, std::move(resource), std::move(keys));
}

std::string canonical_user_id(std::string_view account) {
  return std::string(crypto::sha256_hex(fmt::format("canonical user of {}", account)).view());
}

http::Response xml_response(std::string xml) {
  http::Response response;
  response.set("Content-Type", "application/xml");
  response.body = std::move(xml);
  return response;
}

http::Response no_content() {
  http::Response response;
  response.status = 204;
  return response;
}

}  // namespace podpass::s3
