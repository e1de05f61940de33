// S3's operations: one table, by method, kind of address and sub-resource (the query parameter that names a part of a
// bucket or object, such as ?policy). To add an operation: a function that takes a Run, and a row.
//
// A row's `run` is rerunnable: it runs again in a new transaction after a conflict, so what it wants done on disk after
// the commit it puts into `released`. `admit` runs before a large body is read, to refuse early; `run` then checks
// again.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/call.h"
#include "aws/operation.h"
#include "aws/sigv4.h"
#include "codec/uri.h"
#include "http/message.h"
#include "s3/address.h"
#include "s3/blobs.h"
#include "s3/records.h"

namespace podpass::s3 {

// The bytes of an object, on disk under their final name, checked, and not yet in any record.
struct Upload {
  std::shared_ptr<Blobs::Writer> blob;  // null: there are no bytes
  std::uint64_t size = 0;
  std::string md5;                               // hex
  std::map<std::string, std::string> checksums;  // as in ObjectRecord
};

// What does not change when an operation runs again.
struct Input {
  const http::Request& request;
  const Address& address;
  const codec::QueryPairs& query;
  const aws::Credentialed& credentialed;
  std::string_view body;           // Takes::document
  const Upload* upload = nullptr;  // Takes::object

  // A parameter's value; nothing if it is absent.
  std::optional<std::string_view> parameter(std::string_view name) const;
};

using ConditionKeys = std::vector<std::pair<std::string, std::string>>;

struct Run {
  aws::Call& call;
  const Input& input;
  Blobs& blobs;
  std::vector<std::string>& released;  // blobs to remove after the commit

  // The bucket of the address: NoSuchBucket, or AccessDenied if it is not x-amz-expected-bucket-owner's.
  Result<const BucketRecord*> bucket();
  // On the bucket, or on an object in it.
  Result<void> authorize_bucket(std::string_view action, const BucketRecord& bucket, ConditionKeys keys = {});
  Result<void> authorize_object(std::string_view action, const BucketRecord& bucket, std::string_view key,
                                ConditionKeys keys = {});
  // Where there is no bucket: "*", or the ARN of one that is to be made. Owned by the caller's account.
  Result<void> authorize(std::string_view action, aws::Resource resource, ConditionKeys keys = {});
  std::string bucket_arn(std::string_view name) const;
};

enum class Takes { nothing, document, object };

using Handler = Result<http::Response> (*)(Run& run);

struct Operation {
  std::string_view name;
  std::string_view method;
  Address::Kind kind;
  std::string_view subresource;  // empty: none
  aws::Access access;
  Takes takes;
  Handler run;
  Result<void> (*admit)(Run& run) = nullptr;  // Takes::object
};

std::span<const Operation> operations();

// NotImplemented or MethodNotAllowed if there is no such row.
Result<const Operation*> find_operation(const http::Request& request, Address::Kind kind,
                                        const codec::QueryPairs& query);

// buckets.cc
Result<http::Response> list_buckets(Run& run);
Result<http::Response> create_bucket(Run& run);
Result<http::Response> head_bucket(Run& run);
Result<http::Response> get_bucket_location(Run& run);
Result<http::Response> delete_bucket(Run& run);
// bucket_policy.cc
Result<http::Response> put_bucket_policy(Run& run);
Result<http::Response> get_bucket_policy(Run& run);
Result<http::Response> delete_bucket_policy(Run& run);
// list_objects.cc
Result<http::Response> list_objects_v1(Run& run);
Result<http::Response> list_objects_v2(Run& run);
// objects.cc
Result<void> admit_object(Run& run);
Result<http::Response> put_object(Run& run);
Result<http::Response> delete_object(Run& run);
Result<http::Response> delete_objects(Run& run);
// get_object.cc; for HEAD too
Result<http::Response> get_object(Run& run);

// A 64-digit id of an account, as S3 names owners. The same account always has the same.
std::string canonical_user_id(std::string_view account);

http::Response xml_response(std::string xml);
http::Response no_content();  // 204

}  // namespace podpass::s3
