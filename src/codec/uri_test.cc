#include "codec/uri.h"

#include <gtest/gtest.h>

namespace podpass::codec {
namespace {

TEST(Uri, EncodesAllButUnreserved) {
  EXPECT_EQ(percent_encode("AZaz09-_.~"), "AZaz09-_.~");
  EXPECT_EQ(percent_encode("a b+c/d%\xC3\xA9*"), "a%20b%2Bc%2Fd%25%C3%A9%2A");
  EXPECT_EQ(percent_encode("a/b c", Slash::keep), "a/b%20c");
  EXPECT_EQ(percent_encode(std::string_view("\0\x7f", 2)), "%00%7F");
}

TEST(Uri, DecodesAllBytes) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(percent_decode(percent_encode(bytes)), bytes);
  EXPECT_EQ(percent_decode("a+b%2f%2F"), "a+b//");
  EXPECT_EQ(percent_decode(""), "");
}

TEST(Uri, RefusesBrokenEncoding) {
  for (const char* text : {"%", "%4", "a%", "a%4", "%zz", "%4g", "%g4", "%%41", "%+4", "% 4"}) {
    EXPECT_FALSE(percent_decode(text)) << text;
    EXPECT_FALSE(parse_query_string(text)) << text;
    EXPECT_FALSE(parse_query_string(std::string("a=") + text)) << text;
  }
}

TEST(Uri, ReadsQueryStringsInOrder) {
  auto pairs = parse_query_string("b=1&a=x%20y&&flag&b=2&e=&k=a=b&=v&p=1+2");
  ASSERT_TRUE(pairs);
  EXPECT_EQ(*pairs,
            (QueryPairs{
                {"b", "1"}, {"a", "x y"}, {"flag", ""}, {"b", "2"}, {"e", ""}, {"k", "a=b"}, {"", "v"}, {"p", "1+2"}}));
  ASSERT_TRUE(find_query(*pairs, "b"));
  EXPECT_EQ(*find_query(*pairs, "b"), "1");
  EXPECT_EQ(find_query(*pairs, "none"), nullptr);
  EXPECT_TRUE(parse_query_string("")->empty());
  EXPECT_FALSE(parse_query_string("a=%ff"));  // not UTF-8
  EXPECT_FALSE(parse_query_string("%ed%a0%80=1"));
}

}  // namespace
}  // namespace podpass::codec
