#include "s3/address.h"

#include <gtest/gtest.h>

namespace podpass::s3 {
namespace {

struct AddressRow {
  std::string_view host, path, endpoint, bucket, key, error;
};

constexpr AddressRow kAddresses[] = {
    // path style
    {"127.0.0.1:4566", "/", "127.0.0.1", "", "", ""},
    {"127.0.0.1:4566", "/bucket", "127.0.0.1", "bucket", "", ""},
    {"127.0.0.1:4566", "/bucket/", "127.0.0.1", "bucket", "", ""},
    {"127.0.0.1:4566", "/bucket/a/b%20c", "127.0.0.1", "bucket", "a/b c", ""},
    {"127.0.0.1:4566", "/bucket//a", "127.0.0.1", "bucket", "/a", ""},
    {"127.0.0.1:4566", "/bucket/a%2Fb+c", "127.0.0.1", "bucket", "a/b+c", ""},
    {"[::1]:4566", "/bucket/k", "::1", "bucket", "k", ""},
    {"localhost:4566", "/bucket/k", "127.0.0.1", "bucket", "k", ""},
    {"s3.us-west-2.amazonaws.com", "/bucket/k", "127.0.0.1", "bucket", "k", ""},
    {"s3-us-west-2.amazonaws.com", "/bucket/k", "127.0.0.1", "bucket", "k", ""},
    {"s3.localhost", "/bucket/k", "127.0.0.1", "bucket", "k", ""},
    {"PodPass.example.com", "/bucket/k", "podpass.example.com", "bucket", "k", ""},
    {"other.example.com", "/bucket/k", "podpass.example.com", "bucket", "k", ""},
    {"", "/bucket/k", "127.0.0.1", "bucket", "k", ""},
    {"127.0.0.1", "/bucket/%C3%A9", "127.0.0.1", "bucket", "\u00e9", ""},
    // virtual-host style
    {"bucket.s3.us-west-2.amazonaws.com", "/k", "127.0.0.1", "bucket", "k", ""},
    {"my.bucket.s3.amazonaws.com:443", "/", "127.0.0.1", "my.bucket", "", ""},
    {"bucket.s3-us-west-2.amazonaws.com", "/k", "127.0.0.1", "bucket", "k", ""},
    {"bucket.s3.localhost:4566", "/k/l", "127.0.0.1", "bucket", "k/l", ""},
    {"bucket.localhost:4566", "/k", "127.0.0.1", "bucket", "k", ""},
    {"my.s3.bucket.s3.localhost", "/k", "127.0.0.1", "my.s3.bucket", "k", ""},
    {"bucket.podpass.example.com", "/k", "podpass.example.com", "bucket", "k", ""},
    {"BUCKET.Podpass.Example.com.", "//k", "podpass.example.com", "bucket", "/k", ""},
    {"s3-data.localhost", "/k", "127.0.0.1", "s3-data", "k", ""},
    {"s3.data.localhost", "/k", "127.0.0.1", "s3.data", "k", ""},
    {"bkt-one.s3.b.localhost", "/k", "127.0.0.1", "bkt-one.s3.b", "k", ""},
    {"a.s3-b.localhost", "/k", "127.0.0.1", "a.s3-b", "k", ""},
    {"bkt.s3.s3.localhost", "/k", "127.0.0.1", "bkt.s3", "k", ""},
    {"s3-data.s3.us-west-2.amazonaws.com", "/k", "127.0.0.1", "s3-data", "k", ""},
    {"a.s3.b.s3.us-west-2.amazonaws.com", "/k", "127.0.0.1", "a.s3.b", "k", ""},
    {"bucket.s3.dualstack.us-west-2.amazonaws.com", "/k", "127.0.0.1", "bucket", "k", ""},
    {"bucket.s3.cn-north-1.amazonaws.com.cn", "/k", "127.0.0.1", "bucket", "k", ""},
    {"s3.dualstack.us-west-2.amazonaws.com", "/bucket/k", "127.0.0.1", "bucket", "k", ""},
    {"iam.localhost", "/k", "127.0.0.1", "iam", "k", ""},
    {"iam.amazonaws.com", "/bucket/k", "127.0.0.1", "bucket", "k", ""},
    {"bucket.s3.podpass.example.com", "/k", "podpass.example.com", "bucket", "k", ""},
    {"s3.podpass.example.com", "/bucket/k", "podpass.example.com", "bucket", "k", ""},
    {"bucket.s3.example.org", "/bucket/k", "podpass.example.com", "bucket", "k", ""},
    // refused
    {"127.0.0.1", "/bucket/%zz", "127.0.0.1", "", "", "InvalidURI"},
    {"127.0.0.1", "/bucket/%ff", "127.0.0.1", "", "", "InvalidURI"},
    {"127.0.0.1", "/bucket/%c0%80", "127.0.0.1", "", "", "InvalidURI"},
    {"127.0.0.1", "/bucket/%ed%a0%80", "127.0.0.1", "", "", "InvalidURI"},
    {"127.0.0.1", "/bucket/%e2%82", "127.0.0.1", "", "", "InvalidURI"},
    {"127.0.0.1", "*", "127.0.0.1", "", "", "InvalidURI"},
    {"127.0.0.1", "/Bucket/k", "127.0.0.1", "", "", "InvalidBucketName"},
    {"127.0.0.1", "/b", "127.0.0.1", "", "", "InvalidBucketName"},
    {"127.0.0.1", "//k", "127.0.0.1", "", "", "InvalidBucketName"},
    {"a_b.localhost", "/k", "127.0.0.1", "", "", "InvalidBucketName"},
};

TEST(AddressTest, HostsAndPaths) {
  for (const auto& row : kAddresses) {
    SCOPED_TRACE(std::string(row.host) + " " + std::string(row.path));
    http::Request request;
    if (!row.host.empty()) request.headers.push_back({"Host", row.host});
    request.path = row.path;
    auto address = address_of(request, row.endpoint);
    if (!row.error.empty()) {
      ASSERT_FALSE(address);
      EXPECT_EQ(address.error().code, row.error);
      continue;
    }
    ASSERT_TRUE(address) << address.error().code;
    EXPECT_EQ(address->bucket, row.bucket);
    EXPECT_EQ(address->key, row.key);
  }
}

TEST(AddressTest, KeyLength) {
  http::Request request;
  request.path = "/bucket/";
  std::string path = "/bucket/" + std::string(kMaxKeyBytes, 'k');
  request.path = path;
  EXPECT_TRUE(address_of(request, ""));
  path += 'k';
  request.path = path;
  auto refused = address_of(request, "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "KeyTooLongError");
}

TEST(AddressTest, BucketNames) {
  for (std::string_view good : {"abc", "a-b.c", "0ab", "a.b.c.d", "1.2.3", "192.168.5.4x"}) {
    EXPECT_TRUE(is_bucket_name(good)) << good;
  }
  EXPECT_TRUE(is_bucket_name(std::string(63, 'a')));
  EXPECT_FALSE(is_bucket_name(std::string(64, 'a')));
  for (std::string_view bad : {"", "ab", "Abc", "-abc", "abc-", ".abc", "abc.", "a..b", "a_b", "192.168.5.4", "xn--abc",
                               "sthree-abc", "abc-s3alias", "abc--ol-s3", "abc--x-s3", "a b", "a/b"}) {
    EXPECT_FALSE(is_bucket_name(bad)) << bad;
  }
}

TEST(AddressTest, HostOf) {
  EXPECT_EQ(host_of("http://127.0.0.1:4566"), "127.0.0.1");
  EXPECT_EQ(host_of("https://S3.Example.com/x"), "s3.example.com");
  EXPECT_EQ(host_of("[::1]:80"), "::1");
  EXPECT_EQ(host_of("[::1"), "");
  EXPECT_EQ(host_of(""), "");
}

TEST(AddressTest, CopySource) {
  for (std::string_view source : {"/bucket/a%20b", "bucket/a%20b"}) {
    auto address = address_of_copy_source(source);
    ASSERT_TRUE(address);
    EXPECT_EQ(address->bucket, "bucket");
    EXPECT_EQ(address->key, "a b");
  }
  EXPECT_FALSE(address_of_copy_source("bucket/%"));
}

}  // namespace
}  // namespace podpass::s3
