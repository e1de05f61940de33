// The bodies of S3 requests: plain or aws-chunked, checked against what the signature declared, and their checksums.
//
// PayloadRule says what verify_signature() left to be checked; it owns its texts, so it may outlive the request.
// PayloadDecoder takes the body's bytes as they come and gives the object's bytes, as views into what it was fed.
// Nothing is proven before finish() says so: keep what came out apart until then.
//
// Threads: one thread at a time for each object. Limits: kMaxChunkLine, kMaxTrailerBytes, kMaxTrailers; memory is
// bounded by them, chunks may be of any size. Errors: S3's codes and texts: IncompleteBody, InvalidChunkSizeError,
// SignatureDoesNotMatch, XAmzContentSHA256Mismatch, MalformedTrailerError, BadDigest, InvalidRequest. Source: S3 API
// reference, "Signature Calculations ... (Chunked Upload)", "... Including Trailing Headers".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "aws/sigv4.h"
#include "base/result.h"
#include "crypto/hash.h"
#include "http/message.h"

namespace podpass::aws {

inline constexpr std::size_t kMaxChunkLine = 1'024;
inline constexpr std::size_t kMaxTrailerBytes = 8'192;
inline constexpr std::size_t kMaxTrailers = 32;

struct PayloadRule {
  PayloadMode mode = PayloadMode::unsigned_payload;
  std::string sha256;  // hashed: what the body must hash to
  // Signed chunks:
  crypto::HmacKey key;
  std::string amz_date, scope, seed_signature;

  bool chunked() const { return mode >= PayloadMode::chunks_signed; }
  bool has_trailer() const { return mode >= PayloadMode::chunks_signed_trailer; }
  bool signs_chunks() const { return chunked() && mode != PayloadMode::chunks_unsigned_trailer; }
};

// Of a request whose signature is good. An anonymous one's payload is unsigned, but may be chunked.
PayloadRule payload_rule(const Credentialed& credentialed, const DerivedKey& key);
Result<PayloadRule> anonymous_payload_rule(const http::Request& request);

using Trailers = std::vector<std::pair<std::string, std::string>>;  // names in lower case

class PayloadDecoder {
 public:
  // `decoded_length`: x-amz-decoded-content-length if chunked; see decoded_length(). Nothing: not checked.
  explicit PayloadDecoder(PayloadRule rule, std::optional<std::uint64_t> decoded_length = std::nullopt);

  // Takes bytes off the front of `wire` and gives the next piece of the object, a view into `wire`; empty when all of
  // `wire` is used up. After an error the decoder is of no further use.
  //   while (true) { auto piece = TRY(decoder.next(wire)); if (piece.empty()) break; ... }
  Result<std::string_view> next(std::string_view& wire);
  // The body is over: was it whole, and is it what was signed?
  Result<void> finish();

  std::uint64_t decoded_bytes() const { return decoded_bytes_; }
  const Trailers& trailers() const { return trailers_; }  // complete after finish()

 private:
  enum class State : unsigned char { plain, size_line, data, data_end, trailer, done };

  Result<std::string_view> take_plain(std::string_view& wire);
  Result<std::string_view> take_data(std::string_view& wire);
  Result<bool> take_line(std::string_view& wire, std::size_t limit);  // true: line_ is a whole line
  Result<void> start_chunk();
  Result<void> end_chunk();
  Result<void> take_trailer();
  Result<void> end_trailers();
  Result<void> count(std::size_t bytes);
  crypto::HexDigest chunk_signature(std::string_view kind, std::string_view hash) const;

  PayloadRule rule_;
  std::optional<std::uint64_t> expected_bytes_;
  State state_;
  std::uint64_t decoded_bytes_ = 0, chunk_left_ = 0;
  bool last_chunk_ = false;
  bool trailers_ended_ = false;
  std::string line_;             // a line of which only a part has come
  std::string chunk_signature_;  // of the chunk being read, as sent
  std::string previous_signature_;
  std::string trailer_signature_;
  std::size_t trailer_bytes_ = 0;
  crypto::Sha256 hash_;  // of the chunk, or of the whole body
  Trailers trailers_;
};

// x-amz-decoded-content-length; nothing if absent. Malformed: InvalidArgument.
Result<std::optional<std::uint64_t>> decoded_length(const http::Request& request);

enum class ChecksumAlgorithm : unsigned char { crc32, crc32c, crc64nvme, sha1, sha256 };
std::string_view checksum_name(ChecksumAlgorithm algorithm);    // CRC32, ...
std::string_view checksum_header(ChecksumAlgorithm algorithm);  // x-amz-checksum-crc32, ...

// A checksum in the making.
class Checksum {
 public:
  explicit Checksum(ChecksumAlgorithm algorithm);
  ChecksumAlgorithm algorithm() const { return algorithm_; }
  void update(std::string_view bytes);
  std::string base64() const;  // of what has come so far, big endian, as S3 writes it

 private:
  ChecksumAlgorithm algorithm_;
  std::variant<std::uint32_t, std::uint64_t, crypto::Sha1, crypto::Sha256> state_;
};

// Checks the object's bytes against x-amz-checksum-* in the head or the trailer.
class ChecksumCheck {
 public:
  // What the request announces; a request without a checksum gives a check that passes.
  static Result<ChecksumCheck> of(const http::Request& request);
  void update(std::string_view bytes) {
    if (checksum_) checksum_->update(bytes);
  }
  // BadDigest if it differs; MalformedTrailerError if the announced trailer hasn't come.
  Result<void> finish(const Trailers& trailers = {}) const;
  std::optional<ChecksumAlgorithm> algorithm() const {
    return checksum_ ? std::optional(checksum_->algorithm()) : std::nullopt;
  }
  std::string base64() const { return checksum_ ? checksum_->base64() : std::string(); }

 private:
  std::optional<Checksum> checksum_;
  std::string expected_;  // base64; empty: in the trailer
};

}  // namespace podpass::aws
