#include "codec/base64.h"

#include <gtest/gtest.h>

namespace podpass::codec {
namespace {

TEST(Base64, EncodesAndDecodesTheVectorsOfTheRfc) {  // RFC 4648, section 10
  const std::pair<std::string, std::string> rows[] = {{"", ""},
                                                      {"f", "Zg=="},
                                                      {"fo", "Zm8="},
                                                      {"foo", "Zm9v"},
                                                      {"foob", "Zm9vYg=="},
                                                      {"fooba", "Zm9vYmE="},
                                                      {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : rows) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode(text), bytes);
    auto bare = text.substr(0, text.find('='));
    EXPECT_EQ(base64url_encode(bytes), bare);
    EXPECT_EQ(base64url_decode(bare), bytes);
  }
}

TEST(Base64, AllBytesGoThereAndBack) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    auto part = bytes.substr(bytes.size() - length);
    EXPECT_EQ(base64_decode(base64_encode(part)), part);
    EXPECT_EQ(base64url_decode(base64url_encode(part)), part);
  }
  EXPECT_EQ(base64_encode("\xFB\xFF\xFE"), "+//+");
  EXPECT_EQ(base64url_encode("\xFB\xFF\xFE"), "-__-");
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "====", "A===", "=", "Zg==Zg==", "Zh==", "Zm9=", "Zm9v\n",
                           " Zm9v", "Zm 9v", "-__-", "Zm9v====", "Z=g="}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
  for (const char* text : {"Z", "Zg==", "Zh", "Zm9", "Zm9v=", "+//+", "Zm9v\n", "Zm9vY"}) {
    EXPECT_FALSE(base64url_decode(text)) << text;
  }
}

}  // namespace
}  // namespace podpass::codec
