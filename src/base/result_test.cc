#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/check.h"

namespace podpass {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return Error::invalid("odd");
  return number / 2;
}

Result<int> quarter(int number) {
  return TRY(half(TRY(half(number))));
}

Result<void> nothing(bool fails) {  // NOLINT
  if (fails) return Error::not_found("gone");
  return {};
}

Result<std::unique_ptr<int>> boxed(int number) {
  TRY(nothing(number < 0));
  return std::make_unique<int>(number);
}

TEST(Result, TryPassesValuesAndErrorsOn) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_EQ(*boxed(3).value(), 3);
  EXPECT_EQ(boxed(-1).error().kind, ErrorKind::not_found);
}

TEST(Result, StatusFollowsTheKindUnlessSet) {
  EXPECT_EQ(Error::invalid("").http_status(), 400);
  EXPECT_EQ(Error::not_found("").http_status(), 404);
  EXPECT_EQ(Error::unavailable("").http_status(), 503);
  EXPECT_EQ(Error::internal("").http_status(), 500);
  EXPECT_EQ((Error{ErrorKind::denied, {}, 400, {}, {}, {}}).http_status(), 400);
}

TEST(Result, InternalErrorsHideTheirCause) {
  const auto error = Error::internal("the disk is on fire");
  EXPECT_FALSE(error.message.contains("fire"));
  EXPECT_EQ(error.cause, "the disk is on fire");
}

TEST(CheckDeathTest, SaysWhatFailed) {
  EXPECT_DEATH(CHECK(1 == 2), "CHECK\\(1 == 2\\) failed");
}

}  // namespace
}  // namespace podpass
