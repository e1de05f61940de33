#include "store/tree.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace podpass::store {
namespace {

using Entries = std::map<std::string, Revision>;

RecordPtr record(std::string_view tail, Revision revision) {
  return Record::make(tail, "v", 1, revision);
}

void expect_same(const Tree& tree, const Entries& model) {
  ASSERT_EQ(tree.size(), model.size());
  Tree::Cursor cursor(tree, "");
  std::size_t rank = 0;
  for (const auto& [tail, revision] : model) {
    ASSERT_TRUE(cursor.get());
    ASSERT_EQ(cursor.get()->tail(), tail);
    ASSERT_EQ(cursor.get()->revision(), revision);
    const auto* found = tree.find(tail);
    ASSERT_TRUE(found) << tail;
    ASSERT_EQ(found->revision(), revision);
    ASSERT_EQ(tree.rank(tail), rank++);
    cursor.next();
  }
  ASSERT_EQ(cursor.get(), nullptr);
}

void expect_seeks(const Tree& tree, const Entries& model, const std::string& tail) {
  auto at = model.lower_bound(tail);
  Tree::Cursor cursor(tree, tail);
  ASSERT_EQ(cursor.get() != nullptr, at != model.end());
  if (cursor.get()) {
    ASSERT_EQ(cursor.get()->tail(), at->first);
  }
  ASSERT_EQ(tree.rank(tail), static_cast<std::size_t>(std::distance(model.begin(), at)));
  ASSERT_EQ(tree.find(tail) != nullptr, model.contains(tail));
}

// Tails with long common beginnings, one the beginning of another, bytes of every size.
std::string some_tail(std::mt19937& random, int range) {
  static const char* const kStarts[] = {"", "a", "account/111122223333/cluster/", "account/111122223333/cluster/blue/",
                                        "\xff\xff"};
  return kStarts[random() % 5] + std::to_string(static_cast<int>(random()) % range) + std::string(random() % 3, '\0');
}

class TreeModel : public testing::TestWithParam<unsigned> {};

TEST_P(TreeModel, BehavesAsAMapAndOldVersionsStay) {
  std::mt19937 random(GetParam());
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  int range = GetParam() % 2 ? 300 : 20'000;
  Tree tree;
  Entries model;
  std::vector<std::pair<Tree, Entries>> versions;
  Edit edit = 1;
  Revision revision = 0;
  for (int round = 0; round < 60; ++round) {
    int share = static_cast<int>(random() % 100);  // of erasures: the tree grows and shrinks
    for (int i = 0; i < 60; ++i) {
      auto tail = some_tail(random, range);
      if (static_cast<int>(random() % 100) < share) {
        if (!model.empty() && random() % 2)
          tail = std::next(model.begin(), random() % static_cast<int>(model.size()))->first;
        ASSERT_EQ(tree.erase(edit, tail), model.erase(tail) == 1);
      } else {
        tree.put(edit, record(tail, ++revision));
        model[tail] = revision;
      }
      ASSERT_NO_FATAL_FAILURE(expect_seeks(tree, model, some_tail(random, range)));
    }
    if (round % 10 == 0) versions.emplace_back(tree, model);
    ++edit;
  }
  expect_same(tree, model);
  for (const auto& [old_tree, old_model] : versions) expect_same(old_tree, old_model);
}

INSTANTIATE_TEST_SUITE_P(Seeds, TreeModel, testing::Range(0u, 8u));

TEST(Tree, RisingAndFallingKeys) {
  for (int direction : {1, -1}) {
    Tree tree;
    Entries model;
    for (int i = 0; i < 5'000; ++i) {
      auto tail = std::to_string(500'000 + direction * i);
      tree.put(1, record(tail, 1));
      model[tail] = 1;
    }
    expect_same(tree, model);
    for (int i = 0; i < 5'000; ++i) EXPECT_TRUE(tree.erase(2, std::to_string(500'000 + direction * i)));
    EXPECT_EQ(tree.size(), 0u);
    EXPECT_FALSE(tree.erase(2, "x"));
  }
}

TEST(Tree, EmptyTailIsATail) {
  Tree tree;
  EXPECT_EQ(tree.find(""), nullptr);
  tree.put(1, record("", 1));
  tree.put(1, record(std::string(1, '\0'), 2));
  ASSERT_TRUE(tree.find(""));
  EXPECT_EQ(tree.find("")->revision(), 1u);
  EXPECT_EQ(tree.rank(std::string(1, '\0')), 1u);
}

}  // namespace
}  // namespace podpass::store
