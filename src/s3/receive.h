// Taking in the body of a request: decoding, checking, and for objects writing it to disk as it comes.
//
// One for each request; one thread at a time. Memory: kReceiveBuffer for an object of any size; a document's size is
// bounded by its limit. Errors: MissingContentLength, EntityTooLarge, InvalidDigest, BadDigest and those of
// aws/sigv4_chunked.h.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/sigv4_chunked.h"
#include "base/result.h"
#include "crypto/hash.h"
#include "http/message.h"
#include "http/server.h"
#include "s3/disk.h"
#include "s3/operations.h"

namespace podpass::s3 {

inline constexpr std::size_t kReceiveBuffer = 256 * 1024;

// What a body must be. Feed it the bytes off the wire; it gives the decoded ones.
class BodyCheck {
 public:
  // `wire_length`: of the body as sent, nothing if that was not told. `limit`: of the decoded bytes.
  static Result<BodyCheck> of(const http::Request& request, std::optional<std::uint64_t> wire_length,
                              aws::PayloadRule rule, std::uint64_t limit);

  // As aws::PayloadDecoder::next.
  Result<std::string_view> next(std::string_view& wire);

  // Size, MD5 and checksums of what came. Nothing is proven before.
  Result<Upload> finish();

  std::uint64_t announced() const { return announced_; }  // bytes

 private:
  BodyCheck(aws::PayloadDecoder decoder, aws::ChecksumCheck checksum)
      : decoder_(std::move(decoder)), given_(std::move(checksum)) {}

  aws::PayloadDecoder decoder_;
  aws::ChecksumCheck given_;
  std::optional<aws::Checksum> own_;  // if the client gave none, as S3 does
  crypto::Md5 md5_;
  std::string content_md5_;  // its bytes; empty: not given
  std::uint64_t announced_ = 0;
};

boost::asio::awaitable<Result<std::string>> receive_document(http::Body& body, BodyCheck check);
boost::asio::awaitable<Result<Upload>> receive_object(http::Body& body, BodyCheck check, Blobs& blobs, Disk& disk);

}  // namespace podpass::s3
