#include "policy/lint.h"

#include <gtest/gtest.h>

#include <map>

#include "policy/table_for_test.h"

namespace podpass::policy {
namespace {

TEST(Lint, FindsWhatWillNotWork) {
  const std::map<std::string, Kind> kinds = {
      {"identity", Kind::identity}, {"trust", Kind::trust}, {"bucket", Kind::bucket}, {"resource", Kind::resource}};
  for (const auto& row : read_table("lint.txt", 3, 35)) {
    std::string found;
    for (const auto& finding : lint(row[1], kinds.at(row[0]))) {
      found += (found.empty() ? "" : ", ") + std::to_string(finding.place.line) + ":" +
               std::to_string(finding.place.column) + " " + finding.code;
      EXPECT_FALSE(finding.message.empty()) << row.line;
    }
    EXPECT_EQ(found.empty() ? "-" : found, row[2]) << "lint.txt:" << row.line;
  }
}

TEST(Lint, SaysWhatToDo) {
  const auto found = lint(
      "{\"Version\":\"2012-10-17\",\n\"Statement\":{\"Effect\":\"Allow\",\n \"Action\":\"s3:GetObjct\","
      "\"Resource\":\"*\"}}",
      Kind::identity);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, Severity::warning);
  EXPECT_EQ(found[0].place.line, 3U);
  EXPECT_EQ(found[0].message, "\"s3:GetObjct\" is no action of AWS. Did you mean s3:GetObject?");
}

// A document of nothing but unknown actions must not cost seconds.
TEST(Lint, GuessesABoundedNumberOfNames) {
  std::string actions;
  for (int i = 0; i < 30; ++i) actions += std::string(i == 0 ? "" : ",") + "\"s3:GetObjct\"";
  const auto found =
      lint(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*","Action":[)" + actions + "]}}",
           Kind::identity);
  ASSERT_EQ(found.size(), 30U);
  EXPECT_TRUE(found[19].message.contains("Did you mean")) << found[19].message;
  EXPECT_FALSE(found[20].message.contains("Did you mean")) << found[20].message;
}

}  // namespace
}  // namespace podpass::policy
