// Digests, MACs and checksums. Digests and HMAC are OpenSSL's, the CRCs are our own.
//
// Threads: free functions and const use from any thread; an incremental object is for one thread at a time.
// No allocation, no errors. Sources: FIPS 180-4, RFC 2104, RFC 1321; CRC-32 (ISO-HDLC), CRC-32C (iSCSI) and CRC-64/NVME
// as in the S3 user guide, "Checking object integrity". MD5 and SHA-1 are here because S3 speaks them, not for
// security.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace podpass::crypto {

// The bytes of a digest; converts to a view of them, which lives as long as the digest.
template <std::size_t N>
struct Digest {
  std::array<char, N> bytes{};

  operator std::string_view() const { return {bytes.data(), N}; }  // NOLINT: implicit on purpose
  std::string_view view() const { return *this; }
  std::string str() const { return std::string(view()); }
  auto begin() const { return bytes.begin(); }
  auto end() const { return bytes.end(); }
  bool operator==(const Digest&) const = default;
};

using Sha256Digest = Digest<32>;
using Sha1Digest = Digest<20>;
using Md5Digest = Digest<16>;
using HexDigest = Digest<64>;  // a SHA-256 or HMAC-SHA-256 in lower-case hex

HexDigest to_hex(const Sha256Digest& digest);

// Incremental digests: update() any number of times, then finish() once. Copying forks the state.
class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  Sha256Digest finish();

 private:
  alignas(8) std::array<unsigned char, 112> state_;
};

class Sha1 {
 public:
  Sha1();
  void update(std::string_view bytes);
  Sha1Digest finish();

 private:
  alignas(8) std::array<unsigned char, 96> state_;
};

class Md5 {
 public:
  Md5();
  void update(std::string_view bytes);
  Md5Digest finish();

 private:
  alignas(8) std::array<unsigned char, 96> state_;
};

Sha256Digest sha256(std::string_view bytes);
HexDigest sha256_hex(std::string_view bytes);
Sha1Digest sha1(std::string_view bytes);
Md5Digest md5(std::string_view bytes);

// A key of HMAC-SHA-256 with its two padded blocks already hashed: a MAC of a short message costs two compressions, and
// the key itself isn't kept. Wiped when it goes. Copies are cheap (64 bytes).
class HmacKey {
 public:
  HmacKey() : HmacKey(std::string_view()) {}
  explicit HmacKey(std::string_view key);
  HmacKey(const HmacKey&) = default;
  HmacKey& operator=(const HmacKey&) = default;
  ~HmacKey();

  Sha256Digest mac(std::string_view message) const;
  HexDigest mac_hex(std::string_view message) const { return to_hex(mac(message)); }

 private:
  std::array<std::uint32_t, 8> inner_, outer_;
};

Sha256Digest hmac_sha256(std::string_view key, std::string_view message);

// Checksums, continued from `before` (0 at the start): crc32(crc32(0, a), b) == crc32(0, ab).
std::uint32_t crc32(std::uint32_t before, std::string_view bytes);
std::uint32_t crc32c(std::uint32_t before, std::string_view bytes);
std::uint64_t crc64nvme(std::uint64_t before, std::string_view bytes);

}  // namespace podpass::crypto
