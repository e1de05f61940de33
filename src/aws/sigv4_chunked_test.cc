// S3 bodies: AWS's published examples, every way of cutting them up, every byte changed, limits; and checksums.
#include "aws/sigv4_chunked.h"

#include <gtest/gtest.h>

#include "base/strings.h"
#include "codec/base64.h"

namespace podpass::aws {
namespace {

// S3 API reference, "Example Calculations" of chunked uploads, with and without a trailer.
constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

PayloadRule signed_rule(PayloadMode mode, std::string_view seed) {
  PayloadRule rule;
  rule.mode = mode;
  rule.key = derive_key(Secret(std::string(kSecret)), "20130524", "us-east-1", "s3").key;
  rule.amz_date = "20130524T000000Z";
  rule.scope = "20130524/us-east-1/s3/aws4_request";
  rule.seed_signature = seed;
  return rule;
}

std::string chunk(std::string_view data, std::string_view signature) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx", data.size());
  auto text = size + (signature.empty() ? "" : ";chunk-signature=" + std::string(signature)) + "\r\n";
  return data.empty() ? text : text + std::string(data) + "\r\n";
}

const PayloadRule& plain_chunks() {
  static const auto rule =
      signed_rule(PayloadMode::chunks_signed, "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
  return rule;
}

std::string example_body() {
  return chunk(std::string(65'536, 'a'), "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648") +
         chunk(std::string(1'024, 'a'), "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497") +
         chunk("", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9") + "\r\n";
}

// Feeds `wire` in pieces of `piece` bytes; gives the object, or the error.
Result<std::string> decode(PayloadDecoder& decoder, std::string_view wire, std::size_t piece) {
  std::string object;
  while (!wire.empty()) {
    auto part = wire.substr(0, piece);
    wire.remove_prefix(part.size());
    while (true) {
      auto decoded = TRY(decoder.next(part));
      if (decoded.empty()) break;
      object += decoded;
    }
  }
  TRY(decoder.finish());
  return object;
}

Result<std::string> decode(const PayloadRule& rule, std::string_view wire, std::size_t piece = 4'096,
                           std::optional<std::uint64_t> length = std::nullopt) {
  PayloadDecoder decoder(rule, length);
  return decode(decoder, wire, piece);
}

std::string code(const Result<std::string>& result) {
  return result ? "none" : result.error().code;
}

TEST(Chunked, PublishedExampleHoweverItIsCut) {
  auto wire = example_body();
  for (std::size_t piece : {1u, 2u, 3u, 85u, 86u, 1'000u, 65'536u, 100'000u}) {
    auto object = decode(plain_chunks(), wire, piece, 66'560);
    ASSERT_TRUE(object) << piece << ": " << object.error().message;
    EXPECT_EQ(*object, std::string(66'560, 'a'));
  }
}

TEST(Chunked, PublishedTrailerExample) {
  auto rule = signed_rule(PayloadMode::chunks_signed_trailer,
                          "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e");
  auto body = chunk(std::string(65'536, 'a'), "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2") +
              chunk(std::string(1'024, 'a'), "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7") +
              chunk("", "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992");
  const std::string signature =
      "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n";
  // As AWS writes it, as minio's client does, and with a line break after the last chunk.
  for (std::string trailer : {"x-amz-checksum-crc32c:sOO8/Q==\r\n", "x-amz-checksum-crc32c:sOO8/Q==\n\r\n",
                              "\r\nx-amz-checksum-crc32c:sOO8/Q==\r\n"}) {
    for (std::size_t piece : {1u, 7u, 100'000u}) {
      PayloadDecoder decoder(rule, 66'560);
      auto object = decode(decoder, body + trailer + signature, piece);
      ASSERT_TRUE(object) << trailer << object.error().code;
      EXPECT_EQ(decoder.trailers(), (Trailers{{"x-amz-checksum-crc32c", "sOO8/Q=="}}));
    }
  }
  for (std::size_t missing : {2u, 4u}) {  // without the blank line, without any line break at the end
    auto wire = body + "x-amz-checksum-crc32c:sOO8/Q==\r\n" + signature;
    wire.resize(wire.size() - missing);
    EXPECT_EQ(code(decode(rule, wire)), "none") << missing;
    wire.pop_back();
    if (missing == 4) {
      EXPECT_EQ(code(decode(rule, wire)), "SignatureDoesNotMatch");
    }
  }
  EXPECT_EQ(code(decode(rule, body + "x-amz-checksum-crc32c:sOO8/A==\r\n" + signature)), "SignatureDoesNotMatch");
  EXPECT_EQ(code(decode(rule, body + "x-amz-checksum-crc32c:sOO8/Q==\r\n\r\n")), "SignatureDoesNotMatch");
  EXPECT_EQ(code(decode(rule, body + signature)), "SignatureDoesNotMatch");
  EXPECT_EQ(code(decode(rule, body + "x-amz-checksum-crc32c:sOO8/Q==\r\n")), "IncompleteBody");
}

TEST(Chunked, EveryChangedByteAndEveryCutIsNoticed) {
  auto wire = example_body();
  auto important = [&](std::size_t i) { return i < 100 || i > wire.size() - 300 || i % 5'000 == 0; };
  for (std::size_t i = 0; i < wire.size(); ++i) {
    if (!important(i)) continue;
    auto changed = wire;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(decode(plain_chunks(), changed, 4'096, 66'560)) << i;
    EXPECT_FALSE(decode(plain_chunks(), wire.substr(0, i), 4'096, 66'560)) << i;
  }
  EXPECT_EQ(code(decode(plain_chunks(), wire + "x")), "IncompleteBody");
  EXPECT_EQ(code(decode(plain_chunks(), wire, 4'096, 66'559)), "IncompleteBody");
  EXPECT_EQ(code(decode(plain_chunks(), wire, 4'096, 66'561)), "IncompleteBody");
}

PayloadRule unsigned_rule() {
  PayloadRule rule;
  rule.mode = PayloadMode::chunks_unsigned_trailer;
  return rule;
}

TEST(Chunked, UnsignedWithTrailer) {
  for (std::size_t piece : {1u, 5u, 1'000u}) {
    PayloadDecoder decoder(unsigned_rule(), 11);
    auto object = decode(decoder, "5\r\nhello\r\n6\r\n world\r\n0\r\nX-Amz-Checksum-CRC32: DUoRhQ==\r\n\r\n", piece);
    ASSERT_TRUE(object) << object.error().code;
    EXPECT_EQ(*object, "hello world");
    EXPECT_EQ(decoder.trailers(), (Trailers{{"x-amz-checksum-crc32", "DUoRhQ=="}}));
  }
  EXPECT_EQ(*decode(unsigned_rule(), "0\r\n\r\n"), "");
}

TEST(Chunked, Malformed) {
  struct {
    std::string wire, code;
  } rows[] = {
      {"", "IncompleteBody"},
      {"5\r\nhell", "IncompleteBody"},
      {"5\r\nhello\r\n", "IncompleteBody"},
      {"5\nhello\r\n0\r\n\r\n", "IncompleteBody"},
      {"5\r\nhellox\r\n0\r\n\r\n", "IncompleteBody"},
      {"-1\r\nhello\r\n0\r\n\r\n", "IncompleteBody"},
      {"g\r\nhello\r\n0\r\n\r\n", "IncompleteBody"},
      {"\r\nhello\r\n0\r\n\r\n", "IncompleteBody"},
      {"11111111111111111\r\n", "IncompleteBody"},
      {std::string(kMaxChunkLine + 1, '0'), "IncompleteBody"},
      {"0\r\nno colon\r\n\r\n", "MalformedTrailerError"},
      {"0\r\n:empty name\r\n\r\n", "MalformedTrailerError"},
      {"0\r\na:1\r\nA:2\r\n\r\n", "MalformedTrailerError"},
      {"0\r\nx-amz-trailer-signature:00\r\n\r\n", "MalformedTrailerError"},
      {"0\r\na:" + std::string(kMaxTrailerBytes, 'x'), "MalformedTrailerError"},
      {"0\r\na:1\r\n\r\nmore", "IncompleteBody"},
  };
  for (const auto& row : rows) {
    for (std::size_t piece : {1u, 100'000u})
      EXPECT_EQ(code(decode(unsigned_rule(), row.wire, piece)), row.code) << row.wire;
  }
  std::string many = "0\r\n";
  for (std::size_t i = 0; i <= kMaxTrailers; ++i) many += "t" + std::to_string(i) + ":v\r\n";
  EXPECT_EQ(code(decode(unsigned_rule(), many + "\r\n")), "MalformedTrailerError");
}

TEST(Chunked, PlainBodies) {
  PayloadRule rule;
  EXPECT_EQ(*decode(rule, "anything"), "anything");
  EXPECT_EQ(code(decode(rule, "anything", 4, 7)), "IncompleteBody");
  rule.mode = PayloadMode::hashed;
  rule.sha256 = crypto::sha256_hex("hello").str();
  EXPECT_EQ(*decode(rule, "hello", 2), "hello");
  auto wrong = decode(rule, "hallo");
  EXPECT_EQ(code(wrong), "XAmzContentSHA256Mismatch");
  EXPECT_EQ(wrong.error().members[1].second, crypto::sha256_hex("hallo").view());
}

http::Request with(std::vector<http::Header> headers) {
  http::Request request;
  request.headers = std::move(headers);
  return request;
}

TEST(Chunked, RulesOfAnonymousRequestsAndLengths) {
  EXPECT_EQ(anonymous_payload_rule(with({}))->mode, PayloadMode::unsigned_payload);
  EXPECT_TRUE(
      anonymous_payload_rule(with({{"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}}))->has_trailer());
  EXPECT_FALSE(anonymous_payload_rule(with({{"x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}})));
  EXPECT_FALSE(*decoded_length(with({})));
  EXPECT_EQ(**decoded_length(with({{"X-Amz-Decoded-Content-Length", "17"}})), 17u);
  EXPECT_EQ(decoded_length(with({{"x-amz-decoded-content-length", "-1"}})).error().code, "InvalidArgument");
}

std::string check_sum(std::vector<http::Header> headers, const Trailers& trailers = {}) {
  auto check = ChecksumCheck::of(with(std::move(headers)));
  if (!check) return check.error().code + ": " + check.error().message;
  check->update("123456");
  check->update("789");
  auto result = check->finish(trailers);
  return result ? "good" : result.error().code + ": " + result.error().message;
}

TEST(Checksums, EveryAlgorithmInHeadAndTrailer) {
  struct {
    ChecksumAlgorithm algorithm;
    std::string value;
  } rows[] = {
      {ChecksumAlgorithm::crc32, "y/Q5Jg=="},
      {ChecksumAlgorithm::crc32c, "4waSgw=="},
      {ChecksumAlgorithm::crc64nvme, "rosUhgp5mIg="},
      {ChecksumAlgorithm::sha1, codec::base64_encode(crypto::sha1("123456789"))},
      {ChecksumAlgorithm::sha256, codec::base64_encode(crypto::sha256("123456789"))},
  };
  for (const auto& [algorithm, value] : rows) {
    auto header = checksum_header(algorithm);
    auto name = std::string(checksum_name(algorithm));
    auto wrong = value;
    wrong[1] = wrong[1] == 'A' ? 'B' : 'A';
    EXPECT_EQ(check_sum({{header, value}, {"x-amz-sdk-checksum-algorithm", name}}), "good");
    EXPECT_EQ(check_sum({{header, wrong}}),
              "BadDigest: The " + name + " you specified did not match the calculated checksum.");
    EXPECT_EQ(check_sum({{header, "AA=="}}),
              "InvalidRequest: Value for " + std::string(header) + " header is invalid.");
    EXPECT_EQ(check_sum({{"x-amz-trailer", header}}, {{std::string(header), value}}), "good");
    EXPECT_TRUE(check_sum({{"x-amz-trailer", header}}, {{std::string(header), wrong}}).starts_with("BadDigest"));
    EXPECT_TRUE(check_sum({{"x-amz-trailer", header}}, {{std::string(header), "!"}}).starts_with("InvalidRequest"));
    EXPECT_TRUE(check_sum({{"x-amz-trailer", header}}).starts_with("MalformedTrailerError"));
  }
}

TEST(Checksums, Announcements) {
  EXPECT_EQ(check_sum({}), "good");
  EXPECT_EQ(check_sum({{"x-amz-checksum-mode", "ENABLED"}, {"x-amz-checksum-algorithm", "CRC32"}}), "good");
  EXPECT_TRUE(check_sum({{"x-amz-checksum-md4", "AA=="}}).starts_with("InvalidRequest"));
  EXPECT_TRUE(check_sum({{"x-amz-checksum-crc32", "y/Q5Jg=="}, {"x-amz-checksum-crc32c", "4waSgw=="}})
                  .starts_with("InvalidRequest: Expecting a single"));
  EXPECT_TRUE(check_sum({{"x-amz-checksum-crc32", "y/Q5Jg=="}, {"x-amz-sdk-checksum-algorithm", "SHA1"}})
                  .starts_with("InvalidRequest: Value for x-amz-sdk"));
  EXPECT_TRUE(check_sum({{"x-amz-sdk-checksum-algorithm", "CRC32"}}).starts_with("InvalidRequest: x-amz-sdk"));
}

}  // namespace
}  // namespace podpass::aws
