#include "policy/pattern.h"

#include <gtest/gtest.h>

#include "policy/policy.h"
#include "policy/table_for_test.h"

namespace podpass::policy {
namespace {

std::string unquoted(const std::string& text) {
  return text == "\"\"" ? "" : text;
}

// Whether an allow statement of the given elements covers a request.
bool allows(const std::string& version, const std::string& elements, std::string_view action,
            std::string_view resource) {
  const auto head = version == "-" ? std::string("{") : "{\"Version\":\"" + version + "\",";
  const auto policy = Policy::parse(head + R"("Statement":{"Effect":"Allow",)" + elements + "}}", Kind::identity);
  EXPECT_TRUE(policy.has_value()) << policy.error().message << " " << policy.error().cause;
  if (!policy) return false;
  Context context;
  context.add("aws:username", "alice");
  context.add_tag("aws:PrincipalTag/", "star", "*");
  context.add_tag("aws:PrincipalTag/", "deep", "a/b");
  const Principal principal{.type = PrincipalType::user, .account = "111122223333"};
  const NamedPolicy named{policy->get(), {}};
  Layers layers;
  layers.identity = {&named, 1};
  return evaluate({principal, action, resource, {}, context}, layers).allowed();
}

TEST(Pattern, Globs) {
  Context context;
  for (const auto& row : read_table("globs.txt", 3, 40)) {
    const auto pattern = unquoted(row[0]);
    const auto subject = unquoted(row[1]);
    SCOPED_TRACE("globs.txt:" + std::to_string(row.line) + " " + pattern + " " + subject);
    EXPECT_EQ(glob_matches(pattern, subject), row[2] == "yes");
    // The classified form, and the form with variables, must agree with the plain one.
    PatternPool pool;
    const auto compiled = pool.make(pattern, {Wildcards::yes, Variables::no, Case::keep});
    EXPECT_EQ(pool.matches(compiled, subject, context), row[2] == "yes");
    const auto parts = pool.make(pattern + "${a:none, ''}", {Wildcards::yes, Variables::yes, Case::keep});
    EXPECT_EQ(parts.type, PatternType::parts);
    EXPECT_EQ(pool.matches(parts, subject, context), row[2] == "yes");
  }
}

TEST(Pattern, Forms) {
  const auto type = [](std::string_view text) {
    return PatternPool().make(text, {Wildcards::yes, Variables::yes, Case::keep}).type;
  };
  EXPECT_EQ(type("a"), PatternType::exact);
  EXPECT_EQ(type("*"), PatternType::any);
  EXPECT_EQ(type("***"), PatternType::any);
  EXPECT_EQ(type("a*"), PatternType::prefix);
  EXPECT_EQ(type("a**"), PatternType::prefix);
  EXPECT_EQ(type("*a"), PatternType::suffix);
  EXPECT_EQ(type("a**b"), PatternType::prefix_suffix);
  EXPECT_EQ(type("a*b*"), PatternType::glob);
  EXPECT_EQ(type("a?"), PatternType::glob);
  EXPECT_EQ(type("a${a:b}"), PatternType::parts);
  EXPECT_EQ(type("a${*}"), PatternType::exact);
  EXPECT_EQ(type("a${a:b"), PatternType::never);
}

TEST(Pattern, Actions) {
  for (const auto& row : read_table("actions.txt", 4, 25)) {
    SCOPED_TRACE("actions.txt:" + std::to_string(row.line) + " " + row[1] + " " + row[2]);
    EXPECT_EQ(allows("2012-10-17", "\"" + row[0] + "\":" + row[1] + R"(,"Resource":"*")", row[2], "arn:aws:s3:::b/k"),
              row[3] == "yes");
  }
}

TEST(Pattern, Resources) {
  for (const auto& row : read_table("resources.txt", 5, 45)) {
    SCOPED_TRACE("resources.txt:" + std::to_string(row.line) + " " + row[2] + " " + row[3]);
    EXPECT_EQ(allows(row[0], R"("Action":"*",")" + row[1] + "\":" + row[2], "s3:GetObject", row[3]), row[4] == "yes");
  }
}

TEST(Pattern, HeadRejectsOnlyWhatDiffers) {
  PatternPool pool;
  const auto pattern = pool.make("s3:get", {});
  EXPECT_FALSE(head_differs(pattern, head_of("s3:get")));
  EXPECT_FALSE(head_differs(pattern, head_of("s3:getobject")));
  EXPECT_TRUE(head_differs(pattern, head_of("s3:put")));
  EXPECT_FALSE(head_differs(pool.make("*x", {Wildcards::yes, Variables::no, Case::keep}), head_of("y")));
}

TEST(Pattern, VariablesFoundAndCounted) {
  EXPECT_EQ(count_variables("a${b:c}${*}"), 2U);
  EXPECT_EQ(variable_keys("a${b:c}${*}${d:e, 'f'}${g"), (std::vector<std::string_view>{"b:c", "d:e"}));
  std::string many = "arn:aws:s3:::b/";
  for (std::size_t i = 0; i <= kMaxVariables; ++i) many += "${a:b}";
  EXPECT_FALSE(
      Policy::parse(R"({"Statement":{"Effect":"Allow","Action":"*","Resource":")" + many + "\"}}", Kind::identity));
}

// Each of these takes a backtracking matcher longer than the age of the universe.
TEST(Pattern, HostileGlobsEndSoon) {
  std::string stars;
  for (int i = 0; i < 1000; ++i) stars += "*a";
  const std::string subject(20'000, 'a');
  EXPECT_FALSE(glob_matches(stars + "b", subject));
  EXPECT_TRUE(glob_matches(stars, subject));
  EXPECT_FALSE(glob_matches("*" + std::string(5'000, 'a') + "b*c", subject));
  PatternPool pool;
  Context context;
  const auto parts = pool.make(stars + "${a:b, 'x'}", {Wildcards::yes, Variables::yes, Case::keep});
  EXPECT_FALSE(pool.matches(parts, subject, context));
}

}  // namespace
}  // namespace podpass::policy
