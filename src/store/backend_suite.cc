// What every backend must do. A new backend adds a row to INSTANTIATE_TEST_SUITE_P.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <ostream>
#include <string>

#include "store/faulty_backend.h"
#include "store/memory_backend.h"
#include "store/sqlite_backend.h"
#include "store/test_directory.h"

namespace podpass::store {
namespace {

// Opens a backend on the same data each time it is called.
using Open = std::function<std::unique_ptr<Backend>()>;

Open memory() {
  return [disk = std::make_shared<MemoryDisk>()] { return std::make_unique<MemoryBackend>(disk); };
}

Open sqlite() {
  return [directory = std::make_shared<TestDirectory>()]() -> std::unique_ptr<Backend> {
    auto backend = open_sqlite_backend(directory->path() / "data");
    if (!backend) ADD_FAILURE() << backend.error().message;
    return backend ? std::move(*backend) : nullptr;
  };
}

Open faulty() {
  return [real = memory()] { return std::make_unique<FaultyBackend>(real(), std::make_shared<FaultPlan>()); };
}

struct Kind {
  const char* name;
  Open (*make)();
};
void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

using Contents = std::map<std::string, std::pair<std::string, Revision>>;

class BackendSuite : public testing::TestWithParam<Kind> {
 protected:
  void reopen() {
    backend_.reset();
    backend_ = open_();
  }

  Contents contents() {
    Contents all;
    auto loaded = backend_->load([&](std::string_view key, std::string_view value, Revision revision) {
      EXPECT_TRUE(all.emplace(key, std::pair(value, revision)).second) << key << " is there twice";
    });
    EXPECT_TRUE(loaded);
    return all;
  }

  Result<Committed> commit(std::vector<Write> writes) {
    Commit one{std::move(writes)};
    auto results = backend_->commit_if({&one, 1});
    EXPECT_EQ(results.size(), 1u);
    return results.at(0);
  }

  Revision put(const std::string& key, const std::string& value, Revision replaces = 0) {
    auto committed = commit({{key, value, replaces}});
    EXPECT_TRUE(committed);
    return committed ? committed->of(0) : 0;
  }

  Open open_ = GetParam().make();
  std::unique_ptr<Backend> backend_ = open_();
};

TEST_P(BackendSuite, StartsEmpty) {
  EXPECT_TRUE(contents().empty());
}

TEST_P(BackendSuite, CreateReplaceDelete) {
  auto first = put("/a", "1");
  EXPECT_GT(first, 0u);
  auto second = put("/a", "2", first);
  EXPECT_GT(second, first);
  EXPECT_EQ(contents(), (Contents{{"/a", {"2", second}}}));
  EXPECT_TRUE(commit({{"/a", std::nullopt, second}}));
  EXPECT_TRUE(contents().empty());
}

TEST_P(BackendSuite, AnyBytesInValues) {
  std::string value("{\"x\":\"\0\x7f\xc3\xa9\"}", 13);
  auto revision = put("/a", value);
  reopen();
  EXPECT_EQ(contents(), (Contents{{"/a", {value, revision}}}));
}

TEST_P(BackendSuite, RevisionsOfACommitAreTold) {
  auto committed = commit({{"/a", "1", 0}, {"/b", "2", 0}, {"/c", "3", 0}});
  ASSERT_TRUE(committed);
  EXPECT_EQ(
      contents(),
      (Contents{{"/a", {"1", committed->of(0)}}, {"/b", {"2", committed->of(1)}}, {"/c", {"3", committed->of(2)}}}));
}

TEST_P(BackendSuite, ConflictLeavesNothingBehind) {
  auto old = put("/a", "1");
  auto now = put("/a", "2", old);
  auto result = commit({{"/b", "new", 0}, {"/a", "3", old}, {"/c", "new", 0}});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::conflict);
  EXPECT_EQ(commit({{"/a", std::nullopt, old}}).error().kind, ErrorKind::conflict);
  EXPECT_EQ(commit({{"/absent", std::nullopt, 77777}}).error().kind, ErrorKind::conflict);
  EXPECT_EQ(contents(), (Contents{{"/a", {"2", now}}}));
}

TEST_P(BackendSuite, AGroupIsCommitByCommit) {
  auto old = put("/a", "1");
  auto now = put("/a", "2", old);
  const Commit group[] = {
      {{{"/b", "b", 0}}},
      {{{"/lost", "x", 0}, {"/a", "x", old}}},
      {{{"/a", std::nullopt, now}}},
      {{{"/a", "again", 0}, {"/d", "d", 0}}},
  };
  auto results = backend_->commit_if(group);
  ASSERT_EQ(results.size(), 4u);
  ASSERT_TRUE(results[0]);
  ASSERT_FALSE(results[1]);
  EXPECT_EQ(results[1].error().kind, ErrorKind::conflict);
  ASSERT_TRUE(results[2]);
  ASSERT_TRUE(results[3]);
  reopen();
  EXPECT_EQ(contents(), (Contents{{"/b", {"b", results[0]->of(0)}},
                                  {"/a", {"again", results[3]->of(0)}},
                                  {"/d", {"d", results[3]->of(1)}}}));
}

TEST_P(BackendSuite, RevisionsAreNotUsedTwice) {
  put("/a", "1");
  auto newest = put("/b", "2");
  EXPECT_TRUE(commit({{"/b", std::nullopt, newest}}));
  reopen();
  EXPECT_GT(put("/b", "3"), newest);
}

TEST_P(BackendSuite, EverythingIsThereAfterReopening) {
  Contents expected;
  for (int round = 0; round < 3; ++round) {
    std::vector<Commit> group;
    for (int i = 0; i < 300; i += round + 1) {
      auto key = "/k/" + std::to_string(i);
      group.push_back({{{key, "v" + std::to_string(round), expected[key].second}}});
    }
    auto results = backend_->commit_if(group);
    for (std::size_t i = 0; i < group.size(); ++i) {
      ASSERT_TRUE(results[i]);
      expected[group[i].writes[0].key] = {*group[i].writes[0].value, results[i]->of(0)};
    }
  }
  reopen();
  EXPECT_EQ(contents(), expected);
  EXPECT_EQ(contents(), expected);  // load may be called again
}

TEST_P(BackendSuite, AnEmptyGroupIsFine) {
  EXPECT_TRUE(backend_->commit_if({}).empty());
}

INSTANTIATE_TEST_SUITE_P(All, BackendSuite,
                         testing::Values(Kind{"memory", memory}, Kind{"sqlite", sqlite}, Kind{"faulty", faulty}),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace podpass::store
