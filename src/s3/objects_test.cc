// Objects: what goes in comes out, bodies are checked, and failures leave nothing behind.
#include <fmt/format.h>
#include <malloc.h>

#include "codec/base64.h"
#include "crypto/hash.h"
#include "s3/fixture.h"
#include "s3/records.h"

namespace podpass::s3 {
namespace {

constexpr const char* kHelloMd5 = "5d41402abc4b2a76b9719d911017c592";

TEST_F(S3Test, PutAndGet) {
  make_bucket();
  auto stored = put("/bucket/dir/key", "hello",
                    {{"Content-Type", "text/plain"},
                     {"x-amz-meta-Color", "blue"},
                     {"Cache-Control", "no-store"},
                     {"Content-Encoding", "aws-chunked,gzip"}});
  EXPECT_EQ(stored.status, 200);
  EXPECT_EQ(stored.headers["etag"], "\"" + std::string(kHelloMd5) + "\"");
  EXPECT_FALSE(stored.headers["x-amz-checksum-crc64nvme"].empty());
  auto got = ask("GET", "/bucket/dir/key");
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.operation, "GetObject");
  EXPECT_EQ(got.body, "hello");
  EXPECT_EQ(got.headers["etag"], "\"" + std::string(kHelloMd5) + "\"");
  EXPECT_EQ(got.headers["content-type"], "text/plain");
  EXPECT_EQ(got.headers["cache-control"], "no-store");
  EXPECT_EQ(got.headers["content-encoding"], "gzip");
  EXPECT_EQ(got.headers["x-amz-meta-color"], "blue");
  EXPECT_EQ(got.headers["accept-ranges"], "bytes");
  EXPECT_EQ(got.headers["last-modified"], "Tue, 14 Nov 2023 22:13:20 GMT");
  EXPECT_FALSE(got.headers.contains("x-amz-checksum-crc64nvme"));
  auto head = ask({"HEAD", "/bucket/dir/key", {{"x-amz-checksum-mode", "ENABLED"}}});
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(head.headers["content-length"], "5");
  EXPECT_EQ(head.headers["x-amz-checksum-crc64nvme"], stored.headers["x-amz-checksum-crc64nvme"]);
  EXPECT_EQ(head.headers["x-amz-checksum-type"], "FULL_OBJECT");
}

TEST_F(S3Test, EmptyObjectsHaveNoFile) {
  make_bucket();
  EXPECT_EQ(put("/bucket/key", "").headers["etag"], "\"d41d8cd98f00b204e9800998ecf8427e\"");
  EXPECT_TRUE(files().empty());
  auto got = ask("GET", "/bucket/key");
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.headers["content-length"], "0");
  EXPECT_EQ(got.headers["content-type"], "binary/octet-stream");
  EXPECT_EQ(ask({"GET", "/bucket/key", {{"Range", "bytes=0-"}}}).status, 416);
}

