// Session tokens: sealed and opened, tampered with, under rotated keys; and the callers that sessions make.
#include "sts/session_token.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "sts/operations.h"
#include "sts/session_caller_test.h"

namespace podpass::sts {
namespace {

aws::Session session() {
  aws::Session session;
  session.access_key_id = "ASIAQWERTYUIOPASDFGH";
  session.secret = Secret("a secret of forty characters, as AWS has");
  session.account = "111122223333";
  session.role_name = "my-role";
  session.role_id = "AROAQWERTYUIOPASDFGHJ";
  session.session_name = "eks-my-cluster-app1-x";
  session.source_identity = "jo";
  session.issued = from_epoch_seconds(1'700'000'000) + Milliseconds(123);
  session.expires = from_epoch_seconds(1'700'021'600);
  session.tags = {{"kubernetes-namespace", "default", true},
                  {"empty", "", false},
                  {"ümlaut", std::string("a\0b", 3), false},
                  {"long", std::string(200, 'x'), true}};
  session.policy = R"({"Version":"2012-10-17","Statement":[]})";
  session.policy_arns = {"arn:aws:iam::111122223333:policy/p"};
  return session;
}

class SessionToken : public testing::Test {
 protected:
  bool opens(std::string_view token) const { return open_session(token, *ring_).has_value(); }

  SeededRandom random_{1};
  std::shared_ptr<const crypto::KeyRing> ring_ = crypto::KeyRing::generate(random_);
  std::string token_ = seal_session(session(), *ring_);
};

TEST_F(SessionToken, OpensToWhatWasSealed) {
  auto opened = open_session(token_, *ring_);
  ASSERT_TRUE(opened);
  const auto made = session();
  EXPECT_EQ(opened->kind, made.kind);
  EXPECT_EQ(opened->access_key_id, made.access_key_id);
  EXPECT_EQ(opened->secret.reveal(), made.secret.reveal());
  EXPECT_EQ(opened->account, made.account);
  EXPECT_EQ(opened->role_name, made.role_name);
  EXPECT_EQ(opened->role_id, made.role_id);
  EXPECT_EQ(opened->user_name, "");
  EXPECT_EQ(opened->session_name, made.session_name);
  EXPECT_EQ(opened->source_identity, made.source_identity);
  EXPECT_EQ(opened->issued, made.issued);
  EXPECT_EQ(opened->expires, made.expires);
  EXPECT_EQ(opened->tags, made.tags);
  EXPECT_EQ(opened->policy, made.policy);
  EXPECT_EQ(opened->policy_arns, made.policy_arns);

  aws::Session user;
  user.kind = aws::Session::Kind::user;
  user.user_name = "dev";
  auto again = open_session(seal_session(user, *ring_), *ring_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->kind, aws::Session::Kind::user);
  EXPECT_EQ(again->user_name, "dev");
}

TEST_F(SessionToken, ShowsNothingOfWhatItHolds) {
  auto bytes = codec::base64_decode(token_);
  ASSERT_TRUE(bytes);
  for (auto text : {"ASIA", "secret", "my-role", "default"}) EXPECT_FALSE(bytes->contains(text)) << text;
  EXPECT_NE(seal_session(session(), *ring_), token_) << "a nonce is used once";
}

TEST_F(SessionToken, OneChangedCharacterIsEnough) {
  for (std::size_t i = 0; i < token_.size(); ++i) {
    auto changed = token_;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(opens(changed)) << i;
  }
}

TEST_F(SessionToken, NoPartOfOneOpens) {
  for (std::size_t length = 0; length < token_.size(); ++length) {
    EXPECT_FALSE(opens(std::string_view(token_).substr(0, length))) << length;
  }
  EXPECT_FALSE(opens(token_ + "AAAA"));
  EXPECT_FALSE(opens(token_ + token_));
  EXPECT_FALSE(opens(" " + token_));
}

TEST_F(SessionToken, ForeignTextsAreRefusedAlike) {
  auto foreign = crypto::KeyRing::generate(random_);
  const auto other_purpose = codec::base64_encode(ring_->seal("x", "something else"));
  for (const auto& token :
       {std::string(), std::string("x"), std::string("IQoJb3JpZ2luX2VjEJr//////////wEa"),
        std::string(kMaxSessionTokenBytes + 1, 'A'), seal_session(session(), *foreign), other_purpose}) {
    auto result = open_session(token, *ring_);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::unauthenticated);
    EXPECT_EQ(result.error().code, "InvalidClientTokenId");
    EXPECT_EQ(result.error().message, "The security token included in the request is invalid.");
  }
}

// What is sealed under our key, yet is no session: an older or broken writer. Nothing is read beyond the end.
TEST_F(SessionToken, SealedNonsenseIsRefused) {
  auto plain = ring_->open(*codec::base64_decode(token_), "podpass session");
  ASSERT_TRUE(plain);
  const std::string whole(plain->reveal());
  auto opens_plain = [&](std::string_view bytes) {
    return opens(codec::base64_encode(ring_->seal(bytes, "podpass session")));
  };
  ASSERT_TRUE(opens_plain(whole));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(opens_plain(std::string_view(whole).substr(0, length))) << length;
  }
  EXPECT_FALSE(opens_plain("\x06" + whole.substr(1))) << "a version to come";
  constexpr std::string_view kUsualKey("\0\2\7default", 10);  // kubernetes-namespace: the third
  auto unknown_key = whole;
  ASSERT_NE(whole.find(kUsualKey), whole.npos);
  unknown_key[whole.find(kUsualKey) + 1] = 6;
  EXPECT_FALSE(opens_plain(unknown_key));
  auto huge = whole;
  huge[1] = huge[2] = huge[3] = huge[4] = '\xff';  // the first text's length
  EXPECT_FALSE(opens_plain(huge));
}

TEST_F(SessionToken, OfASharedPartAreAsWhole) {
  auto first = session();
  const auto shared = encode_shared_part(first);
  aws::Session other;
  other.access_key_id = "ASIAOTHER";
  other.secret = Secret("another secret");
  other.session_name = "another name";
  other.issued = first.issued + Seconds(1);
  other.expires = first.expires + Seconds(1);
  auto opened = open_session(seal_session(other, shared, *ring_), *ring_);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->access_key_id, "ASIAOTHER");
  EXPECT_EQ(opened->secret.reveal(), "another secret");
  EXPECT_EQ(opened->session_name, "another name");
  EXPECT_EQ(opened->issued, other.issued);
  EXPECT_EQ(opened->expires, other.expires);
  EXPECT_EQ(encode_shared_part(*opened), shared);
}

// What is written stays readable, so the places of the keys stay.
TEST_F(SessionToken, TheTagsOfPodsAreNamedByTheirPlace) {
  aws::Session pod;
  for (const auto* key : {"eks-cluster-arn", "eks-cluster-name", "kubernetes-namespace", "kubernetes-service-account",
                          "kubernetes-pod-name", "kubernetes-pod-uid", "other"}) {
    pod.tags.push_back({key, "v", true});
  }
  constexpr std::string_view kTags("\7\0\0\1v\1\0\1\1v\1\0\2\1v\1\0\3\1v\1\0\4\1v\1\0\5\1v\1\5other\1v\1\0", 41);
  EXPECT_TRUE(encode_shared_part(pod).ends_with(kTags));
  const auto opened = open_session(seal_session(pod, *ring_), *ring_);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->tags, pod.tags);
}

