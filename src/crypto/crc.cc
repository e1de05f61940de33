// CRCs, eight bytes a step (slicing-by-8); CRC-32C by the processor's instruction where there is one.
#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

#include "crypto/hash.h"

namespace podpass::crypto {
namespace {

static_assert(std::endian::native == std::endian::little);

// Tables of a reflected polynomial: tables[k][b] is the CRC of byte b followed by k zero bytes.
template <class Word>
using Tables = std::array<std::array<Word, 256>, 8>;

template <class Word>
constexpr Tables<Word> make_tables(Word polynomial) {
  Tables<Word> tables{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    Word crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? polynomial : Word{0});
    tables[0][byte] = crc;
  }
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (std::size_t k = 1; k < 8; ++k) {
      Word before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr auto kCrc32 = make_tables<std::uint32_t>(0xedb88320u);
constexpr auto kCrc32c = make_tables<std::uint32_t>(0x82f63b78u);
constexpr auto kCrc64Nvme = make_tables<std::uint64_t>(0x9a6c9329ac4bc9b5u);

template <class Word>
Word run(const Tables<Word>& tables, Word crc, std::string_view bytes) {
  crc = ~crc;
  const char* at = bytes.data();
  auto left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    word ^= crc;
    crc = 0;
    for (std::size_t k = 0; k < 8; ++k) crc ^= tables[7 - k][(word >> (8 * k)) & 0xff];
  }
  for (; left > 0; ++at, --left) {
    crc = (crc >> 8) ^ tables[0][(crc ^ static_cast<unsigned char>(*at)) & 0xff];
  }
  return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_processor(std::uint32_t before, std::string_view bytes) {
  std::uint64_t crc = ~before;
  const char* at = bytes.data();
  auto left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    crc = _mm_crc32_u64(crc, word);
  }
  auto small = static_cast<std::uint32_t>(crc);
  for (; left > 0; ++at, --left) small = _mm_crc32_u8(small, static_cast<unsigned char>(*at));
  return ~small;
}
#endif

}  // namespace

std::uint32_t crc32(std::uint32_t before, std::string_view bytes) {
  return run(kCrc32, before, bytes);
}

std::uint32_t crc32c(std::uint32_t before, std::string_view bytes) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return crc32c_by_processor(before, bytes);
#endif
  return run(kCrc32c, before, bytes);
}

std::uint64_t crc64nvme(std::uint64_t before, std::string_view bytes) {
  return run(kCrc64Nvme, before, bytes);
}

}  // namespace podpass::crypto
