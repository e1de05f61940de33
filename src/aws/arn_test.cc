#include "aws/arn.h"

#include <gtest/gtest.h>

namespace podpass::aws {
namespace {

TEST(Arn, RoundTrips) {
  for (std::string_view text :
       {"arn:aws:iam::111122223333:role/path/name", "arn:aws:s3:::bucket/key:with:colons and spaces",
        "arn:aws-cn:eks:cn-north-1:111122223333:cluster/c", "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:logs:us-west-2:111122223333:log-group:name:*", "arn:aws:s3:::*"}) {
    auto arn = parse_arn(text);
    ASSERT_TRUE(arn) << text;
    EXPECT_EQ(arn->str(), text);
  }
}

TEST(Arn, Parts) {
  auto arn = split_arn("arn:aws:eks:us-west-2:111122223333:cluster/my/cluster");
  ASSERT_TRUE(arn);
  EXPECT_EQ(arn->partition, "aws");
  EXPECT_EQ(arn->service, "eks");
  EXPECT_EQ(arn->region, "us-west-2");
  EXPECT_EQ(arn->account, "111122223333");
  EXPECT_EQ(arn->resource_type(), "cluster");
  EXPECT_EQ(arn->resource_name(), "my/cluster");
  EXPECT_EQ(split_arn("arn:aws:s3:::bucket")->resource_type(), "");
  EXPECT_EQ(split_arn("arn:aws:s3:::bucket")->resource_name(), "bucket");
  EXPECT_EQ(split_arn("arn:aws:logs:::group:x")->resource_type(), "group");
}

TEST(Arn, Refused) {
  for (std::string_view text :
       {"", "arn", "arn:", "arn:aws:iam::111122223333",
        "arn:aws:iam::111122223333:", "ARN:aws:iam::111122223333:user/a", "arn:gcp:iam::111122223333:user/a",
        "arn:aws-:iam::111122223333:user/a", "arn::iam::111122223333:user/a", "arn:aws:::111122223333:user/a",
        "arn:aws:IAM::111122223333:user/a", "arn:aws:iam::11112222333:user/a", "arn:aws:iam::11112222333x:user/a",
        "arn:aws:iam::*:user/a", "arn:aws:iam:us west:111122223333:user/a", "arn:aws:iam::111122223333: user/a",
        "arn:aws:iam::111122223333:user/a ", "arn:aws:iam::111122223333:user\n/a"}) {
    EXPECT_FALSE(split_arn(text)) << text;
  }
  EXPECT_FALSE(split_arn("arn:aws:s3:::" + std::string(kMaxArnBytes, 'x')));
}

}  // namespace
}  // namespace podpass::aws
