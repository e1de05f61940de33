#include "base/secret.h"

#include <gtest/gtest.h>

#include <ostream>
#include <type_traits>

namespace podpass {
namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };

TEST(Secret, CannotPrintItself) {
  static_assert(Streamable<std::string>);
  static_assert(!Streamable<Secret>);
  static_assert(!std::is_convertible_v<Secret, std::string>);
  static_assert(!std::is_convertible_v<Secret, std::string_view>);
}

TEST(Secret, HoldsItsBytesThroughCopiesAndMoves) {
  Secret first(std::string("s3cr\0t", 6));
  Secret copy = first;
  EXPECT_EQ(copy.reveal(), first.reveal());
  Secret moved = std::move(copy);
  EXPECT_TRUE(moved.equals(std::string_view("s3cr\0t", 6)));
  EXPECT_TRUE(copy.empty());  // NOLINT(bugprone-use-after-move): that it is empty is the point
  first = moved;
  moved = Secret("other");
  EXPECT_TRUE(first.equals(std::string_view("s3cr\0t", 6)));
  EXPECT_EQ(moved.reveal(), "other");
}

TEST(Secret, ComparesWhole) {
  EXPECT_TRUE(constant_time_equal("", ""));
  EXPECT_TRUE(constant_time_equal("abc", "abc"));
  EXPECT_FALSE(constant_time_equal("abc", "abd"));
  EXPECT_FALSE(constant_time_equal("abc", "ab"));
}

}  // namespace
}  // namespace podpass
