#include "webhook/identities_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/log.h"

namespace podpass::webhook {
namespace {

namespace fs = std::filesystem;

TEST(Identities, TheKnownWebhooksFormat) {
  auto names = parse_identities(R"({"identities":[{"namespace":"a","serviceAccount":"b"},
      {"namespace":"a","serviceAccount":"c","more":1}],"else":{}})");
  ASSERT_TRUE(names);
  EXPECT_EQ(*names, (NameSet{"a/b", "a/c"}));
  for (const auto* nothing : {"", " \n", "{}", R"({"identities":[]})", R"({"identities":null})"}) {
    auto empty = parse_identities(nothing);
    ASSERT_TRUE(empty) << nothing;
    EXPECT_TRUE(empty->empty()) << nothing;
  }
  for (const auto* bad :
       {"{", "[]", "7", R"({"identities":{}})", R"({"identities":["a/b"]})", R"({"identities":[{"namespace":"a"}]})",
        R"({"identities":[{"serviceAccount":"a"}]})", R"({"identities":[{"namespace":1,"serviceAccount":"a"}]})"})
    EXPECT_FALSE(parse_identities(bad)) << bad;
}

class IdentitiesFileTest : public testing::Test {
 protected:
  IdentitiesFileTest() {
    log::set_level(log::Level::off);
    fs::create_directories(directory_);
  }
  ~IdentitiesFileTest() override { fs::remove_all(directory_); }

  static std::string one(const std::string& name) {
    return R"({"identities":[{"namespace":"ns","serviceAccount":")" + name + R"("}]})";
  }
  // Written beside and moved there, as careful writers do: another inode each time.
  void write(const fs::path& path, const std::string& text) {
    const auto fresh = directory_ / ("fresh" + std::to_string(++count_));
    std::ofstream(fresh) << text;
    fs::rename(fresh, path);
  }

  const fs::path directory_ = fs::path(testing::TempDir()) / ("identities" + std::to_string(getpid()));
  const fs::path path_ = directory_ / "config.json";
  int count_ = 0;
  Metrics metrics_;
};

TEST_F(IdentitiesFileTest, WhatCannotBeReadIsNoEmptyList) {
  IdentitiesFile file(path_, metrics_);
  write(path_, one("a"));
  EXPECT_TRUE(file.ask("ns", "a"));
  fs::remove(path_);
  fs::create_directory(path_);
  file.refresh();
  EXPECT_TRUE(file.has("ns", "a")) << "a directory";
  fs::remove(path_);
  file.refresh();
  EXPECT_FALSE(file.has("ns", "a")) << "no file";
}

TEST_F(IdentitiesFileTest, IsReadWhenSomebodyAsks) {
  IdentitiesFile file(path_, metrics_);
  EXPECT_FALSE(file.ask("ns", "a")) << "no file is an empty one";
  write(path_, one("a"));
  EXPECT_FALSE(file.has("ns", "a"));
  EXPECT_TRUE(file.ask("ns", "a"));
  EXPECT_TRUE(file.has("ns", "a"));
  EXPECT_FALSE(file.ask("other", "a"));
  write(path_, one("b"));
  EXPECT_TRUE(file.ask("ns", "b"));
  EXPECT_FALSE(file.has("ns", "a"));
}

TEST_F(IdentitiesFileTest, RefreshFindsWhatWasTakenOut) {
  write(path_, one("a"));
  IdentitiesFile file(path_, metrics_);
  file.refresh();
  EXPECT_TRUE(file.has("ns", "a"));
  write(path_, "");
  file.refresh();
  EXPECT_FALSE(file.has("ns", "a"));
  write(path_, one("a"));
  file.refresh();
  fs::remove(path_);
  file.refresh();
  EXPECT_EQ(file.size(), 0U);
}

TEST_F(IdentitiesFileTest, BadJsonKeepsTheOldSet) {
  write(path_, one("a"));
  IdentitiesFile file(path_, metrics_);
  file.refresh();
  write(path_, R"({"identities":[{"namespace":"ns","serviceAcc)");
  file.refresh();
  EXPECT_TRUE(file.has("ns", "a"));
  EXPECT_FALSE(file.ask("ns", "b"));
  write(path_, one("b"));
  EXPECT_TRUE(file.ask("ns", "b"));
  EXPECT_FALSE(file.has("ns", "a"));
}

// Kubernetes mounts a ConfigMap as links: config.json -> ..data/config.json, ..data -> ..2026_1. A change makes a new
// folder and moves a new link over ..data; config.json itself stays.
TEST_F(IdentitiesFileTest, FollowsTheSwapOfAConfigMap) {
  const auto version = [&](const std::string& name, const std::string& text) {
    fs::create_directory(directory_ / name);
    std::ofstream(directory_ / name / "config.json") << text;
    fs::create_directory_symlink(name, directory_ / "..data_tmp");
    fs::rename(directory_ / "..data_tmp", directory_ / "..data");
  };
  version("..2026_1", one("a"));
  fs::create_symlink("..data/config.json", path_);
  IdentitiesFile file(path_, metrics_);
  EXPECT_TRUE(file.ask("ns", "a"));
  version("..2026_2", one("b"));
  fs::remove_all(directory_ / "..2026_1");
  EXPECT_TRUE(file.ask("ns", "b"));
  EXPECT_FALSE(file.has("ns", "a"));
}

}  // namespace
}  // namespace podpass::webhook
