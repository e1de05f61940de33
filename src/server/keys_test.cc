#include "server/keys.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "cli/connection.h"
#include "store/memory_backend.h"
#include "store/test_directory.h"

namespace podpass::server {
namespace {

class MasterKey : public testing::Test {
 protected:
  auto open() { return open_master_key(directory_.path(), random_); }
  std::string error() {
    auto opened = open();
    EXPECT_FALSE(opened);
    return opened ? "" : opened.error().message;
  }
  store::TestDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "master.key";
  SeededRandom random_{1};
};

TEST_F(MasterKey, IsMadeOnceAndKept) {
  auto made = open();
  ASSERT_TRUE(made) << made.error().message;
  struct stat status{};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  auto text = cli::read_file(file_).value();
  EXPECT_EQ(text.size(), 65u);
  EXPECT_EQ(text.find_first_not_of("0123456789abcdef\n"), std::string::npos);
  auto again = open();
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->open((*made)->seal("plain", "data"), "data")->reveal(), "plain");
  EXPECT_EQ(cli::read_file(file_).value(), text);
}

TEST_F(MasterKey, MissingBesideDataIsRefused) {
  ASSERT_TRUE(cli::write_file(directory_.path() / "store.sqlite", "data", 0600));
  EXPECT_TRUE(error().contains("master.key is missing, but there is data")) << error();
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(MasterKey, DamagedIsRefusedAndKept) {
  const std::string good(64, 'a');
  for (const std::string& bad :
       {std::string(), std::string("\n"), good.substr(1), good + "a", good + "aa", "g" + good.substr(1), " " + good,
        good.substr(0, 62) + "\r\n", std::string(64, '\0')}) {
    ASSERT_TRUE(cli::write_file(file_, bad, 0600));
    EXPECT_TRUE(error().contains("is damaged: it must hold 64 hex digits")) << error();
    EXPECT_EQ(cli::read_file(file_).value(), bad);
    EXPECT_FALSE(error().contains(good.substr(0, 16))) << "nothing of a key in an error";
  }
  for (const std::string& fine : {good, good + "\n", std::string(64, 'A')}) {
    ASSERT_TRUE(cli::write_file(file_, fine, 0600));
    EXPECT_TRUE(open()) << fine;
  }
}

TEST_F(MasterKey, ReadableByOthersIsRefused) {
  ASSERT_TRUE(open());
  for (unsigned mode : {0640u, 0604u, 0620u, 0601u}) {
    ASSERT_EQ(::chmod(file_.c_str(), mode), 0);
    EXPECT_TRUE(error().contains("chmod 600")) << error();
  }
  ASSERT_EQ(::chmod(file_.c_str(), 0400), 0);
  EXPECT_TRUE(open());
}

class SessionKeysTest : public testing::Test {
 protected:
  Result<std::shared_ptr<const crypto::KeyRing>> at(std::chrono::hours since) {
    return current_session_keys(*store_, *master_, random_, from_epoch_seconds(1'700'000'000) + since);
  }
  SeededRandom random_{2};
  std::unique_ptr<store::Store> store_ = store::Store::open(std::make_unique<store::MemoryBackend>()).value();
  std::shared_ptr<const crypto::KeyRing> master_ = crypto::KeyRing::generate(random_);
};

TEST_F(SessionKeysTest, AreMadeOnceAndRotateWithAge) {
  using std::chrono::hours;
  auto first = at(hours{0}).value();
  EXPECT_EQ(first->ids().size(), 1u);
  EXPECT_EQ(at(kSessionKeyAge - hours{1}).value()->ids(), first->ids()) << "not yet";
  const auto sealed = first->seal("session", "");
  auto second = at(kSessionKeyAge).value();
  EXPECT_EQ(second->ids().size(), 2u);
  EXPECT_NE(second->newest_id(), first->newest_id());
  EXPECT_EQ(second->open(sealed, "")->reveal(), "session") << "sessions from before live on";
  EXPECT_FALSE(first->open(second->seal("new", ""), ""));
  EXPECT_EQ(at(kSessionKeyAge + hours{1}).value()->ids(), second->ids()) << "its age counts from its making";
  EXPECT_EQ(at(kSessionKeyAge * 2 - hours{1}).value()->ids(), second->ids());
}

TEST_F(SessionKeysTest, OldOnesGo) {
  for (int round = 0; round < 10; ++round) {
    auto ring = at(kSessionKeyAge * round);
    ASSERT_TRUE(ring);
    EXPECT_EQ((*ring)->ids().size(), std::min<std::size_t>(static_cast<std::size_t>(round) + 1, kSessionKeysKept));
  }
}

TEST_F(SessionKeysTest, AnotherMasterKeyIsRefused) {
  auto before = at(std::chrono::hours{0}).value();
  auto right = std::exchange(master_, crypto::KeyRing::generate(random_));
  auto refused = at(std::chrono::hours{0});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "The session keys cannot be read: master.key is not the one of this data.");
  master_ = right;
  EXPECT_EQ(at(std::chrono::hours{0}).value()->ids(), before->ids()) << "and nothing was overwritten";
}

}  // namespace
}  // namespace podpass::server
