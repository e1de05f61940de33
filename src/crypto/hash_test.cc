#include "crypto/hash.h"

#include <gtest/gtest.h>

#include "base/strings.h"

namespace podpass::crypto {
namespace {

TEST(Hash, KnownDigests) {
  EXPECT_EQ(sha256_hex("").view(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc").view(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex(md5("abc")), "900150983cd24fb0d6963f7d28e17f72");
}

TEST(Hash, InPiecesAsWhole) {
  std::string text;
  for (int i = 0; i < 1'000; ++i) text += static_cast<char>(i * 7);
  for (std::size_t cut : {0u, 1u, 63u, 64u, 65u, 500u, 1'000u}) {
    auto first = std::string_view(text).substr(0, cut), second = std::string_view(text).substr(cut);
    Sha256 in_two;
    Sha1 sha1_in_two;
    Md5 md5_in_two;
    for (auto part : {first, second}) {
      in_two.update(part);
      sha1_in_two.update(part);
      md5_in_two.update(part);
    }
    EXPECT_EQ(in_two.finish(), sha256(text));
    EXPECT_EQ(sha1_in_two.finish(), sha1(text));
    EXPECT_EQ(md5_in_two.finish(), md5(text));
    EXPECT_EQ(crc32(crc32(0, first), second), crc32(0, text));
    EXPECT_EQ(crc32c(crc32c(0, first), second), crc32c(0, text));
    EXPECT_EQ(crc64nvme(crc64nvme(0, first), second), crc64nvme(0, text));
  }
}

TEST(Hash, CopyForksTheState) {
  Sha256 one;
  one.update("ab");
  auto other = one;
  one.update("c");
  other.update("d");
  EXPECT_EQ(one.finish(), sha256("abc"));
  EXPECT_EQ(other.finish(), sha256("abd"));
}

TEST(Hash, KnownChecksums) {
  EXPECT_EQ(crc32(0, "123456789"), 0xcbf43926u);
  EXPECT_EQ(crc32c(0, "123456789"), 0xe3069283u);
  EXPECT_EQ(crc64nvme(0, "123456789"), 0xae8b14860a799888u);
  EXPECT_EQ(crc32(0, ""), 0u);
  EXPECT_EQ(crc64nvme(0, ""), 0u);
}

// RFC 4231, test cases 1, 2, 3 and 6 (a key longer than a block).
TEST(Hash, Hmac) {
  EXPECT_EQ(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(hmac_sha256(std::string(20, '\xaa'), std::string(50, '\xdd'))),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  HmacKey long_key(std::string(131, '\xaa'));
  for (int twice = 0; twice < 2; ++twice) {
    EXPECT_EQ(long_key.mac_hex("Test Using Larger Than Block-Size Key - Hash Key First").view(),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  }
}

}  // namespace
}  // namespace podpass::crypto
