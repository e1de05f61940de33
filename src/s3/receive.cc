#include "s3/receive.h"

#include <algorithm>

#include "base/strings.h"
#include "codec/base64.h"
#include "s3/errors.h"

namespace podpass::s3 {
namespace asio = boost::asio;
namespace {

constexpr std::size_t kMd5Bytes = 16;
constexpr std::string_view kChecksumHeader = "x-amz-checksum-";

Result<std::string> content_md5(const http::Request& request) {
  auto header = request.find("Content-MD5");
  if (!header) return std::string();
  auto digest = codec::base64_decode(*header);
  if (!digest || digest->size() != kMd5Bytes) return error("InvalidDigest", {{"Content-MD5", std::string(*header)}});
  return std::move(*digest);
}

// Says that an algorithm is used, but no checksum by it is anywhere.
Result<void> check_announcement(const http::Request& request, const aws::ChecksumCheck& checksum) {
  if (checksum.algorithm() || !request.find("x-amz-sdk-checksum-algorithm") || request.find("Content-MD5")) return {};
  return error_with_text(
      "InvalidRequest",
      "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer "
      "headers were found.");
}

}  // namespace

Result<BodyCheck> BodyCheck::of(const http::Request& request, std::optional<std::uint64_t> wire_length,
                                aws::PayloadRule rule, std::uint64_t limit) {
  auto announced = TRY(aws::decoded_length(request));
  if (!rule.chunked() && wire_length) announced = wire_length;
  if (!announced) return error("MissingContentLength");
  if (*announced > limit) {
    return error("EntityTooLarge",
                 {{"ProposedSize", std::to_string(*announced)}, {"MaxSizeAllowed", std::to_string(limit)}});
  }
  auto checksum = TRY(aws::ChecksumCheck::of(request));
  TRY(check_announcement(request, checksum));
  BodyCheck check(aws::PayloadDecoder(std::move(rule), announced), std::move(checksum));
  if (!check.given_.algorithm()) check.own_.emplace(aws::ChecksumAlgorithm::crc64nvme);
  check.content_md5_ = TRY(content_md5(request));
  check.announced_ = *announced;
  return check;
}

Result<std::string_view> BodyCheck::next(std::string_view& wire) {
  auto piece = TRY(decoder_.next(wire));
  md5_.update(piece);
  given_.update(piece);
  if (own_) own_->update(piece);
  return piece;
}

Result<Upload> BodyCheck::finish() {
  TRY(decoder_.finish());
  TRY(given_.finish(decoder_.trailers()));
  const auto md5 = md5_.finish();
  if (!content_md5_.empty() && content_md5_ != md5.view()) {
    return error("BadDigest", {{"ExpectedDigest", codec::base64_encode(content_md5_)},
                               {"CalculatedDigest", codec::base64_encode(md5.view())}});
  }
  Upload upload;
  upload.size = decoder_.decoded_bytes();
  upload.md5 = hex(md5.view());
  const auto algorithm = own_ ? own_->algorithm() : *given_.algorithm();
  upload.checksums.emplace(aws::checksum_header(algorithm).substr(kChecksumHeader.size()),
                           own_ ? own_->base64() : given_.base64());
  return upload;
}

namespace {

// Calls `take` with each decoded piece of a stretch of the body. Stops at the first piece that `take` refuses.
template <class Take>
Result<void> decode(BodyCheck& check, std::string_view& wire, Take take) {
  while (true) {
    auto piece = TRY(check.next(wire));
    if (piece.empty() || !take(piece)) return {};
  }
}

}  // namespace

asio::awaitable<Result<std::string>> receive_document(http::Body& body, BodyCheck check) {
  std::string document;
  while (true) {
    auto wire = co_await body.read_some();
    if (!wire) co_return std::move(wire).error();
    if (wire->empty()) break;
    // The announced length, which is within the limit, is kept by the decoder.
    auto decoded = decode(check, *wire, [&](std::string_view piece) {
      document += piece;
      return true;
    });
    if (!decoded) co_return std::move(decoded).error();
  }
  auto finished = check.finish();
  if (!finished) co_return std::move(finished).error();
  co_return document;
}

asio::awaitable<Result<Upload>> receive_object(http::Body& body, BodyCheck check, Blobs& blobs, Disk& disk) {
  auto writer = blobs.begin();
  // Shared with the disk's thread, which may outlive this coroutine.
  auto buffer = std::make_shared<std::string>();
  buffer->reserve(static_cast<std::size_t>(std::min<std::uint64_t>(check.announced(), kReceiveBuffer)));
  while (true) {
    auto wire = co_await body.read_some();
    if (!wire) co_return std::move(wire).error();
    if (wire->empty()) break;
    while (!wire->empty()) {
      std::string_view left;
      auto decoded = decode(check, *wire, [&](std::string_view piece) {
        left = piece;
        const auto fits = std::min(left.size(), kReceiveBuffer - buffer->size());
        buffer->append(left.substr(0, fits));
        left.remove_prefix(fits);
        return left.empty();
      });
      if (!decoded) co_return std::move(decoded).error();
      while (!left.empty()) {
        auto write = [writer, buffer] { return writer->write(*buffer); };
        auto writing = disk.run(std::move(write));
        auto written = co_await std::move(writing);
        if (!written) co_return std::move(written).error();
        buffer->assign(left.substr(0, kReceiveBuffer));
        left.remove_prefix(buffer->size());
      }
    }
  }
  auto upload = check.finish();
  if (!upload || upload->size == 0) co_return upload;
  auto publish = [writer, buffer]() -> Result<void> {
    TRY(writer->write(*buffer));
    return writer->publish();
  };
  // In steps: GCC 12 destroys a lambda twice that is a temporary of a co_await expression.
  auto publishing = disk.run(std::move(publish));
  auto published = co_await std::move(publishing);
  if (!published) co_return std::move(published).error();
  upload->blob = std::move(writer);
  co_return upload;
}

}  // namespace podpass::s3
