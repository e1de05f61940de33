// What an S3 request is about: a bucket and a key, from the path or from the host.
//
//   path style           Host: s3.us-west-2.amazonaws.com   GET /bucket/key
//   virtual-host style   Host: bucket.s3.us-west-2.amazonaws.com, bucket.localhost, bucket.<our host>   GET /key
//
// A bucket called a.s3 is a.s3.s3.localhost, since a.s3.localhost is the bucket a.
//
// Pure functions. Errors: InvalidURI, InvalidBucketName, KeyTooLongError. Source: S3 user guide, "Virtual hosting of
// general purpose buckets", "General purpose bucket naming rules", "Naming Amazon S3 objects".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace podpass::s3 {

inline constexpr std::size_t kMaxKeyBytes = 1'024;

struct Address {
  std::string bucket;  // empty: the service itself
  std::string key;     // empty: the bucket; decoded

  enum class Kind { service, bucket, object };
  Kind kind() const { return bucket.empty() ? Kind::service : key.empty() ? Kind::bucket : Kind::object; }
};

// `endpoint_host` is the host by which this server is known, without a port; subdomains of it are buckets unless it is
// an IP address.
Result<Address> address_of(const http::Request& request, std::string_view endpoint_host);

// Is the request in virtual-host style? Then its path is a key, whatever it looks like.
bool names_bucket(std::string_view host_header, std::string_view endpoint_host);

// The host of "http://127.0.0.1:4566", of "name:80", of "[::1]:80" (without brackets), in lower case.
std::string host_of(std::string_view url_or_authority);

bool is_bucket_name(std::string_view name);

// For x-amz-copy-source: "/bucket/key" or "bucket/key", percent-encoded.
Result<Address> address_of_copy_source(std::string_view source);

}  // namespace podpass::s3
