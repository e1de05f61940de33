#include <algorithm>

#include "base/strings.h"
#include "codec/base64.h"
#include "codec/xml.h"
#include "s3/errors.h"
#include "s3/operations.h"
#include "s3/xml.h"

namespace podpass::s3 {
namespace {

constexpr std::size_t kMaxBuckets = 10'000;  // of all accounts; AWS's default quota for one
constexpr std::size_t kBucketsScanned = 1'000;
constexpr std::string_view kRegionWithoutConstraint = "us-east-1";

// The region that a CreateBucketConfiguration asks for; empty: none.
Result<std::string> location_constraint(std::string_view body) {
  if (body.empty()) return std::string();
  auto parsed = codec::parse_xml(body, "CreateBucketConfiguration");
  if (!parsed) return error("MalformedXML");
  const auto* members = parsed->as<codec::Value::Map>();
  if (!members) {
    if (parsed->as_text() && !trim(*parsed->as_text()).empty()) return error("MalformedXML");
    return std::string();
  }
  for (const auto& [name, value] : *members) {
    if (name != "LocationConstraint") {
      return error_with_text("NotImplemented", "CreateBucketConfiguration takes only LocationConstraint here.");
    }
    if (!value.as_text()) return error("MalformedXML");
  }
  return std::string(parsed->text("LocationConstraint"));
}

Result<void> check_location(const std::string& wanted, const std::string& region) {
  const bool fits = wanted.empty() ? region == kRegionWithoutConstraint : wanted == region;
  if (fits && wanted != kRegionWithoutConstraint) return {};
  return error_with_text(
      "IllegalLocationConstraintException",
      "The " + (wanted.empty() ? "unspecified" : wanted) +
          " location constraint is incompatible for the region specific endpoint this request was sent to.");
}

Result<void> check_create_headers(const http::Request& request) {
  if (auto acl = request.find("x-amz-acl"); acl && *acl != "private") return error("AccessControlListNotSupported");
  for (const auto& [name, value] : request.headers) {
    if (to_lower(name).starts_with("x-amz-grant-")) return error("AccessControlListNotSupported");
  }
  if (auto ownership = request.find("x-amz-object-ownership"); ownership && *ownership != "BucketOwnerEnforced") {
    return error("NotImplemented", {{"Header", "x-amz-object-ownership"}});
  }
  if (auto lock = request.find("x-amz-bucket-object-lock-enabled"); lock && !iequals(*lock, "false")) {
    return error("NotImplemented", {{"Header", "x-amz-bucket-object-lock-enabled"}});
  }
  return {};
}

}  // namespace

Result<http::Response> create_bucket(Run& run) {
  const auto& name = run.input.address.bucket;
  auto location = TRY(location_constraint(run.input.body));
  ConditionKeys keys;
  if (!location.empty()) keys.emplace_back("s3:locationconstraint", location);
  TRY(run.authorize("s3:CreateBucket", run.bucket_arn(name), std::move(keys)));
  TRY(check_create_headers(run.input.request));
  TRY(check_location(location, run.call.deployment.region));
  if (const auto* present = run.call.tx.find(kBuckets, {name})) {
    const bool own = present->account == run.call.caller.account;
    return error(own ? "BucketAlreadyOwnedByYou" : "BucketAlreadyExists", {{"BucketName", name}});
  }
  if (!run.call.tx.has_room(kBuckets, {}, kMaxBuckets)) return error("TooManyBuckets");
  run.call.tx.put(kBuckets, {name},
                  BucketRecord{name, run.call.caller.account, run.call.deployment.region, run.call.now, std::nullopt});
  http::Response response;
  response.set("Location", "/" + name);
  return response;
}

Result<http::Response> head_bucket(Run& run) {
  const auto* bucket = TRY(run.bucket());
  TRY(run.authorize_bucket("s3:ListBucket", *bucket));
  http::Response response;
  response.set("Content-Type", "application/xml");
  response.set("x-amz-bucket-region", bucket->region);
  response.set("x-amz-access-point-alias", "false");
  return response;
}

Result<http::Response> get_bucket_location(Run& run) {
  const auto* bucket = TRY(run.bucket());
  TRY(run.authorize_bucket("s3:GetBucketLocation", *bucket));
  const auto& region = bucket->region;
  return xml_response(document("LocationConstraint", region == kRegionWithoutConstraint ? std::string() : region));
}

Result<http::Response> delete_bucket(Run& run) {
  const auto* bucket = TRY(run.bucket());
  TRY(run.authorize_bucket("s3:DeleteBucket", *bucket));
  const auto& name = run.input.address.bucket;
  if (run.call.tx.count(kObjects, {name}) > 0) return error("BucketNotEmpty", {{"BucketName", name}});
  run.call.tx.erase(kBuckets, {name});
  http::Response response;
  response.status = 204;
  return response;
}

namespace {

struct BucketPage {
  std::string prefix, after;
  std::size_t limit = kMaxBuckets;
};

Result<BucketPage> bucket_page(const Input& input) {
  BucketPage page;
  page.prefix = input.parameter("prefix").value_or("");
  if (auto text = input.parameter("max-buckets")) {
    auto number = parse_integer(*text);
    if (!number || *number < 1 || *number > static_cast<std::int64_t>(kMaxBuckets)) {
      return error_with_text("InvalidArgument", "Argument max-buckets must be an integer between 1 and 10000",
                             {{"ArgumentName", "max-buckets"}, {"ArgumentValue", std::string(*text)}});
    }
    page.limit = static_cast<std::size_t>(*number);
  }
  if (auto token = input.parameter("continuation-token")) {
    auto after = codec::base64url_decode(*token);
    if (!after || after->empty()) {
      return error_with_text("InvalidArgument", "The continuation token provided is incorrect",
                             {{"ArgumentName", "continuation-token"}});
    }
    page.after = std::move(*after);
  }
  return page;
}

}  // namespace

Result<http::Response> list_buckets(Run& run) {
  TRY(run.authorize("s3:ListAllMyBuckets", aws::Resource::all()));
  auto page = TRY(bucket_page(run.input));
  const auto& account = run.call.caller.account;
  std::string buckets, last, token;
  std::size_t listed = 0;
  for (bool more = true; more && token.empty();) {
    store::KeyParts after;
    if (!page.after.empty()) after = {page.after};
    auto rows = run.call.tx.scan(kBuckets, {}, kBucketsScanned, after);
    more = rows.size() == kBucketsScanned;
    if (more) page.after = rows.back().key.back();
    for (const auto& row : rows) {
      if (row.record->account != account || !row.record->name.starts_with(page.prefix)) continue;
      if (listed++ == page.limit) {
        token = codec::base64url_encode(last);
        break;
      }
      last = row.record->name;
      buckets += "<Bucket>";
      element(buckets, "Name", last);
      element(buckets, "CreationDate", format_iso8601_millis(row.record->created));
      element(buckets, "BucketRegion", row.record->region);
      buckets += "</Bucket>";
    }
  }
  std::string content = "<Owner>";
  element(content, "ID", canonical_user_id(account));
  content += "</Owner><Buckets>" + buckets + "</Buckets>";
  if (!page.prefix.empty()) element(content, "Prefix", page.prefix);
  if (!token.empty()) element(content, "ContinuationToken", token);
  return xml_response(document("ListAllMyBucketsResult", content));
}

}  // namespace podpass::s3