// What a server of before an upgrade has given out opens still.
TEST_F(SessionToken, OfVersionFourOpens) {
  auto made = session();
  made.tags = {{"a", "b", true}};  // no key that has a place
  auto plain = ring_->open(*codec::base64_decode(seal_session(made, *ring_)), "podpass session");
  ASSERT_TRUE(plain);
  std::string four(plain->reveal());
  four[0] = 4;
  const auto reopened = open_session(codec::base64_encode(ring_->seal(four, "podpass session")), *ring_);
  ASSERT_TRUE(reopened);
  EXPECT_EQ(reopened->session_name, made.session_name);
  EXPECT_EQ(reopened->tags, made.tags);
  EXPECT_EQ(reopened->policy_arns, made.policy_arns);
  constexpr std::string_view kTag("\1a\1b\1", 5);
  four.replace(four.find(kTag), kTag.size(), std::string_view("\0\0\1b\1", 5));
  EXPECT_FALSE(opens(codec::base64_encode(ring_->seal(four, "podpass session")))) << "it has no places";
}

TEST_F(SessionToken, OfVersionThreeOpens) {
  const auto made = session();
  std::string plain = "\x03r";
  const auto put = [&](std::string_view text) {
    ASSERT_LT(text.size(), 128u);
    plain += static_cast<char>(text.size());
    plain += text;
  };
  const auto put_time = [&](Time time) {
    const auto millis = static_cast<std::int64_t>(time.time_since_epoch().count());
    plain.append(reinterpret_cast<const char*>(&millis), sizeof millis);
  };
  for (std::string_view text :
       {std::string_view(made.access_key_id), made.secret.reveal(), std::string_view("1112"), std::string_view("role"),
        std::string_view("AROA1"), std::string_view("user"), std::string_view("name"), std::string_view("identity"),
        std::string_view("policy"), std::string_view("node")}) {
    put(text);
  }
  put_time(made.issued);
  put_time(made.expires);
  plain += '\x01';
  put("key");
  put("value");
  plain += "\x01\x01";
  put("arn");
  const auto opened = open_session(codec::base64_encode(ring_->seal(plain, "podpass session")), *ring_);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->kind, aws::Session::Kind::role);
  EXPECT_EQ(opened->access_key_id, made.access_key_id);
  EXPECT_EQ(opened->secret.reveal(), made.secret.reveal());
  EXPECT_EQ(opened->account, "1112");
  EXPECT_EQ(opened->role_name, "role");
  EXPECT_EQ(opened->role_id, "AROA1");
  EXPECT_EQ(opened->user_name, "user");
  EXPECT_EQ(opened->session_name, "name");
  EXPECT_EQ(opened->source_identity, "identity");
  EXPECT_EQ(opened->policy, "policy");
  EXPECT_EQ(opened->node, "node");
  EXPECT_EQ(opened->issued, made.issued);
  EXPECT_EQ(opened->expires, made.expires);
  EXPECT_EQ(opened->tags, (aws::SessionTags{{"key", "value", true}}));
  EXPECT_EQ(opened->policy_arns, std::vector<std::string>{"arn"});
}

