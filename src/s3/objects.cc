#include <algorithm>
#include <array>

#include "base/strings.h"
#include "codec/xml.h"
#include "s3/conditions.h"
#include "s3/errors.h"
#include "s3/object_headers.h"
#include "s3/operations.h"
#include "s3/xml.h"

namespace podpass::s3 {
namespace {

constexpr std::size_t kMaxDeletedAtOnce = 1'000;

// Headers of a request to write that are condition keys of their own.
constexpr std::array<std::string_view, 4> kWriteConditionHeaders = {"x-amz-acl", "x-amz-storage-class",
                                                                    "x-amz-server-side-encryption", "if-none-match"};

ConditionKeys write_keys(const http::Request& request) {
  ConditionKeys keys;
  for (auto name : kWriteConditionHeaders) {
    if (auto value = request.find(name)) keys.emplace_back("s3:" + std::string(name), *value);
  }
  if (auto value = request.find("if-match")) keys.emplace_back("s3:if-match", *value);
  return keys;
}

Result<const BucketRecord*> bucket_to_write(Run& run) {
  const auto* bucket = TRY(run.bucket());
  TRY(run.authorize_object("s3:PutObject", *bucket, run.input.address.key, write_keys(run.input.request)));
  return bucket;
}

void drop(Run& run, std::string_view bucket, std::string_view key, const ObjectRecord& object) {
  if (!object.blob.empty()) run.released.push_back(object.blob);
  run.call.tx.erase(kObjects, {bucket, key});
}

}  // namespace

Result<void> admit_object(Run& run) {
  const auto* bucket = TRY(bucket_to_write(run));
  TRY(check_object_headers(run.input.request));
  return check_write_conditions(run.input.request, run.call.tx.find(kObjects, {bucket->name, run.input.address.key}));
}

Result<http::Response> put_object(Run& run) {
  const auto* bucket = TRY(bucket_to_write(run));
  const auto& key = run.input.address.key;
  const auto& upload = *run.input.upload;
  const auto* present = run.call.tx.find(kObjects, {bucket->name, key});
  TRY(check_write_conditions(run.input.request, present));
  if (present && !present->blob.empty()) run.released.push_back(present->blob);

  ObjectRecord object;
  if (upload.blob) object.blob = upload.blob->id();
  object.size = static_cast<std::int64_t>(upload.size);
  object.etag = upload.md5;
  object.modified = std::chrono::floor<Seconds>(run.call.now);
  object.checksums = upload.checksums;
  TRY(read_object_headers(run.input.request, object));
  http::Response response;
  response.set("ETag", '"' + object.etag + '"');
  add_checksum_headers(object, response);
  run.call.tx.put(kObjects, {bucket->name, key}, std::move(object));
  return response;
}

Result<http::Response> delete_object(Run& run) {
  const auto* bucket = TRY(run.bucket());
  const auto& key = run.input.address.key;
  TRY(run.authorize_object("s3:DeleteObject", *bucket, key));
  const auto* present = run.call.tx.find(kObjects, {bucket->name, key});
  if (auto match = run.input.request.find("If-Match"); match && present && !names_etag(*match, present->etag)) {
    return error("PreconditionFailed", {{"Condition", "If-Match"}});
  }
  if (present) drop(run, bucket->name, key, *present);
  return no_content();
}

namespace {

struct Deletion {
  std::vector<std::string> keys;
  bool quiet = false;
};

Result<Deletion> read_deletion(std::string_view body) {
  auto parsed = codec::parse_xml(body, "Delete");
  if (!parsed) return error("MalformedXML");
  Deletion deletion;
  deletion.quiet = iequals(parsed->text("Quiet"), "true");
  const auto* objects = parsed->find("Object");
  if (!objects) return error("MalformedXML");
  const auto* list = objects->as<codec::Value::List>();
  const codec::Value::List one = list ? codec::Value::List() : codec::Value::List{*objects};
  for (const auto& object : list ? *list : one) {
    const auto key = object.text("Key");
    if (key.empty() || deletion.keys.size() == kMaxDeletedAtOnce) return error("MalformedXML");
    if (auto version = object.text("VersionId"); !version.empty() && version != "null") {
      return error_with_text("NotImplemented", "Versions of objects are not implemented here.");
    }
    deletion.keys.emplace_back(key);
  }
  return deletion;
}

}  // namespace

// Each key has its own permission and its own outcome.
Result<http::Response> delete_objects(Run& run) {
  const auto* bucket = TRY(run.bucket());
  auto deletion = TRY(read_deletion(run.input.body));
  std::string content;
  for (const auto& key : deletion.keys) {
    auto allowed = run.authorize_object("s3:DeleteObject", *bucket, key);
    if (!allowed) {
      content += "<Error>";
      element(content, "Key", key);
      element(content, "Code", "AccessDenied");
      element(content, "Message", allowed.error().message);
      content += "</Error>";
      continue;
    }
    if (key.size() <= kMaxKeyBytes) {
      if (const auto* present = run.call.tx.find(kObjects, {bucket->name, key})) drop(run, bucket->name, key, *present);
    }
    if (deletion.quiet) continue;
    content += "<Deleted>";
    element(content, "Key", key);
    content += "</Deleted>";
  }
  return xml_response(document("DeleteResult", content));
}

}  // namespace podpass::s3
