// Pattern: one compiled text to compare with: action, resource, or condition value. PatternPool: where a policy's
// patterns keep their text.
//
// The commonest forms (any, exact, prefix, suffix, prefix*suffix) are told apart when compiled. A glob is matched
// segment by segment from star to star, never back beyond the last star, so the time is linear but for segments with
// '?' behind a star (policy/text_search.h gives their bound). '*' matches any run of bytes, '?' one UTF-8 character. A
// value put in for a variable is literal: its own '*' and '?' match only themselves. A variable whose key is absent or
// multivalued, or that is malformed, and has no default makes the pattern match nothing. At most kMaxVariables in one
// pattern. Matching is const, does not allocate, and is safe from any thread. Source: IAM user guide, "Variables and
// tags", "Resource" and "ARNs".
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/context.h"

namespace podpass::policy {

inline constexpr std::size_t kMaxVariables = 64;
inline constexpr std::size_t kArnFields = 6;

struct TextRange {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

enum class PatternType : std::uint8_t { never, any, exact, prefix, suffix, prefix_suffix, glob, parts, arn, arn_parts };

struct Pattern {
  std::uint64_t head = 0;    // the first bytes of a folded text, for rejecting actions quickly
  std::uint32_t offset = 0;  // into text; parts, arn_parts: into parts; arn: into arn_fields
  std::uint32_t size = 0;    // of the text; prefix_suffix: of the prefix; parts, arn_parts: how many
  std::uint32_t suffix = 0;  // prefix_suffix: size of the suffix, which follows the prefix
  PatternType type = PatternType::never;
  std::uint8_t head_size = 0;
};

enum class PartType : std::uint8_t { text, star, question, variable };

// A piece of a pattern that has variables.
struct Part {
  PartType type = PartType::text;
  bool has_default = false;
  TextRange text;  // variable: the key's name
  TextRange fallback;
  std::uint32_t key_hash = 0;
};

enum class Wildcards : std::uint8_t { no, yes };
enum class Variables : std::uint8_t { no, yes };
enum class Case : std::uint8_t { keep, fold };
struct PatternRules {
  Wildcards wildcards = Wildcards::no;
  Variables variables = Variables::no;
  Case letter_case = Case::keep;  // fold: compiled in lower case, to be matched with matches_folded or lower-case text
};

struct PatternPool {
  std::string text;
  std::vector<Pattern> patterns;
  std::vector<Pattern> arn_fields;  // six each for patterns of type arn
  std::vector<Part> parts;

  std::string_view view(TextRange range) const { return {text.data() + range.offset, range.size}; }
  TextRange keep(std::string_view piece);

  // Each of these adds a pattern behind `patterns`.
  const Pattern& add(std::string_view source, PatternRules rules);
  // A resource: fields before the fifth colon are matched each by itself; variables only behind it. Anything but an ARN
  // or "*" matches nothing.
  const Pattern& add_resource(std::string_view source, Variables variables);
  // A value of an Arn condition: six fields, each matched by itself; variables anywhere, and one may hold several
  // fields or the whole ARN.
  const Pattern& add_arn(std::string_view source, Variables variables);

  bool matches(const Pattern& pattern, std::string_view subject, const Context& context) const {
    const std::string_view front(text.data() + pattern.offset, pattern.size);
    switch (pattern.type) {
      case PatternType::any:
        return true;
      case PatternType::exact:
        return equals(pattern, subject);
      case PatternType::prefix:
        return subject.size() >= front.size() && same_bytes(subject.data(), front);
      default:
        return matches_otherwise(pattern, subject, context);
    }
  }
  bool matches_folded(const Pattern& pattern, std::string_view subject,
                      const Context& context) const;  // exact and parts only

  // What a text must begin with to match a pattern without variables; of an ARN's nothing is told.
  std::string_view literal_front(const Pattern& pattern) const;
  // Of an exact pattern.
  std::string_view exact_text(const Pattern& pattern) const { return {text.data() + pattern.offset, pattern.size}; }
  bool equals(const Pattern& pattern, std::string_view subject) const {
    return subject.size() == pattern.size && same_bytes(subject.data(), {text.data() + pattern.offset, pattern.size});
  }

 private:
  // Faster than memcmp for the few bytes of an action or an ARN.
  static bool same_bytes(const char* subject, std::string_view text) {
    const auto load = [](const char* from) {
      std::uint64_t word = 0;
      std::memcpy(&word, from, sizeof word);
      return word;
    };
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
      if (load(subject + at) != load(text.data() + at)) return false;
    }
    for (; at < text.size(); ++at) {
      if (subject[at] != text[at]) return false;
    }
    return true;
  }

  bool matches_otherwise(const Pattern& pattern, std::string_view subject, const Context& context) const;
  // These fill in a new pattern where it lies: one that was just written is slow to copy.
  void make(std::string_view source, PatternRules rules, Pattern& pattern);
  void make_plain(std::string_view source, PatternRules rules, Pattern& pattern);
  void make_kept(TextRange range, Wildcards wildcards, Pattern& pattern);  // of text that is kept already, for it alone
  void make_parts(std::string_view source, PatternRules rules, Pattern& pattern);
  void make_fields(std::string_view source, Variables variables, bool variables_in_front, Pattern& pattern);
};

// The first eight bytes, in the form of Pattern::head.
std::uint64_t head_of(std::string_view text);
inline bool head_differs(const Pattern& pattern, std::uint64_t head) {
  return pattern.head_size != 0 && ((head ^ pattern.head) << (64 - 8 * pattern.head_size)) != 0;
}

// The six fields of an ARN; the last keeps its colons. A cut-off one has fewer.
struct ArnFields {
  std::array<std::string_view, kArnFields> fields;
  std::size_t count = 0;
};
ArnFields split_fields(std::string_view arn);

bool has_wildcard(std::string_view text);  // a '*' or '?'
// '*' and '?' in `pattern`, whole subject.
bool glob_matches(std::string_view pattern, std::string_view subject);

// How many `${...}` are in a text. More than kMaxVariables are refused when a policy is parsed.
std::size_t count_variables(std::string_view source);
// The keys named by the well-formed variables in a text.
std::vector<std::string_view> variable_keys(std::string_view source);

}  // namespace podpass::policy
