#include "policy/pattern.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "policy/policy.h"
#include "policy/table_for_test.h"
#include "policy/text_search.h"

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
    const auto compiled = pool.add(pattern, {Wildcards::yes, Variables::no, Case::keep});
    EXPECT_EQ(pool.matches(compiled, subject, context), row[2] == "yes");
    const auto parts = pool.add(pattern + "${a:none, ''}", {Wildcards::yes, Variables::yes, Case::keep});
    EXPECT_EQ(parts.type, PatternType::parts);
    EXPECT_EQ(pool.matches(parts, subject, context), row[2] == "yes");
  }
}

TEST(Pattern, Forms) {
  const auto type = [](std::string_view text) {
    return PatternPool().add(text, {Wildcards::yes, Variables::yes, Case::keep}).type;
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
  constexpr PatternRules kAction = {Wildcards::yes, Variables::no, Case::fold};
  const auto pattern = pool.add("s3:Get", kAction);
  EXPECT_FALSE(head_differs(pattern, head_of("s3:get")));
  EXPECT_FALSE(head_differs(pattern, head_of("s3:getobject")));
  EXPECT_TRUE(head_differs(pattern, head_of("s3:put")));
  EXPECT_FALSE(head_differs(pool.add("*x", kAction), head_of("y")));
  EXPECT_FALSE(head_differs(pool.add("s*x", kAction), head_of("syx")));
  EXPECT_TRUE(head_differs(pool.add("s*x", kAction), head_of("tyx")));
  EXPECT_FALSE(head_differs(pool.add("s?*x*", kAction), head_of("syx")));
  EXPECT_TRUE(head_differs(pool.add("s?*x*", kAction), head_of("tyx")));
}

TEST(Pattern, VariablesFoundAndCounted) {
  EXPECT_EQ(count_variables("a${b:c}${*}"), 2U);
  EXPECT_EQ(variable_keys("a${b:c}${*}${d:e, 'f'}${g"), (std::vector<std::string_view>{"b:c", "d:e"}));
  std::string many = "arn:aws:s3:::b/";
  for (std::size_t i = 0; i <= kMaxVariables; ++i) many += "${a:b}";
  EXPECT_FALSE(
      Policy::parse(R"({"Statement":{"Effect":"Allow","Action":"*","Resource":")" + many + "\"}}", Kind::identity));
}

// Tries every choice. `borders`: wildcards match no colon in that many bytes at the subject's front.
bool naive_match(std::span<const std::string> pieces, std::string_view subject, std::size_t borders) {
  if (pieces.empty()) return subject.empty();
  const auto rest = pieces.subspan(1);
  const auto& piece = pieces[0];
  if (piece == "*" && rest.empty()) return true;
  const auto left = [&](std::size_t taken) { return borders - std::min(borders, taken); };
  const bool may_take = !subject.empty() && (borders == 0 || subject[0] != ':');
  const auto next = subject.empty() ? 0 : next_character(subject, 0);
  if (piece == "*" && naive_match(rest, subject, borders)) return true;
  if (piece == "*") return may_take && naive_match(pieces, subject.substr(next), left(next));
  if (piece == "?") return may_take && naive_match(rest, subject.substr(next), left(next));
  const auto text = piece.starts_with("$") ? std::string_view(piece).substr(1) : std::string_view(piece);
  return subject.starts_with(text) && naive_match(rest, subject.substr(text.size()), left(text.size()));
}

std::string random_text(std::mt19937& random, std::size_t length, std::span<const std::string_view> characters) {
  std::string text;
  for (auto left = random() % length; left > 0; --left) text += characters[random() % characters.size()];
  return text;
}

TEST(Pattern, PartsAgreeWithANaiveMatcher) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  constexpr std::array<std::string_view, 6> kCharacters = {"a", "ü", ":", "b", "*", "?"};
  const std::span<const std::string_view> all(kCharacters), few = all.first(3);
  std::array<std::size_t, 3> matched{};
  for (int i = 0; i < 60'000; ++i) {
    const auto characters = random() % 2 == 0 ? few : all;
    Context context;
    std::vector<std::string> pieces;
    std::vector<std::string> values(2 + random() % 7);
    std::vector<std::string> keys(values.size());  // the context keeps no copies
    std::string source;
    for (std::size_t v = 0; v < values.size(); ++v) {
      const auto kind = v == 0 ? 5 : random() % 6;  // a variable at least
      values[v] = random_text(random, 4, kind < 5 ? characters.first(2) : characters);
      if (kind == 4) values[v] = ":";
      keys[v] = "k:" + std::to_string(v);
      context.add(keys[v], values[v]);
      if (kind < 5 && values[v].empty()) continue;
      pieces.push_back(kind < 2 ? "*" : kind == 2 ? "?" : kind < 5 ? values[v] : "$" + values[v]);
      source += kind == 5 ? "${" + keys[v] + "}" : pieces.back();
    }
    const auto subject = random_text(random, 16, characters.first(3));
    PatternPool pool;
    const auto parts = pool.add(source, {Wildcards::yes, Variables::yes, Case::keep});
    const bool expected = naive_match(pieces, subject, 0);
    ASSERT_EQ(pool.matches(parts, subject, context), expected) << source << " | " << subject;
    matched[0] += expected ? 1 : 0;

    // As the value of an Arn condition.
    std::size_t colons = 0;
    const auto fifth = std::ranges::find_if(subject, [&](char c) { return c == ':' && ++colons == kArnFields - 1; });
    const bool is_arn = fifth != subject.end();
    const auto arn = pool.add_arn(source, Variables::yes);
    if (arn.type != PatternType::arn_parts) continue;
    const auto borders = static_cast<std::size_t>(fifth - subject.begin()) + 1;
    const bool like = is_arn && naive_match(pieces, subject, borders);
    ASSERT_EQ(pool.matches(arn, subject, context), like) << source << " | " << subject;
    matched[1] += like ? 1 : 0;
    matched[2] += is_arn ? 1 : 0;
  }
  EXPECT_GT(matched[0], 1'000U);
  EXPECT_GT(matched[1], 100U);
  EXPECT_GT(matched[2], 1'000U);
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
  const auto parts = pool.add(stars + "${a:b, 'x'}", {Wildcards::yes, Variables::yes, Case::keep});
  EXPECT_FALSE(pool.matches(parts, subject, context));
}

}  // namespace
}  // namespace podpass::policy
