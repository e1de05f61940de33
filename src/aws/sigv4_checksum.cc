// Checksum and ChecksumCheck of sigv4_chunked.h.
#include <fmt/format.h>

#include <algorithm>

#include "aws/sigv4_chunked.h"
#include "base/strings.h"
#include "codec/base64.h"

namespace podpass::aws {
namespace {

constexpr std::string_view kPrefix = "x-amz-checksum-";

struct AlgorithmRow {
  std::string_view name, header;
  std::size_t bytes;
};
constexpr AlgorithmRow kAlgorithms[] = {
    {"CRC32", "x-amz-checksum-crc32", 4},         {"CRC32C", "x-amz-checksum-crc32c", 4},
    {"CRC64NVME", "x-amz-checksum-crc64nvme", 8}, {"SHA1", "x-amz-checksum-sha1", 20},
    {"SHA256", "x-amz-checksum-sha256", 32},
};

const AlgorithmRow& row_of(ChecksumAlgorithm algorithm) {
  return kAlgorithms[static_cast<std::size_t>(algorithm)];
}

Error invalid_request(std::string message) {
  return {ErrorKind::invalid, "InvalidRequest", 400, std::move(message), {}, {}};
}

std::optional<ChecksumAlgorithm> algorithm_of(std::string_view header) {
  for (std::size_t i = 0; i < std::size(kAlgorithms); ++i) {
    if (iequals(header, kAlgorithms[i].header)) return static_cast<ChecksumAlgorithm>(i);
  }
  return std::nullopt;
}

// x-amz-checksum-algorithm, -mode and -type aren't checksums.
bool is_checksum(std::string_view header) {
  if (header.size() <= kPrefix.size() || !iequals(header.substr(0, kPrefix.size()), kPrefix)) return false;
  auto rest = header.substr(kPrefix.size());
  return !iequals(rest, "algorithm") && !iequals(rest, "mode") && !iequals(rest, "type");
}

Error invalid_value(ChecksumAlgorithm algorithm) {
  return invalid_request(fmt::format("Value for {} header is invalid.", row_of(algorithm).header));
}

bool is_value_of(ChecksumAlgorithm algorithm, std::string_view base64) {
  auto bytes = codec::base64_decode(base64);
  return bytes && bytes->size() == row_of(algorithm).bytes;
}

template <class Word>
std::string big_endian(Word value) {
  std::string bytes(sizeof value, '\0');
  for (std::size_t i = 0; i < sizeof value; ++i) bytes[i] = static_cast<char>(value >> (8 * (sizeof value - 1 - i)));
  return bytes;
}

struct Announced {
  std::optional<ChecksumAlgorithm> algorithm;
  std::string value;  // empty: in the trailer
};

Result<void> announce(std::string_view header, std::string_view value, Announced& announced) {
  auto algorithm = algorithm_of(header);
  if (!algorithm) return invalid_request("The algorithm type you specified in x-amz-checksum- header is invalid.");
  if (announced.algorithm) {
    return invalid_request("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
  }
  announced = {algorithm, std::string(value)};
  return {};
}

Result<Announced> find_announced(const http::Request& request) {
  Announced announced;
  for (const auto& [name, value] : request.headers) {
    if (is_checksum(name)) {
      TRY(announce(name, value, announced));
      if (!is_value_of(*announced.algorithm, value)) return invalid_value(*announced.algorithm);
    } else if (iequals(name, "x-amz-trailer")) {
      for (auto trailer : split(value, ',')) {
        if (is_checksum(trim(trailer))) TRY(announce(trim(trailer), {}, announced));
      }
    }
  }
  return announced;
}

}  // namespace

std::string_view checksum_name(ChecksumAlgorithm algorithm) {
  return row_of(algorithm).name;
}
std::string_view checksum_header(ChecksumAlgorithm algorithm) {
  return row_of(algorithm).header;
}

Checksum::Checksum(ChecksumAlgorithm algorithm) : algorithm_(algorithm) {
  if (algorithm == ChecksumAlgorithm::crc64nvme) state_ = std::uint64_t{0};
  if (algorithm == ChecksumAlgorithm::sha1) state_ = crypto::Sha1();
  if (algorithm == ChecksumAlgorithm::sha256) state_ = crypto::Sha256();
}

void Checksum::update(std::string_view bytes) {
  if (auto* crc = std::get_if<std::uint32_t>(&state_)) {
    *crc = algorithm_ == ChecksumAlgorithm::crc32 ? crypto::crc32(*crc, bytes) : crypto::crc32c(*crc, bytes);
  } else if (auto* crc64 = std::get_if<std::uint64_t>(&state_)) {
    *crc64 = crypto::crc64nvme(*crc64, bytes);
  } else if (auto* sha1 = std::get_if<crypto::Sha1>(&state_)) {
    sha1->update(bytes);
  } else {
    std::get<crypto::Sha256>(state_).update(bytes);
  }
}

std::string Checksum::base64() const {
  if (const auto* crc = std::get_if<std::uint32_t>(&state_)) return codec::base64_encode(big_endian(*crc));
  if (const auto* crc64 = std::get_if<std::uint64_t>(&state_)) return codec::base64_encode(big_endian(*crc64));
  if (const auto* sha1 = std::get_if<crypto::Sha1>(&state_)) return codec::base64_encode(crypto::Sha1(*sha1).finish());
  return codec::base64_encode(crypto::Sha256(std::get<crypto::Sha256>(state_)).finish());
}

Result<ChecksumCheck> ChecksumCheck::of(const http::Request& request) {
  auto announced = TRY(find_announced(request));
  if (auto sdk = request.find("x-amz-sdk-checksum-algorithm")) {
    if (!announced.algorithm) {
      return invalid_request(
          "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were "
          "found.");
    }
    if (!iequals(*sdk, checksum_name(*announced.algorithm))) {
      return invalid_request("Value for x-amz-sdk-checksum-algorithm header is invalid.");
    }
  }
  ChecksumCheck check;
  if (announced.algorithm) check.checksum_.emplace(*announced.algorithm);
  check.expected_ = std::move(announced.value);
  return check;
}

Result<void> ChecksumCheck::finish(const Trailers& trailers) const {
  if (!checksum_) return {};
  auto algorithm = checksum_->algorithm();
  std::string_view expected = expected_;
  if (expected.empty()) {
    auto found = std::ranges::find(trailers, checksum_header(algorithm),
                                   [](const auto& t) { return std::string_view(t.first); });
    if (found == trailers.end()) {
      return Error{ErrorKind::invalid,
                   "MalformedTrailerError",
                   400,
                   "The request contained trailing data that was not well-formed or did not conform to our published "
                   "schema.",
                   {},
                   {}};
    }
    expected = found->second;
    if (!is_value_of(algorithm, expected)) {
      return invalid_request(fmt::format("Value for {} trailing header is invalid.", checksum_header(algorithm)));
    }
  }
  if (expected == checksum_->base64()) return {};
  return Error{ErrorKind::invalid,
               "BadDigest",
               400,
               fmt::format("The {} you specified did not match the calculated checksum.", checksum_name(algorithm)),
               {},
               {}};
}

}  // namespace podpass::aws
