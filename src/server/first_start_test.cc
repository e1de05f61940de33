#include "server/first_start.h"

#include <gtest/gtest.h>

#include "cli/connection.h"
#include "eks/lookup.h"
#include "iam/lookup.h"
#include "store/memory_backend.h"
#include "store/test_directory.h"
#include "sts/assume.h"
#include "sts/session_token.h"

namespace podpass::server {
namespace {

class FirstStart : public testing::Test {
 protected:
  FirstStart() {
    deployment_.clock = &clock_;
    deployment_.random = &random_;
    deployment_.endpoint = "http://127.0.0.1:4566";
    deployment_.at_rest = crypto::KeyRing::generate(random_);
    deployment_.sessions = std::make_shared<aws::SessionKeys>(crypto::KeyRing::generate(random_));
  }
  void save(const aws::SigningCredentials& credentials) {
    ASSERT_TRUE(cli::write_credentials(directory_.path(), credentials));
  }
  Result<aws::SigningCredentials> root() { return root_credentials(*store_, deployment_, directory_.path()); }

  store::TestDirectory directory_;
  ManualClock clock_;
  SeededRandom random_{3};
  aws::Deployment deployment_;
  std::unique_ptr<store::Store> store_ = store::Store::open(std::make_unique<store::MemoryBackend>()).value();
};

TEST_F(FirstStart, AnotherAccountOrRegionIsRefused) {
  ASSERT_TRUE(settle_identity(*store_, deployment_));
  ASSERT_TRUE(settle_identity(*store_, deployment_));
  auto other = deployment_;
  other.account = "444455556666";
  auto refused = settle_identity(*store_, other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(
      refused.error().message,
      "The data are of account 111122223333 in us-west-2, not of account 444455556666 in us-west-2. Use --account "
      "111122223333 --region us-west-2, or another --data-dir.");
  other = deployment_;
  other.region = "eu-west-1";
  EXPECT_FALSE(settle_identity(*store_, other));
  EXPECT_TRUE(settle_identity(*store_, deployment_)) << "and nothing was overwritten";
}

TEST_F(FirstStart, RootKeepsItsKey) {
  auto first = root();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(first->access_key_id.starts_with("AKIA"));
  EXPECT_EQ(first->secret.reveal().size(), 40u);
  const auto records = store_->figures().records;
  auto again = root();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->access_key_id, first->access_key_id);
  EXPECT_EQ(store_->figures().records, records);
}

TEST_F(FirstStart, RootGetsANewKeyForOneThatIsNoGood) {
  auto first = root().value();
  save({first.access_key_id, Secret("another secret"), ""});
  EXPECT_NE(root()->access_key_id, first.access_key_id);
  save({"AKIAUNKNOWNUNKNOWN00", first.secret, ""});
  EXPECT_NE(root()->access_key_id, "AKIAUNKNOWNUNKNOWN00");
  ASSERT_TRUE(cli::write_file(directory_.path() / "credentials", "damaged", 0600));
  EXPECT_TRUE(root());
  save({"", Secret(), ""});
  EXPECT_TRUE(root());
  // A user's key is not root's.
  ASSERT_TRUE(store_->run([&](store::Transaction& tx) -> Result<void> {
    auto key = iam::make_access_key(tx, deployment_, deployment_.account, "somebody", clock_.now());
    first = {key.id, key.secret, ""};
    return {};
  }));
  save(first);
  EXPECT_NE(root()->access_key_id, first.access_key_id);
}

TEST_F(FirstStart, AKeyThatCannotBeWrittenDownIsNotMade) {
  const auto records = store_->figures().records;
  auto made = root_credentials(*store_, deployment_, directory_.path() / "missing");
  ASSERT_FALSE(made);
  EXPECT_TRUE(made.error().message.contains("missing/credentials")) << made.error().message;
  EXPECT_EQ(store_->figures().records, records);
}

TEST_F(FirstStart, TheClusterIsMadeOnce) {
  ASSERT_TRUE(ensure_cluster(*store_, deployment_, "my-cluster"));
  std::string issuer;
  {
    auto tx = store_->begin();
    const auto* cluster = eks::find_cluster(tx, deployment_, "my-cluster");
    ASSERT_NE(cluster, nullptr);
    issuer = cluster->issuer;
    EXPECT_TRUE(issuer.starts_with("http://127.0.0.1:4566/id/")) << issuer;
    EXPECT_TRUE(eks::issuer_documents(tx, issuer.substr(issuer.rfind('/') + 1)));
  }
  const auto commits = store_->figures().commits;
  ASSERT_TRUE(ensure_cluster(*store_, deployment_, "my-cluster"));
  EXPECT_EQ(store_->figures().commits, commits);
  auto tx = store_->begin();
  EXPECT_EQ(eks::find_cluster(tx, deployment_, "my-cluster")->issuer, issuer);
  EXPECT_FALSE(ensure_cluster(*store_, deployment_, "not a name"));
  EXPECT_FALSE(ensure_cluster(*store_, deployment_, ""));
}

TEST_F(FirstStart, AClusterThatWasDeletedStaysDeletedWhateverElseIsMade) {
  ASSERT_TRUE(settle_identity(*store_, deployment_));
  EXPECT_EQ(deployment_.created, clock_.now());
  EXPECT_TRUE(ensure_cluster(*store_, deployment_, "one").value());
  ASSERT_TRUE(store_->run([&](store::Transaction& tx) -> Result<void> {
    tx.erase(eks::kClusters, {deployment_.account, deployment_.region, "one"});
    return {};
  }));
  EXPECT_FALSE(ensure_cluster(*store_, deployment_, "one").value());
  EXPECT_TRUE(ensure_cluster(*store_, deployment_, "two").value());
  EXPECT_FALSE(ensure_cluster(*store_, deployment_, "one").value());
  clock_.advance(std::chrono::hours{1});
  auto again = deployment_;
  ASSERT_TRUE(settle_identity(*store_, again));
  EXPECT_EQ(again.created, deployment_.created);
}

TEST_F(FirstStart, TheNodesRoleExchangesTokensAndNothingElse) {
  EXPECT_TRUE(node_session(*store_, deployment_).error().message.contains("podpass-node was deleted"));
  ASSERT_TRUE(ensure_node_role(*store_, deployment_));
  const auto commits = store_->figures().commits;
  ASSERT_TRUE(ensure_node_role(*store_, deployment_));
  EXPECT_EQ(store_->figures().commits, commits);

  auto credentials = node_session(*store_, deployment_);
  ASSERT_TRUE(credentials) << credentials.error().message;
  EXPECT_TRUE(credentials->access_key_id.starts_with("ASIA"));
  auto session = sts::open_session(credentials->session_token, deployment_.sessions->ring());
  ASSERT_TRUE(session);
  EXPECT_EQ(session->expires - session->issued, std::chrono::hours{1});
  EXPECT_EQ(node_role_id(*store_, deployment_).value(), session->role_id);
  EXPECT_EQ(session->secret.reveal(), credentials->secret.reveal());

  auto tx = store_->begin();
  aws::Caller caller;
  ASSERT_TRUE(sts::fill_caller(tx, deployment_, std::move(*session), caller));
  policy::Context context;
  aws::Audit audit;
  aws::Call call{tx, deployment_, caller, context, clock_.now(), "id", audit};
  const auto cluster = eks::cluster_arn(deployment_, "my-cluster");
  EXPECT_TRUE(call.authorize("eks-auth:AssumeRoleForPodIdentity", aws::Resource(cluster)));
  EXPECT_FALSE(call.authorize("eks:DescribeCluster", aws::Resource(cluster)));
  EXPECT_FALSE(call.authorize("sts:AssumeRole", aws::Resource("arn:aws:iam::111122223333:role/r")));
}

}  // namespace
}  // namespace podpass::server
