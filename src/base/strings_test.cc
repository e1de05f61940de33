#include "base/strings.h"

#include <gtest/gtest.h>

namespace podpass {
namespace {

TEST(Strings, CaseIsFoldedForAsciiOnly) {
  EXPECT_EQ(to_lower("AbC-1\xC3\x84"), "abc-1\xC3\x84");
  EXPECT_TRUE(iequals("Content-TYPE", "content-type"));
  EXPECT_FALSE(iequals("a", "ab"));
  EXPECT_FALSE(iequals("\xC3\x84", "\xC3\xA4"));
}

TEST(Strings, TrimAndSplit) {
  EXPECT_EQ(trim(" \ta b\t "), "a b");
  EXPECT_EQ(trim("  "), "");
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
}

TEST(Strings, HexIsLowerCase) {
  EXPECT_EQ(hex(std::string_view("\x00\xAB\xff", 3)), "00abff");
}

TEST(Strings, IntegersAreWholeTexts) {
  EXPECT_EQ(parse_integer("-12"), -12);
  EXPECT_EQ(parse_integer("9223372036854775807"), INT64_MAX);
  for (const auto* text : {"", "-", "+1", "1 ", " 1", "1.0", "0x1", "9223372036854775808"}) {
    EXPECT_FALSE(parse_integer(text)) << text;
  }
}

TEST(Strings, OnlyAlnumAnd) {
  EXPECT_TRUE(only_alnum_and("", ""));
  EXPECT_TRUE(only_alnum_and("azAZ09-_", "-_"));
  EXPECT_FALSE(only_alnum_and("a b", "-_"));
  EXPECT_FALSE(only_alnum_and("\xC3\xA4", "-"));
  for (int c = 0; c < 256; ++c) {
    const char text[] = {static_cast<char>(c)};
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    EXPECT_EQ(only_alnum_and({text, 1}, "."), alnum || c == '.') << c;
  }
}

TEST(Strings, Utf8LengthCountsCharacters) {
  EXPECT_EQ(utf8_length(""), 0U);
  EXPECT_EQ(utf8_length("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"), 4U);
}

TEST(Strings, PrintableKeepsATextOnItsLine) {
  EXPECT_EQ(printable("plain \xC3\xA4 text"), "plain \xC3\xA4 text");
  EXPECT_EQ(printable("a\nb\tc\r\x1b[31m\x7f"), "a\\nb\\tc\\u000d\\u001b[31m\\u007f");
  EXPECT_EQ(printable("\xC2\x9B"
                      "x\xC2"),
            "\\u009bx\xC2");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\u0000");
}

}  // namespace
}  // namespace podpass