TEST_F(SessionToken, OpensAfterTheKeysHaveRotated) {
  auto rotated = ring_->rotated(random_);
  EXPECT_TRUE(open_session(token_, *rotated));
  auto newer = seal_session(session(), *rotated);
  EXPECT_TRUE(open_session(newer, *rotated));
  EXPECT_FALSE(open_session(newer, *ring_)) << "the old ring does not know the new key";
  auto without = rotated->without(ring_->newest_id());
  ASSERT_TRUE(without);
  EXPECT_FALSE(open_session(token_, **without)) << "a key taken away ends its sessions";
  EXPECT_TRUE(open_session(newer, **without));
}

// A session lives with the very role or user that it was made for.
class Callers : public testing::Test {
 protected:
  codec::Value run(std::string_view operation, codec::Value input, const aws::Caller& caller) {
    auto answer = world_.run(operation, input, caller);
    EXPECT_TRUE(answer) << operation << ": " << answer.error().message;
    return answer ? *answer : codec::Value();
  }
  void SetUp() override {
    constexpr auto kTrust =
        R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:*"}})";
    constexpr auto kAll = R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:*","Resource":"*"}})";
    auto root = world_.root();
    role_ = codec::Value::map({{"RoleName", "app"}, {"AssumeRolePolicyDocument", kTrust}});
    run("CreateRole", role_, *root);
    run("CreateUser", codec::Value::map({{"UserName", "dev"}}), *root);
    run("PutUserPolicy", codec::Value::map({{"UserName", "dev"}, {"PolicyName", "p"}, {"PolicyDocument", kAll}}),
        *root);
    auto dev = world_.user("dev");
    auto assumed =
        run("AssumeRole",
            codec::Value::map({{"RoleArn", "arn:aws:iam::111122223333:role/app"}, {"RoleSessionName", "one"}}), *dev);
    role_token_ = assumed.find("Credentials")->text("SessionToken");
    user_token_ = run("GetSessionToken", codec::Value::map(), *dev).find("Credentials")->text("SessionToken");
  }

  iam::World world_{{&service()}};
  codec::Value role_;
  std::string role_token_, user_token_;
};

TEST_F(Callers, TheRoleIsGone) {
  ASSERT_TRUE(session_caller(world_, role_token_));
  run("DeleteRole", codec::Value::map({{"RoleName", "app"}}), *world_.root());
  EXPECT_FALSE(session_caller(world_, role_token_));
  run("CreateRole", role_, *world_.root());
  EXPECT_FALSE(session_caller(world_, role_token_)) << "a new role of the old name is another role";
  EXPECT_TRUE(session_caller(world_, user_token_));
}

TEST_F(Callers, TheUserIsGone) {
  ASSERT_TRUE(session_caller(world_, user_token_));
  const auto dev = codec::Value::map({{"UserName", "dev"}});
  run("DeleteUserPolicy", codec::Value::map({{"UserName", "dev"}, {"PolicyName", "p"}}), *world_.root());
  run("DeleteUser", dev, *world_.root());
  EXPECT_FALSE(session_caller(world_, user_token_));
  run("CreateUser", dev, *world_.root());
  EXPECT_FALSE(session_caller(world_, user_token_));
  EXPECT_TRUE(session_caller(world_, role_token_)) << "the role's session lives on without the user";
}

TEST_F(Callers, TheErrorSaysNothingMore) {
  auto opened = open_session(role_token_, world_.deployment().sessions->ring());
  ASSERT_TRUE(opened);
  run("DeleteRole", codec::Value::map({{"RoleName", "app"}}), *world_.root());
  aws::Caller caller;
  auto tx = world_.store().begin();
  auto result = fill_caller(tx, world_.deployment(), *opened, caller);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::unauthenticated);
  EXPECT_EQ(result.error().message, "The security token included in the request is invalid.");
}

TEST_F(Callers, TheSessionHasItsOwnKeys) {
  auto caller = session_caller(world_, role_token_);
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->access_key_id.substr(0, 4), "ASIA");
  EXPECT_EQ(caller->access_key_id.size(), 20U);
  EXPECT_EQ(iam::account_of_access_key_id(caller->access_key_id), "111122223333");
  EXPECT_EQ(caller->session->secret.reveal().size(), 40U);
  EXPECT_EQ(caller->role_arn, "arn:aws:iam::111122223333:role/app");
  EXPECT_TRUE(caller->is_chained());
  EXPECT_FALSE(session_caller(world_, user_token_)->is_chained());
}

}  // namespace
}  // namespace podpass::sts
