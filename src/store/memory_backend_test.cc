#include "store/memory_backend.h"

#include <gtest/gtest.h>

namespace podpass::store {
namespace {

TEST(MemoryBackend, ARecordThatMustBeAbsentConflicts) {
  MemoryBackend backend;
  const Commit twice[] = {{{{"/a", "1", 0}}}, {{{"/a", "2", 0}}}};
  auto results = backend.commit_if(twice);
  EXPECT_TRUE(results[0]);
  ASSERT_FALSE(results[1]);
  EXPECT_EQ(results[1].error().kind, ErrorKind::conflict);
}

TEST(MemoryBackend, OthersOnTheDiskAreTold) {
  auto disk = std::make_shared<MemoryDisk>();
  MemoryBackend here(disk), there(disk);
  std::vector<std::string> seen;
  auto watcher = [&](std::string key, std::optional<std::string> value, Revision) {
    seen.push_back(key + "=" + value.value_or("-"));
  };
  here.watch(watcher);
  const Commit commits[] = {{{{"/a", "1", 0}}}, {{{"/a", std::nullopt, 1}}}};
  ASSERT_TRUE(there.commit_if(commits)[1]);
  ASSERT_TRUE(here.commit_if({commits, 1})[0]);  // its own: not told
  EXPECT_EQ(seen, (std::vector<std::string>{"/a=1", "/a=-"}));
  EXPECT_EQ(disk->records(), 1u);
}

}  // namespace
}  // namespace podpass::store
