// Random bytes and the identifiers made of them. Injected: SystemRandom is in crypto/random.h, SeededRandom repeats
// itself for tests. Both are safe from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace podpass {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<unsigned char> bytes) = 0;

  std::uint64_t number();
  void text(std::string_view alphabet, std::span<char> out);  // alphabet of 2..64 characters, unbiased
  std::string text(std::string_view alphabet, std::size_t length);
  void uuid(std::span<char, 36> out);  // RFC 9562 version 4, lower case
  std::string uuid();
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  ~SeededRandom() override;
  void fill(std::span<unsigned char> bytes) override;

 private:
  struct Engine;  // <random> takes long to compile, and this header is everywhere
  std::unique_ptr<Engine> engine_;
};

}  // namespace podpass
