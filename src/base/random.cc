#include "base/random.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <mutex>
#include <random>

#include "base/check.h"
#include "base/strings.h"

namespace podpass {

std::uint64_t Random::number() {
  std::array<unsigned char, 8> bytes;
  fill(bytes);
  std::uint64_t value;
  std::memcpy(&value, bytes.data(), 8);
  return value;
}

void Random::text(std::string_view alphabet, std::span<char> out) {
  CHECK(alphabet.size() >= 2 && alphabet.size() <= 64);
  const auto letters = static_cast<unsigned>(alphabet.size());
  const auto limit = 256 - 256 % letters;  // bytes from here on would favour the first letters
  const bool even = std::has_single_bit(letters);
  std::array<unsigned char, 64> bytes;
  while (!out.empty()) {
    const auto drawn = std::span(bytes).first(std::min(bytes.size(), out.size()));
    fill(drawn);
    std::size_t done = 0;
    if (even) {  // nearly always; a division takes long
      for (; done < drawn.size(); ++done) out[done] = alphabet[drawn[done] & (letters - 1)];
    } else {
      for (const auto byte : drawn) {
        if (byte < limit) out[done++] = alphabet[byte % letters];
      }
    }
    out = out.subspan(done);
  }
}

std::string Random::text(std::string_view alphabet, std::size_t length) {
  std::string out(length, '\0');
  text(alphabet, out);
  return out;
}

void Random::uuid(std::span<char, 36> out) {
  std::array<unsigned char, 16> bytes;
  fill(bytes);
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  static constexpr std::size_t kPlaces[] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
  for (std::size_t i = 0; i < bytes.size(); ++i) std::memcpy(&out[kPlaces[i]], kHexPairs[bytes[i]].data(), 2);
  for (const auto hyphen : {8U, 13U, 18U, 23U}) out[hyphen] = '-';
}

std::string Random::uuid() {
  std::string out(36, '\0');
  uuid(std::span<char, 36>(out));
  return out;
}

struct SeededRandom::Engine {
  std::mutex mutex;
  std::mt19937_64 numbers;
};

SeededRandom::SeededRandom(std::uint64_t seed) : engine_(new Engine{{}, std::mt19937_64(seed)}) {}

SeededRandom::~SeededRandom() = default;

void SeededRandom::fill(std::span<unsigned char> bytes) {
  std::lock_guard lock(engine_->mutex);
  for (auto& byte : bytes) byte = static_cast<unsigned char>(engine_->numbers());
}

}  // namespace podpass
