// Reading keys and reviewing tokens against a fake API server.
#include "kube/cluster_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <map>
#include <mutex>

#include "base/log.h"
#include "codec/json.h"
#include "crypto/jwt.h"
#include "kube/fake_api_server_test.h"

namespace podpass::kube {
namespace {

namespace asio = boost::asio;
using codec::Value;
using std::chrono::seconds;

std::string jwks_of(const crypto::SigningKey& key) {
  return codec::write_json(crypto::KeySet::to_jwks({key.public_key()}));
}

const std::string kJwks(kJwksPath), kReview(kTokenReviewPath), kDiscovery(kDiscoveryPath),
    kAccounts(kServiceAccountsPath);

class ClusterAccessTest : public testing::Test {
 protected:
  ClusterAccessTest() {
    log::set_level(log::Level::off);
    clusters_["one"] = cluster("1");
    api_.set(kJwks, 200, jwks_of(key_), "application/jwk-set+json");
  }
  ~ClusterAccessTest() override { log::set_level(log::Level::info); }

  ClusterAccess::Cluster cluster(const std::string& id) {
    ClusterAccess::Cluster made;
    made.id = id;
    made.server = parse_api_server(api_.url()).value();
    made.server.token = Secret("server-token");
    return made;
  }

  ClusterAccess::Records records() {
    ClusterAccess::Records records;
    records.names = [this] {
      std::lock_guard lock(mutex_);
      std::vector<std::string> names;
      for (const auto& [name, each] : clusters_) names.push_back(name);
      return names;
    };
    records.find = [this](const std::string& name) -> Result<ClusterAccess::Cluster> {
      std::lock_guard lock(mutex_);
      const auto found = clusters_.find(name);
      if (found == clusters_.end()) return Error::not_found("no such cluster");
      return found->second;
    };
    records.save_keys = [this](std::string name, std::string id, Value jwks) {
      return save(std::move(name), std::move(id), std::move(jwks));
    };
    return records;
  }

  asio::awaitable<Result<void>> save(std::string name, std::string id, Value jwks) {
    std::lock_guard lock(mutex_);
    saved_.push_back(name + "/" + id + "/" + std::string((*jwks.find("keys")->as<Value::List>())[0].text("kid")));
    changed_.notify_all();
    co_return Result<void>();
  }

  std::vector<std::string> saved() {
    std::lock_guard lock(mutex_);
    return saved_;
  }

  ClusterAccess& access(ClusterAccess::Options options = {}) {
    if (!access_) access_ = std::make_unique<ClusterAccess>(records(), clock_, random_, options);
    return *access_;
  }

  std::future<void> begin_read(const std::string& name = "one") {
    auto ended = std::make_shared<std::promise<void>>();
    auto future = ended->get_future();
    access().read_keys(name, [ended] { ended->set_value(); });
    return future;
  }
  void read(const std::string& name = "one") { EXPECT_TRUE(over(begin_read(name))); }
  static bool over(std::future<void> future) { return future.wait_for(seconds{20}) == std::future_status::ready; }

  ClusterAccess::Question question(std::string token = "a.b.c") {
    return {"one", "1", std::move(token), "system:serviceaccount:ns:sa", "pods.eks.amazonaws.com"};
  }
  std::future<void> begin_review(const ClusterAccess::Question& asked) {
    auto ended = std::make_shared<std::promise<void>>();
    auto future = ended->get_future();
    access().review(asked, [ended] { ended->set_value(); });
    return future;
  }
  // "ok", or the kind's name and the message.
  std::string reviewed(const ClusterAccess::Question& asked) {
    EXPECT_TRUE(over(begin_review(asked)));
    auto outcome = access().reviewed(asked.hash());
    if (!outcome) return "nothing";
    if (*outcome) return "ok";
    return (outcome->error().kind == ErrorKind::unauthenticated ? "refused: " : "away: ") + outcome->error().message;
  }
  std::future<void> begin_list(const std::string& name = "one") {
    auto ended = std::make_shared<std::promise<void>>();
    auto future = ended->get_future();
    access().list_service_accounts(name, [ended] { ended->set_value(); });
    return future;
  }
  // "namespace/name " for each, or the status of the error.
  std::string accounts() {
    EXPECT_TRUE(over(begin_list()));
    const auto listed = access().service_accounts("one");
    if (!listed) return "nothing";
    if (!*listed) return std::to_string(listed->error().status);
    std::string out;
    for (const auto& [space, name] : (*listed)->names) out += space + "/" + name + " ";
    return out;
  }
  void set_review(const std::string& status) {
    api_.set(kReview, 201, R"({"kind":"TokenReview","status":)" + status + "}");
  }

