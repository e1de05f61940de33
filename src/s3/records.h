// S3's records and tables. Bucket names are global, so a bucket's key is its name alone.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "codec/fields.h"
#include "iam/stored_policy.h"
#include "store/store.h"

namespace podpass::s3 {

using StoredBucketPolicy = iam::StoredPolicy<policy::Kind::bucket>;

// buckets/<name>
struct BucketRecord {
  std::string name;
  std::string account;  // the owner
  std::string region;
  Time created{};
  std::optional<StoredBucketPolicy> policy;
};
BOOST_DESCRIBE_STRUCT(BucketRecord, (), (name, account, region, created, policy))
inline constexpr store::Table<BucketRecord> kBuckets{"buckets"};

// objects/<bucket>/<key>
struct ObjectRecord {
  std::string blob;  // the file that holds the bytes (blobs.h); empty: there are none
  std::int64_t size = 0;
  std::string etag;                              // without quotes
  Time modified{};                               // whole seconds, as Last-Modified
  std::map<std::string, std::string> headers;    // system metadata by header: "Content-Type", "Cache-Control" ...
  std::map<std::string, std::string> metadata;   // user metadata, lower case, without "x-amz-meta-"
  std::map<std::string, std::string> checksums;  // "crc32" -> base64
};
BOOST_DESCRIBE_STRUCT(ObjectRecord, (), (blob, size, etag, modified, headers, metadata, checksums))
inline constexpr store::Table<ObjectRecord> kObjects{"objects", store::Decoded::fresh};

}  // namespace podpass::s3

namespace podpass::store {

extern template struct RecordCodec<s3::BucketRecord>;
extern template struct RecordCodec<s3::ObjectRecord>;

}  // namespace podpass::store
