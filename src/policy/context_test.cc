#include "policy/context.h"

#include <gtest/gtest.h>

#include <string>

namespace podpass::policy {
namespace {

TEST(Context, NamesFoldCase) {
  Context context;
  context.add("aws:SourceIp", "1.2.3.4");
  ASSERT_TRUE(context.find("AWS:sourceip"));
  EXPECT_EQ(context.find("AWS:sourceip")->value, "1.2.3.4");
  EXPECT_FALSE(context.find("aws:SourceIp2"));
  EXPECT_FALSE(context.find(""));
}

TEST(Context, LaterValueReplaces) {
  Context context;
  context.add("a:b", "1");
  context.add("A:B"_key, "2");
  EXPECT_EQ(context.size(), 1U);
  EXPECT_EQ(context.find("a:b")->value, "2");
  const std::array<std::string_view, 2> list = {"x", "y"};
  context.add_list("a:b", list);
  EXPECT_EQ(context.size(), 1U);
  EXPECT_TRUE(context.find("a:b")->multivalued);
  EXPECT_EQ(context.find("a:b")->all().size(), 2U);
}

TEST(Context, TagsAreFoundByTheirWholeName) {
  Context context;
  context.add_tag("aws:PrincipalTag/", "Team", "blue");
  context.add("aws:PrincipalTag/team", "red");
  EXPECT_EQ(context.size(), 1U);
  EXPECT_EQ(context.find("aws:principaltag/TEAM")->value, "red");
  static_assert("aws:PrincipalTag/Team"_key.hash == fold_hash("team", fold_hash("aws:principaltag/")));
}

TEST(Context, ListsAreCopied) {
  Context context;
  {
    const std::vector<std::string_view> gone = {"a", "b", "c"};
    context.add_list("aws:TagKeys", gone);
  }
  ASSERT_EQ(context.find("aws:TagKeys")->all().size(), 3U);
  EXPECT_EQ(context.find("aws:TagKeys")->all()[2], "c");
  context.add_list("a:empty", {});
  EXPECT_TRUE(context.find("a:empty")->all().empty());
}

TEST(Context, FarMoreKeysThanUsual) {
  std::vector<std::string> names;
  for (int i = 0; i < 300; ++i) names.push_back("a:key" + std::to_string(i));
  Context context;
  for (const std::size_t kept : {10U, 64U, 65U, 200U}) {
    for (const auto& name : names) context.add(name, name);
    for (const auto& name : names) ASSERT_EQ(context.find(name)->value, name);
    context.truncate(kept);
    for (std::size_t i = 0; i < names.size(); ++i) ASSERT_EQ(context.find(names[i]) != nullptr, i < kept) << kept;
  }
  context.clear();
  EXPECT_EQ(context.size(), 0U);
  for (const auto& name : names) EXPECT_FALSE(context.find(name));
}

TEST(Context, TruncateForgetsLaterKeys) {
  Context context;
  context.add("a:first", "1");
  const auto before = context.size();
  context.add("a:second", "2");
  context.add("a:first", "3");
  context.truncate(before);
  EXPECT_FALSE(context.find("a:second"));
  EXPECT_EQ(context.find("a:first")->value, "3");
  context.add("a:second", "4");
  EXPECT_EQ(context.find("a:second")->value, "4");
}

TEST(Context, KeepsText) {
  Context context;
  std::vector<std::string_view> kept;
  for (int i = 0; i < 200; ++i) kept.push_back(context.keep("text " + std::to_string(i)));
  for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept[i], "text " + std::to_string(i));
  const std::string large(10'000, 'x');
  EXPECT_EQ(context.keep(large), large);
  EXPECT_EQ(context.keep(""), "");
}

TEST(Context, HoldsManyKeys) {
  Context context;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kMaxContextKeys; ++i) names.push_back("a:k" + std::to_string(i));
  for (const auto& name : names) context.add(name, name);
  EXPECT_EQ(context.size(), kMaxContextKeys);
  for (const auto& name : names) EXPECT_EQ(context.find(name)->value, name);
  EXPECT_FALSE(context.overflowed());
  context.add("one:more", "");
  EXPECT_TRUE(context.overflowed());
  EXPECT_EQ(context.find("one:more"), nullptr);
  context.truncate(0);
  EXPECT_TRUE(context.overflowed());  // what was lost may have mattered
}

}  // namespace
}  // namespace podpass::policy