TEST_F(S3Test, RangesAndOverrides) {
  make_bucket();
  put("/bucket/key", "0123456789");
  auto part = ask({"GET", "/bucket/key", {{"Range", "bytes=2-4"}}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "234");
  EXPECT_EQ(part.headers["content-range"], "bytes 2-4/10");
  EXPECT_EQ(ask({"GET", "/bucket/key", {{"Range", "bytes=-3"}}}).body, "789");
  EXPECT_EQ(ask({"GET", "/bucket/key", {{"Range", "bytes=0-1,4-5"}}}).body, "0123456789");
  EXPECT_EQ(ask({"HEAD", "/bucket/key", {{"Range", "bytes=2-4"}}}).headers["content-length"], "3");
  auto behind = ask({"GET", "/bucket/key", {{"Range", "bytes=10-"}}});
  EXPECT_EQ(behind.status, 416);
  EXPECT_EQ(behind.code(), "InvalidRange");
  EXPECT_EQ(behind.text("ActualObjectSize"), "10");
  EXPECT_EQ(ask({"GET", "/bucket/key", {{"Range", "bytes=2-4"}, {"If-Range", "\"other\""}}}).status, 200);
  auto changed = ask("GET", "/bucket/key?response-content-type=text%2Fcsv&response-content-disposition=attachment");
  EXPECT_EQ(changed.headers["content-type"], "text/csv");
  EXPECT_EQ(changed.headers["content-disposition"], "attachment");
  EXPECT_EQ(ask("GET", "/bucket/key?response-content-type=a%0d%0ab").code(), "InvalidArgument");
}

TEST_F(S3Test, Preconditions) {
  make_bucket();
  put("/bucket/key", "hello");
  const auto etag = "\"" + std::string(kHelloMd5) + "\"";
  auto same = ask({"GET", "/bucket/key", {{"If-None-Match", etag}}});
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(same.headers["etag"], etag);
  EXPECT_EQ(ask({"GET", "/bucket/key", {{"If-Match", "\"x\""}}}).code(), "PreconditionFailed");
  EXPECT_EQ(put("/bucket/key", "new", {{"If-None-Match", "*"}}).status, 412);
  EXPECT_EQ(put("/bucket/key", "new", {{"If-Match", "\"x\""}}).status, 412);
  EXPECT_EQ(ask({"DELETE", "/bucket/key", {{"If-Match", "\"x\""}}}).status, 412);
  EXPECT_EQ(ask("GET", "/bucket/key").body, "hello");
  EXPECT_EQ(put("/bucket/key", "new", {{"If-Match", etag}}).status, 200);
  EXPECT_EQ(put("/bucket/key2", "new", {{"If-None-Match", "*"}}).status, 200);
  EXPECT_EQ(files().size(), 2U);
}

TEST_F(S3Test, AnOverwrittenBlobGoesAndARunningReadStays) {
  make_bucket();
  put("/bucket/key", "one");
  put("/bucket/key", "two");
  EXPECT_EQ(ask("GET", "/bucket/key").body, "two");
  reopen();  // waits for removals
  EXPECT_EQ(files().size(), 1U);
  EXPECT_EQ(ask("DELETE", "/bucket/key").status, 204);
  EXPECT_EQ(ask("DELETE", "/bucket/key").status, 204);
  EXPECT_EQ(ask("GET", "/bucket/key").status, 404);
  reopen();
  EXPECT_TRUE(files().empty());
}

std::string crc32(std::string_view text) {
  const auto sum = crypto::crc32(0, text);
  const char bytes[] = {static_cast<char>(sum >> 24), static_cast<char>(sum >> 16), static_cast<char>(sum >> 8),
                        static_cast<char>(sum)};
  return codec::base64_encode({bytes, 4});
}

std::string sha256(std::string_view text) {
  return std::string(crypto::sha256_hex(text).view());
}

aws::PayloadRule hashed(std::string_view text) {
  aws::PayloadRule rule;
  rule.mode = aws::PayloadMode::hashed;
  rule.sha256 = sha256(text);
  return rule;
}

aws::PayloadRule trailing() {
  aws::PayloadRule rule;
  rule.mode = aws::PayloadMode::chunks_unsigned_trailer;
  return rule;
}

struct BadBody {
  std::string name;
  Ask ask;
  int status;
  std::string code, message;
};

std::vector<BadBody> bad_bodies() {
  const std::map<std::string, std::string> chunked = {{"x-amz-decoded-content-length", "5"},
                                                      {"x-amz-trailer", "x-amz-checksum-crc32"}};
  auto put = [](std::map<std::string, std::string> headers, std::string body, aws::PayloadRule rule = {}) {
    return Ask{"PUT", "/bucket/key", std::move(headers), std::move(body), 3, std::move(rule)};
  };
  auto length = chunked;
  length["x-amz-decoded-content-length"] = "6";
  return {
      {"hash", put({}, "hello", hashed("other")), 400, "XAmzContentSHA256Mismatch",
       "The provided 'x-amz-content-sha256' header does not match what was computed."},
      {"md5", put({{"Content-MD5", codec::base64_encode(std::string(16, 'x'))}}, "hello"), 400, "BadDigest",
       "The Content-MD5 you specified did not match what we received."},
      {"md5 form", put({{"Content-MD5", "xyz"}}, "hello"), 400, "InvalidDigest",
       "The Content-MD5 you specified was invalid."},
      {"crc", put({{"x-amz-checksum-crc32", crc32("other")}}, "hello"), 400, "BadDigest",
       "The CRC32 you specified did not match the calculated checksum."},
      {"crc form", put({{"x-amz-checksum-crc32", "x"}}, "hello"), 400, "InvalidRequest",
       "Value for x-amz-checksum-crc32 header is invalid."},
      {"announced", put({{"x-amz-sdk-checksum-algorithm", "CRC32"}}, "hello"), 400, "InvalidRequest", ""},
      {"trailing crc",
       put(chunked, "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:" + crc32("other") + "\r\n\r\n", trailing()), 400,
       "BadDigest", "The CRC32 you specified did not match the calculated checksum."},
      {"no trailer", put(chunked, "5\r\nhello\r\n0\r\n\r\n", trailing()), 400, "MalformedTrailerError", ""},
      {"cut off", put(chunked, "5\r\nhel", trailing()), 400, "IncompleteBody", ""},
      {"too short", put(length, "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:" + crc32("hello") + "\r\n\r\n", trailing()),
       400, "IncompleteBody", ""},
      {"no decoded length", put({}, "5\r\nhello\r\n0\r\n\r\n", trailing()), 411, "MissingContentLength",
       "You must provide the Content-Length HTTP header."},
      {"too large", put({{"x-amz-decoded-content-length", "5368709121"}}, "", trailing()), 400, "EntityTooLarge", ""},
      {"encryption", put({{"x-amz-server-side-encryption", "aws:kms"}}, "hello"), 501, "NotImplemented", ""},
      {"tagging", put({{"x-amz-tagging", "a=b"}}, "hello"), 501, "NotImplemented", ""},
      {"lock", put({{"x-amz-object-lock-mode", "GOVERNANCE"}}, "hello"), 501, "NotImplemented", ""},
      {"storage class", put({{"x-amz-storage-class", "GLACIER"}}, "hello"), 501, "NotImplemented", ""},
      {"acl", put({{"x-amz-acl", "public-read"}}, "hello"), 400, "AccessControlListNotSupported", ""},
      {"grant", put({{"x-amz-grant-read", "id=1"}}, "hello"), 400, "AccessControlListNotSupported", ""},
      {"metadata", put({{"x-amz-meta-a", std::string(2'048, 'x')}}, "hello"), 400, "MetadataTooLarge", ""},
      {"metadata form", put({{"x-amz-meta-a", "\xff"}}, "hello"), 400, "InvalidArgument", ""},
  };
}

TEST_F(S3Test, BadBodiesLeaveNothing) {
  make_bucket();
  for (auto& row : bad_bodies()) {
    SCOPED_TRACE(row.name);
    auto answer = ask(row.ask);
    EXPECT_EQ(answer.status, row.status) << answer.body;
    EXPECT_EQ(answer.code(), row.code);
    if (!row.message.empty()) {
      EXPECT_EQ(answer.text("Message"), row.message);
    }
    EXPECT_EQ(ask("GET", "/bucket/key").status, 404);
    EXPECT_TRUE(files().empty());
  }
}

TEST_F(S3Test, GoodBodiesOfEveryForm) {
  make_bucket();
  const std::string md5 = codec::base64_encode(crypto::md5("hello").view());
  const std::map<std::string, std::string> chunked = {{"x-amz-decoded-content-length", "5"},
                                                      {"x-amz-trailer", "x-amz-checksum-crc32"}};
  const Ask asks[] = {
      {"PUT", "/bucket/key", {}, "hello", 2, hashed("hello")},
      {"PUT", "/bucket/key", {{"Content-MD5", md5}}, "hello"},
      {"PUT", "/bucket/key", {{"x-amz-checksum-crc32", crc32("hello")}}, "hello", 1},
      {"PUT", "/bucket/key", chunked, "3\r\nhel\r\n2\r\nlo\r\n0\r\nx-amz-checksum-crc32:" + crc32("hello") + "\r\n\r\n",
       1, trailing()},
  };
  for (const auto& one : asks) {
    auto answer = ask(one);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.headers["etag"], "\"" + std::string(kHelloMd5) + "\"");
    EXPECT_EQ(ask("GET", "/bucket/key").body, "hello");
  }
  auto checked = ask({"GET", "/bucket/key", {{"x-amz-checksum-mode", "ENABLED"}}});
  EXPECT_EQ(checked.headers["x-amz-checksum-crc32"], crc32("hello"));
}

TEST_F(S3Test, SignedChunks) {
  make_bucket();
  aws::PayloadRule rule;
  rule.mode = aws::PayloadMode::chunks_signed;
  rule.key = crypto::HmacKey("key of the day");
  rule.amz_date = "20231114T221320Z";
  rule.scope = "20231114/us-west-2/s3/aws4_request";
  rule.seed_signature = std::string(64, 'a');
  auto previous = rule.seed_signature;
  std::string body;
  for (std::string chunk : {"hello ", "world", ""}) {
    const auto signature = rule.key.mac_hex(fmt::format("AWS4-HMAC-SHA256-PAYLOAD\n{}\n{}\n{}\n{}\n{}", rule.amz_date,
                                                        rule.scope, previous, sha256(""), sha256(chunk)));
    previous = signature.view();
    body += fmt::format("{:x};chunk-signature={}\r\n{}\r\n", chunk.size(), previous, chunk);
  }
  const std::map<std::string, std::string> headers = {{"x-amz-decoded-content-length", "11"}};
  for (std::size_t piece : {1UL, 7UL, SIZE_MAX}) {
    auto answer = ask({"PUT", "/bucket/key", headers, body, piece, rule});
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(ask("GET", "/bucket/key").body, "hello world");
  }
  put("/bucket/key", "before");
  body[body.find("world")] = 'W';
  EXPECT_EQ(ask({"PUT", "/bucket/key", headers, body, 7, rule}).code(), "SignatureDoesNotMatch");
  EXPECT_EQ(ask("GET", "/bucket/key").body, "before");
}

TEST_F(S3Test, LengthIsNeeded) {
  make_bucket();
  FakeBody body("hello");
  body.without_length();
  EXPECT_EQ(ask({"PUT", "/bucket/key"}, body).code(), "MissingContentLength");
  EXPECT_EQ(body.reads(), 0U);
  FakeBody told("hello");
  told.without_length();
  EXPECT_EQ(ask({"PUT", "/bucket/key", {{"x-amz-decoded-content-length", "5"}}}, told).status, 200);
}

TEST_F(S3Test, RefusedBeforeTheBodyIsRead) {
  make_bucket();
  auto nobody = user("");
  FakeBody body("hello");
  EXPECT_EQ(ask({"PUT", "/bucket/key", {}, {}, SIZE_MAX, {}, nobody.get()}, body).status, 403);
  EXPECT_EQ(ask({"PUT", "/missing-bucket/key"}, body).code(), "NoSuchBucket");
  EXPECT_EQ(body.reads(), 0U);
}

TEST_F(S3Test, AClientThatGoesAwayLeavesNothing) {
  make_bucket();
  put("/bucket/key", "before");
  FakeBody cut(std::string(300'000, 'x'), 10'000);
  cut.failing({ErrorKind::invalid, {}, 408, "the body took too long", {}, {}});
  EXPECT_EQ(ask({"PUT", "/bucket/key"}, cut).code(), "RequestTimeout");
  EXPECT_EQ(ask("GET", "/bucket/key").body, "before");
  EXPECT_EQ(files().size(), 1U);
}

TEST_F(S3Test, ABucketThatGoesAwayDuringTheUpload) {
  make_bucket();
  FakeBody body("hello");
  body.before_end = [&] {
    auto done = store_->run([](store::Transaction& tx) -> Result<void> {
      tx.erase(kBuckets, {"bucket"});
      return {};
    });
    ASSERT_TRUE(done);
  };
  EXPECT_EQ(ask({"PUT", "/bucket/key"}, body).code(), "NoSuchBucket");
  EXPECT_TRUE(files().empty());
}

TEST_F(S3Test, BigBodiesInBoundedMemory) {
  make_bucket();
  constexpr std::uint64_t kPieces = 1'024;
  const std::string piece(64 * 1024, 'p');
  auto body = FakeBody::repeated(piece, kPieces);
  const auto before = ::mallinfo2();
  std::size_t most = 0;
  body.before_end = [&] { most = ::mallinfo2().uordblks + ::mallinfo2().hblkhd; };
  auto answer = ask({"PUT", "/bucket/big"}, body);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_LT(most, before.uordblks + before.hblkhd + 1024 * 1024);
  auto end = ask({"GET", "/bucket/big", {{"Range", "bytes=-10"}}});
  EXPECT_EQ(end.body, "pppppppppp");
  EXPECT_EQ(end.headers["content-range"], "bytes 67108854-67108863/67108864");
}

TEST_F(S3Test, LongKeysOfAnyBytes) {
  make_bucket();
  const std::string key(1'024, 'k');
  EXPECT_EQ(put("/bucket/" + key, "x").status, 200);
  EXPECT_EQ(ask("GET", "/bucket/" + key).body, "x");
  EXPECT_EQ(put("/bucket/" + key + "k", "x").code(), "KeyTooLongError");
  EXPECT_EQ(put("/bucket/%00%01%7f%F0%9F%98%80", "y").status, 200);
  EXPECT_EQ(ask("GET", "/bucket/%00%01%7f%F0%9F%98%80").body, "y");
  EXPECT_EQ(ask({"GET", "/key", {{"Host", "bucket.s3.localhost"}}}).code(), "NoSuchKey");
}

}  // namespace
}  // namespace podpass::s3
