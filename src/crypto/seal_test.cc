#include "crypto/seal.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace podpass::crypto {
namespace {

class Seal : public ::testing::Test {
 protected:
  SeededRandom random{7};
  std::shared_ptr<const KeyRing> ring = KeyRing::generate(random);
};

TEST_F(Seal, OpensWhatItSealed) {
  for (std::size_t length : {0u, 1u, 16u, 1'000u, 100'000u}) {
    std::string plain(length, 'x');
    auto sealed = ring->seal(plain, "purpose");
    EXPECT_EQ(sealed.size(), length + KeyRing::kOverhead);
    auto opened = ring->open(sealed, "purpose");
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->reveal(), plain);
    EXPECT_FALSE(ring->open(sealed, "other purpose"));
    EXPECT_FALSE(ring->open(sealed, ""));
  }
}

TEST_F(Seal, RefusesEveryChangedByteAndEveryCut) {
  auto sealed = ring->seal("the quick brown fox", "ad");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(ring->open(changed, "ad")) << i;
    EXPECT_FALSE(ring->open(sealed.substr(0, i), "ad")) << i;
  }
  EXPECT_FALSE(ring->open(sealed + "x", "ad"));
  EXPECT_TRUE(ring->open(sealed, "ad"));
}

TEST_F(Seal, NewestSealsAllOpen) {
  auto old_text = ring->seal("old", "");
  auto rotated = ring->rotated(random);
  EXPECT_NE(rotated->newest_id(), ring->newest_id());
  auto new_text = rotated->seal("new", "");
  EXPECT_TRUE(rotated->open(old_text, ""));
  EXPECT_FALSE(ring->open(new_text, ""));

  auto dropped = rotated->without(ring->newest_id());
  ASSERT_TRUE(dropped);
  EXPECT_FALSE((*dropped)->open(old_text, ""));
  EXPECT_TRUE((*dropped)->open(new_text, ""));
  EXPECT_EQ((*dropped)->without(1).error().kind, ErrorKind::not_found);
  EXPECT_EQ((*dropped)->without((*dropped)->newest_id()).error().kind, ErrorKind::invalid);
}

TEST_F(Seal, RotationKeepsSoMany) {
  auto rotated = ring;
  for (int i = 0; i < 5; ++i) rotated = rotated->rotated(random, 3);
  EXPECT_EQ(rotated->ids().size(), 3u);
  EXPECT_EQ(rotated->ids().back(), rotated->newest_id());
}

TEST_F(Seal, RingSealedByAMasterKey) {
  auto master = *KeyRing::from_key(1, Secret(std::string(32, 'm')));
  auto rotated = ring->rotated(random);
  auto text = rotated->seal("text", "ad");
  auto stored = rotated->sealed_by(*master);
  auto loaded = KeyRing::unsealed_by(*master, stored);
  ASSERT_TRUE(loaded);
  EXPECT_EQ((*loaded)->ids(), rotated->ids());
  EXPECT_EQ((*loaded)->open(text, "ad")->reveal(), "text");
  auto other = *KeyRing::from_key(1, Secret(std::string(32, 'o')));
  EXPECT_FALSE(KeyRing::unsealed_by(*other, stored));
  EXPECT_FALSE(KeyRing::unsealed_by(*master, master->seal("no ring", "podpass key ring")));
  EXPECT_FALSE(KeyRing::from_key(1, Secret("short")));
}

TEST_F(Seal, NoncesDontRepeatOverThreads) {
  std::array<std::vector<std::string>, 4> nonces;
  std::vector<std::thread> threads;
  for (auto& mine : nonces) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2'000; ++i) mine.push_back(ring->seal("", "").substr(5, 12));
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& mine : nonces) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 8'000u);
}

// More rings than a thread keeps contexts for.
TEST_F(Seal, ManyRingsByTurns) {
  std::vector<std::shared_ptr<const KeyRing>> rings;
  for (int i = 0; i < 40; ++i) rings.push_back(KeyRing::generate(random));
  std::vector<std::string> texts;
  for (const auto& each : rings) texts.push_back(each->seal("x", ""));
  for (std::size_t i = 0; i < rings.size(); ++i) {
    EXPECT_TRUE(rings[i]->open(texts[i], ""));
    EXPECT_FALSE(rings[i]->open(texts[(i + 1) % texts.size()], ""));
  }
}

}  // namespace
}  // namespace podpass::crypto