  crypto::SigningKey key_ = crypto::SigningKey::generate_ec();
  ManualClock clock_;
  SeededRandom random_{3};
  FakeApiServer api_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, ClusterAccess::Cluster> clusters_;
  std::vector<std::string> saved_;
  std::unique_ptr<ClusterAccess> access_;
};

const std::string kGood =
    R"({"authenticated":true,"audiences":["pods.eks.amazonaws.com"],"user":{"username":"system:serviceaccount:ns:sa"}})";

TEST_F(ClusterAccessTest, ReadsKeysAndStoresThem) {
  read();
  EXPECT_EQ(saved(), std::vector{"one/1/" + key_.public_key().thumbprint()});
  EXPECT_EQ(api_.last_authorization(), "Bearer server-token");
  const auto status = access().keys_status("one");
  EXPECT_EQ(status.read, clock_.now());
  EXPECT_FALSE(status.failed);
  EXPECT_EQ(status.failure, "");
}

TEST_F(ClusterAccessTest, MadeUpKeysDontHammer) {
  for (int i = 0; i < 100; ++i) read();
  EXPECT_EQ(api_.asked(kJwks), 1);
  clock_.advance(Milliseconds{4'999});
  read();
  EXPECT_EQ(api_.asked(kJwks), 1);
  clock_.advance(Milliseconds{1});
  read();
  EXPECT_EQ(api_.asked(kJwks), 2);
}

TEST_F(ClusterAccessTest, ManyAtOnceShareOneReading) {
  api_.hold();
  std::vector<std::future<void>> waits;
  for (int i = 0; i < 1'000; ++i) waits.push_back(begin_read());
  api_.wait_until_asked(kJwks, 1);
  api_.release();
  for (auto& each : waits) EXPECT_TRUE(over(std::move(each)));
  EXPECT_EQ(api_.asked(kJwks), 1);
  EXPECT_EQ(saved().size(), 1U);
}

TEST_F(ClusterAccessTest, AFailedReadingChangesNothingAndIsRemembered) {
  api_.set(kJwks, 403, R"({"kind":"Status","status":"Failure","code":403,"reason":"Forbidden","message":"no way"})");
  read();
  EXPECT_TRUE(saved().empty());
  const auto asked = api_.asked(kJwks);
  auto status = access().keys_status("one");
  EXPECT_EQ(status.failed, clock_.now());
  EXPECT_NE(status.failure.find("no way"), std::string::npos) << status.failure;
  read();
  EXPECT_EQ(api_.asked(kJwks), asked);
  clock_.advance(Milliseconds{5'000});
  api_.set(kJwks, 200, jwks_of(key_));
  read();
  EXPECT_EQ(access().keys_status("one").failure, "");
  EXPECT_EQ(saved().size(), 1U);
}

TEST_F(ClusterAccessTest, WhatIsNoKeySetIsNotStored) {
  for (const char* bad : {"", "null", "[]", "{}", R"({"keys":[]})", R"({"keys":[{"kty":"RSA"}]})", "{\"keys\":"}) {
    api_.set(kJwks, 200, bad);
    read();
    EXPECT_NE(access().keys_status("one").failure, "") << bad;
    clock_.advance(Milliseconds{5'000});
  }
  EXPECT_TRUE(saved().empty());
}

TEST_F(ClusterAccessTest, AnAnswerThatIsTooLargeIsNotRead) {
  api_.set(kJwks, 200, jwks_of(key_) + std::string(ClusterAccess::kMaxAnswerBytes, ' '));
  read();
  EXPECT_TRUE(saved().empty());
  EXPECT_FALSE(access().keys_status("one").failure.empty());
}

TEST_F(ClusterAccessTest, AnUnknownClusterIsAFailure) {
  read("none");
  EXPECT_EQ(access().keys_status("none").failure, "no such cluster");
}

TEST_F(ClusterAccessTest, AChangedRegistrationIsReachedAnew) {
  read();
  FakeApiServer other;
  const auto fresh = crypto::SigningKey::generate_ec();
  other.set(kJwks, 200, jwks_of(fresh));
  {
    std::lock_guard lock(mutex_);
    clusters_["one"] = cluster("2");
    clusters_["one"].server.endpoint = parse_api_server(other.url())->endpoint;
    clusters_["one"].server.token = Secret("other-token");
  }
  clock_.advance(Milliseconds{5'000});
  read();
  EXPECT_EQ(saved().back(), "one/2/" + fresh.public_key().thumbprint());
  EXPECT_EQ(other.last_authorization(), "Bearer other-token");
}

TEST_F(ClusterAccessTest, TheScheduleReadsAgainAndAgain) {
  ClusterAccess::Options options;
  options.refresh = options.retry = options.sweep = Milliseconds{5};
  access(options).start();
  std::unique_lock lock(mutex_);
  EXPECT_TRUE(changed_.wait_for(lock, seconds{20}, [&] { return saved_.size() >= 3; }));
}

TEST_F(ClusterAccessTest, AReviewIsPassedOn) {
  set_review(kGood);
  EXPECT_EQ(reviewed(question()), "ok");
  auto sent = codec::parse_json(api_.last_body());
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->text("kind"), "TokenReview");
  EXPECT_EQ(sent->find("spec")->text("token"), "a.b.c");
  const auto& audiences = *sent->find("spec")->find("audiences")->as<Value::List>();
  ASSERT_EQ(audiences.size(), 2U);
  EXPECT_EQ(audiences[0], Value("pods.eks.amazonaws.com"));
  // The other one is new each time: the API server must not answer from its memory.
  clock_.advance(Milliseconds{1'000});
  EXPECT_EQ(reviewed(question()), "ok");
  const auto again = codec::parse_json(api_.last_body());
  EXPECT_NE((*again->find("spec")->find("audiences")->as<Value::List>())[1], audiences[1]);
}

TEST_F(ClusterAccessTest, ADeletedPodsTokenIsRefused) {
  set_review(R"({"error":"[invalid bearer token, pod has been deleted]"})");
  EXPECT_EQ(reviewed(question()),
            "refused: The cluster refuses the service account token; its pod or service account may have been deleted: "
            "[invalid bearer token, pod has been deleted]");
}

TEST_F(ClusterAccessTest, WhatTheClusterDoesNotSayIsNotAssumed) {
  set_review(R"({"authenticated":false})");
  EXPECT_TRUE(reviewed(question("1")).starts_with("refused: "));
  set_review(R"({"authenticated":"true","audiences":["pods.eks.amazonaws.com"]})");
  EXPECT_TRUE(reviewed(question("2")).starts_with("refused: "));
  set_review(R"({"authenticated":true,"user":{"username":"system:serviceaccount:ns:sa"}})");  // knows no audiences
  EXPECT_EQ(reviewed(question("3")),
            "refused: The cluster does not accept the service account token for pods.eks.amazonaws.com.");
  set_review(R"({"authenticated":true,"audiences":["other"],"user":{"username":"system:serviceaccount:ns:sa"}})");
  EXPECT_TRUE(reviewed(question("4")).starts_with("refused: "));
  set_review(
      R"({"authenticated":true,"audiences":["pods.eks.amazonaws.com"],"user":{"username":"system:serviceaccount:ns:x"}})");
  EXPECT_EQ(reviewed(question("5")), "refused: The cluster says that the service account token is of somebody else.");
  api_.set(kReview, 201, R"({"kind":"Other"})");
  EXPECT_TRUE(reviewed(question("6")).starts_with("away: "));
  api_.set(kReview, 200, "not json");
  EXPECT_TRUE(reviewed(question("7")).starts_with("away: "));
}

TEST_F(ClusterAccessTest, AClusterThatIsAwayLetsNobodyIn) {
  api_.set(kReview, 500, "broken");
  EXPECT_TRUE(reviewed(question()).starts_with("away: "));
  clusters_["one"].server.endpoint.port = 1;
  clusters_["one"].id = "9";
  EXPECT_TRUE(reviewed(question("b")).starts_with("away: "));  // registered anew meanwhile
  auto now = question("c");
  now.id = "9";
  EXPECT_TRUE(reviewed(now).starts_with("away: "));
}

TEST_F(ClusterAccessTest, AnApiServerThatDoesNotAnswerIsGivenUp) {
  ClusterAccess::Options options;
  options.limits.call = Milliseconds{50};
  access(options);
  api_.hold();
  EXPECT_TRUE(reviewed(question()).starts_with("away: "));
  read();
  EXPECT_NE(access().keys_status("one").failure, "");
}

TEST_F(ClusterAccessTest, AReviewIsKeptForAMomentAndSharedMeanwhile) {
  set_review(kGood);
  EXPECT_EQ(reviewed(question()), "ok");
  EXPECT_EQ(access().reviewed(question("other").hash()), std::nullopt);
  clock_.advance(Milliseconds{999});
  EXPECT_TRUE(access().reviewed(question().hash()));
  clock_.advance(Milliseconds{1});
  EXPECT_FALSE(access().reviewed(question().hash()));

  api_.hold();
  std::vector<std::future<void>> waits;
  for (int i = 0; i < 1'000; ++i) waits.push_back(begin_review(question()));
  api_.wait_until_asked(kReview, 2);
  api_.release();
  for (auto& each : waits) EXPECT_TRUE(over(std::move(each)));
  EXPECT_TRUE(over(begin_review(question())));  // looked before the verdict was there, asks after it
  EXPECT_EQ(api_.asked(kReview), 2);
}

TEST_F(ClusterAccessTest, ReviewsAtOnceAreBounded) {
  for (int i = 0; i < 10; ++i) clusters_["other-" + std::to_string(i)] = cluster("1");
  api_.hold();
  set_review(kGood);
  std::vector<std::future<void>> waits;
  for (std::size_t i = 0; i < ClusterAccess::kMaxReviewsOfOne; ++i)
    waits.push_back(begin_review(question(std::to_string(i))));
  EXPECT_EQ(reviewed(question("one more")), "away: too many tokens are being reviewed");
  // others have room, up to the limit of all
  auto other = question();
  for (std::size_t i = ClusterAccess::kMaxReviewsOfOne; i < ClusterAccess::kMaxReviews; ++i) {
    other.name = "other-" + std::to_string(i % 10);
    other.token = std::to_string(i);
    waits.push_back(begin_review(other));
  }
  other.token = "one more";
  EXPECT_EQ(reviewed(other), "away: too many tokens are being reviewed");
  access_->stop();
  for (auto& each : waits) EXPECT_TRUE(over(std::move(each)));
}

TEST_F(ClusterAccessTest, AClockThatIsSetBackMakesNoReviewLast) {
  set_review(kGood);
  read();
  EXPECT_EQ(reviewed(question()), "ok");
  clock_.advance(-Seconds{3'600});
  set_review(R"({"error":"pod not found"})");
  EXPECT_THAT(reviewed(question()), testing::StartsWith("refused: "));
  read();
  EXPECT_EQ(api_.asked(kJwks), 2);
}

TEST_F(ClusterAccessTest, ServiceAccountsAreListedPageByPage) {
  api_.set(kAccounts + "?limit=500", 200,
           R"({"metadata":{"continue":"a b"},"items":[{"metadata":{"namespace":"default","name":"default"}},)"
           R"({"metadata":{"namespace":"default","name":"app"}},{"metadata":{}},{}]})");
  api_.set(kAccounts + "?limit=500&continue=a%20b", 200,
           R"({"metadata":{},"items":[{"metadata":{"namespace":"web","name":"front"}}]})");
  EXPECT_EQ(accounts(), "default/default default/app web/front ");
  EXPECT_EQ(api_.asked(kAccounts), 2);
  EXPECT_EQ(api_.last_authorization(), "Bearer server-token");
}

TEST_F(ClusterAccessTest, AListOfServiceAccountsIsKeptForAMomentAndSharedMeanwhile) {
  api_.set(kAccounts, 200, R"({"items":[{"metadata":{"namespace":"default","name":"app"}}]})");
  EXPECT_FALSE(access().service_accounts("one"));
  api_.hold();
  std::vector<std::future<void>> waits;
  for (int i = 0; i < 100; ++i) waits.push_back(begin_list());
  api_.wait_until_asked(kAccounts, 1);
  api_.release();
  for (auto& each : waits) EXPECT_TRUE(over(std::move(each)));
  EXPECT_EQ(accounts(), "default/app ");
  clock_.advance(Milliseconds{4'999});
  EXPECT_EQ(accounts(), "default/app ");
  EXPECT_EQ(api_.asked(kAccounts), 1);
  clock_.advance(Milliseconds{1});
  EXPECT_FALSE(access().service_accounts("one"));
  api_.set(kAccounts, 403, R"({"kind":"Status","code":403,"reason":"Forbidden","message":"no"})");
  EXPECT_EQ(accounts(), "403");
}

TEST_F(ClusterAccessTest, AListWithoutAnEndIsCutOff) {
  std::string items;
  for (int i = 0; i < 400; ++i) items += R"({"metadata":{"namespace":"n","name":"a"}},)";
  items.pop_back();
  api_.set(kAccounts, 200, R"({"metadata":{"continue":"on"},"items":[)" + items + "]}");
  EXPECT_TRUE(over(begin_list()));
  const auto listed = access().service_accounts("one").value().value();
  EXPECT_EQ(listed.names.size(), ClusterAccess::kMaxListed);
  EXPECT_FALSE(listed.complete);
  clock_.advance(Milliseconds{5'000});
  api_.set(kAccounts, 200, R"({"metadata":{"continue":"on"},"items":[]})");
  EXPECT_EQ(accounts(), "");
  EXPECT_FALSE(access().service_accounts("one")->value().complete);
  clock_.advance(Milliseconds{5'000});
  api_.set(kAccounts, 200, R"({"items":7})");
  EXPECT_EQ(accounts(), "0");
}

TEST_F(ClusterAccessTest, QuestionsAreTakenApart) {
  auto a = question(), b = question();
  b.name = "on", b.id = "e1";
  EXPECT_NE(a.hash(), b.hash());
  b = a;
  b.user = "system:serviceaccount:ns:other";
  EXPECT_NE(a.hash(), b.hash());
  EXPECT_EQ(a.hash(), question().hash());
}

TEST_F(ClusterAccessTest, StoppingEndsWhatWaits) {
  api_.hold();
  auto keys = begin_read();
  auto review = begin_review(question());
  auto probed = std::make_shared<std::promise<void>>();
  access().probe("one", "k", [probed] { probed->set_value(); });
  api_.wait_until_asked(kJwks, 1);
  access().stop();
  EXPECT_TRUE(over(std::move(keys)));
  EXPECT_TRUE(over(std::move(review)));
  EXPECT_TRUE(over(probed->get_future()));
  read();
  const auto outcome = access().reviewed(question().hash());
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(*outcome);
}

TEST_F(ClusterAccessTest, AProbeTellsWhatTheApiServerSays) {
  api_.set(kDiscovery, 200, R"({"issuer":"https://kubernetes.default.svc"})");
  api_.set(kReview, 403, R"({"kind":"Status","code":403,"reason":"Forbidden","message":"not you"})");
  std::promise<void> ended;
  access().probe("one", "k", [&] { ended.set_value(); });
  EXPECT_TRUE(over(ended.get_future()));
  EXPECT_FALSE(access().take_probe("other"));
  auto probe = access().take_probe("k");
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->discovery->text("issuer"), "https://kubernetes.default.svc");
  EXPECT_TRUE(crypto::KeySet::from_jwks(*probe->jwks));
  ASSERT_FALSE(probe->review);
  EXPECT_EQ(probe->review.error().status, 403);
  EXPECT_FALSE(access().take_probe("k"));
}

}  // namespace
}  // namespace podpass::kube
