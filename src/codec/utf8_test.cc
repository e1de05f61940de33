#include "codec/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace podpass::codec {
namespace {

// RFC 3629 written down a second time, slowly: decode, then compare with the ranges and the shortest length.
bool slow_is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const unsigned first = static_cast<unsigned char>(text[i]);
    const std::size_t length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    if (length == 0 || text.size() - i < length) return false;
    unsigned point = length == 1 ? first : first & (0x7fU >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const unsigned next = static_cast<unsigned char>(text[i + k]);
      if (next >> 6 != 2) return false;
      point = point << 6 | (next & 63);
    }
    const std::size_t needed = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (needed != length || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    i += length;
  }
  return true;
}

TEST(Utf8, AgreesWithTheRfcOnEveryTextOfTwoBytesAndTheEdgesOfLonger) {
  const int edges[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      std::string two = {static_cast<char>(a), static_cast<char>(b)};
      ASSERT_EQ(is_utf8(two), slow_is_utf8(two)) << a << ' ' << b;
      for (int c : edges) {
        const auto three = two + static_cast<char>(c);
        ASSERT_EQ(is_utf8(three), slow_is_utf8(three)) << a << ' ' << b << ' ' << c;
        for (int d : edges) {
          const auto four = three + static_cast<char>(d);
          ASSERT_EQ(is_utf8(four), slow_is_utf8(four)) << a << ' ' << b << ' ' << c << ' ' << d;
        }
      }
    }
  }
}

TEST(Utf8, FindsABadByteAnywhere) {
  EXPECT_TRUE(is_utf8(""));
  const std::string good(40, 'a');
  EXPECT_TRUE(is_utf8(good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] = '\xff';
    EXPECT_FALSE(is_utf8(bad)) << i;
    bad[i] = '\xc3';
    EXPECT_FALSE(is_utf8(bad)) << i;
  }
}

}  // namespace
}  // namespace podpass::codec
