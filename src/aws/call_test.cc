// Authorization through a Call: the keys of a resource hold for one decision.
#include "aws/call.h"

#include <gtest/gtest.h>

#include "store/memory_backend.h"

namespace podpass::aws {
namespace {

class Calls : public testing::Test {
 protected:
  void allow(std::string_view statement) {
    auto parsed = policy::Policy::parse(R"({"Version":"2012-10-17","Statement":)" + std::string(statement) + "}",
                                        policy::Kind::identity);
    ASSERT_TRUE(parsed) << parsed.error().message;
    caller_.authority.add_identity(*parsed, "");
  }
  Calls() {
    caller_.type = policy::PrincipalType::user;
    caller_.account = "111122223333";
    caller_.arn = "arn:aws:iam::111122223333:user/dev";
  }

  Caller caller_;
  Deployment deployment_;
  policy::Context context_;
  Audit audit_;
  std::unique_ptr<store::Store> store_ = std::move(*store::Store::open(std::make_unique<store::MemoryBackend>()));
  store::Transaction tx_ = store_->begin();
  Call call_{tx_, deployment_, caller_, context_, {}, "id", audit_};
};

TEST_F(Calls, NothingIsAllowedThatIsNotSaid) {
  auto refused = call_.authorize("eks:DescribeCluster", Resource("arn:aws:eks:us-west-2:111122223333:cluster/c"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::denied);
  EXPECT_EQ(refused.error().message,
            "User: arn:aws:iam::111122223333:user/dev is not authorized to perform: eks:DescribeCluster on resource: "
            "arn:aws:eks:us-west-2:111122223333:cluster/c because no identity-based policy allows the "
            "eks:DescribeCluster action");
}

TEST_F(Calls, KeysHoldForOneDecision) {
  allow(R"([{"Effect":"Allow","Action":"x:Tagged","Resource":"*","Condition":{"StringEquals":{)"
        R"("aws:RequestTag/team":"a","aws:ResourceTag/stage":"test","aws:ResourceAccount":"111122223333"},)"
        R"("ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}}])");
  const auto good = Resource("arn:aws:x:::r").request_tags({{"team", "a"}}).resource_tags({{"stage", "test"}});
  EXPECT_TRUE(call_.authorize("x:Tagged", good));
  EXPECT_EQ(context_.size(), 0U);
  EXPECT_FALSE(call_.authorize("x:Tagged", Resource("arn:aws:x:::r"))) << "the tags of the earlier decision are gone";
  EXPECT_FALSE(call_.authorize("x:Tagged", Resource("arn:aws:x:::r").request_tags({{"team", "b"}})));
  auto more = good;
  more.lists.clear();
  EXPECT_TRUE(call_.authorize("x:Tagged", more.tag_keys({"team"})));
  more.lists.clear();
  EXPECT_FALSE(call_.authorize("x:Tagged", more.tag_keys({"team", "other"})));
  auto foreign = good;
  foreign.account = "444455556666";
  EXPECT_FALSE(call_.authorize("x:Tagged", foreign));
}

TEST_F(Calls, AnotherPrincipalHasItsOwnPolicies) {
  allow(R"({"Effect":"Allow","Action":"*","Resource":"*"})");
  EXPECT_TRUE(call_.authorize("x:Y", Resource::all()));
  policy::Principal service;
  service.type = policy::PrincipalType::service;
  service.service = "pods.eks.amazonaws.com";
  EXPECT_FALSE(call_.authorize_as(service, Authority(), "x:Y", Resource::all()));
}

TEST_F(Calls, Ids) {
  SeededRandom random(1);
  auto id = unique_id(random, "AROA");
  EXPECT_EQ(id.size(), 21U);
  EXPECT_TRUE(id.starts_with("AROA"));
  EXPECT_NE(unique_id(random, "AROA"), id);
}

}  // namespace
}  // namespace podpass::aws
