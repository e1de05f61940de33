#include "iam/constraints.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "iam/arns.h"

namespace podpass::iam {
namespace {

constexpr std::size_t kMaxShownBytes = 2'048;  // of a value in an error
constexpr std::size_t kMaxFailures = 20;

bool name_characters(std::string_view text) {
  return only_alnum_and(text, "_+=,.@-");
}
bool external_id_characters(std::string_view text) {
  return only_alnum_and(text, "_+=,.@:/-");
}
bool word_characters(std::string_view text) {
  return only_alnum_and(text, "_");
}
bool anything(std::string_view) {
  return true;
}

bool prefix_characters(std::string_view text) {
  return text.starts_with('/') && std::ranges::all_of(text, [](char c) { return c >= '!'; });
}

// Text whose characters are all tab, newline, return, or in one of two ranges: ASCII from space, and Latin-1 from
// `latin`.
bool latin_text(std::string_view text, unsigned char last_ascii, unsigned latin) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c == '\t' || c == '\n' || c == '\r' || (c >= ' ' && c <= last_ascii)) continue;
    if ((c != 0xc2 && c != 0xc3) || i + 1 == text.size()) return false;
    auto next = static_cast<unsigned char>(text[++i]);
    if ((next & 0xc0) != 0x80 || (((c & 3u) << 6) | (next & 0x3fu)) < latin) return false;
  }
  return true;
}

bool document_characters(std::string_view text) {
  return latin_text(text, 0x7f, 0x80);
}
bool description_characters(std::string_view text) {
  return latin_text(text, 0x7e, 0xa1);
}

// v[1-9][0-9]*(\.[A-Za-z0-9-]*)?
bool version_characters(std::string_view text) {
  if (text.size() < 2 || text[0] != 'v' || text[1] < '1' || text[1] > '9') return false;
  auto dot = text.find('.');
  return std::ranges::all_of(text.substr(1, dot == text.npos ? dot : dot - 1), is_digit) &&
         (dot == text.npos || only_alnum_and(text.substr(dot + 1), "-"));
}

bool tag_characters(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return static_cast<unsigned char>(c) >= 0x80 || is_alnum(c) || std::string_view(" _.:/=+-@").contains(c);
  });
}

struct Row {
  std::size_t least, most;
  std::string_view pattern;
  bool (*matches)(std::string_view);
};

// In the order of Rule. Length and characters are judged apart, as AWS does.
constexpr std::array<Row, 26> kRules{{
    {1, 64, R"([\w+=,.@-]+)", name_characters},                                                // role_name
    {1, 64, R"([\w+=,.@-]+)", name_characters},                                                // user_name
    {1, 128, R"([\w+=,.@-]+)", name_characters},                                               // existing_user_name
    {1, 128, R"([\w+=,.@-]+)", name_characters},                                               // policy_name
    {1, 512, R"((\u002F)|(\u002F[\u0021-\u007E]+\u002F))", is_path},                           // path
    {1, 512, R"(\u002F[\u0021-\u007F]*)", prefix_characters},                                  // path_prefix
    {1, 512, R"(((/[A-Za-z0-9\.,\+@=_-]+)*)/)", is_policy_path},                               // policy_path
    {1, 131'072, R"([\u0009\u000A\u000D\u0020-\u00FF]+)", document_characters},                // document
    {0, 1'000, R"([\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*)", description_characters},  // role_description
    {0, 1'000, "", anything},                                                                  // policy_description
    {20, 2'048, "", anything},                                                                 // arn
    {1, 64, R"(v[1-9][0-9]*(\.[A-Za-z0-9-]*)?)", version_characters},                          // version_id
    {16, 128, R"([\w]+)", word_characters},                                                    // access_key_id
    {1, 128, R"([\p{L}\p{Z}\p{N}_.:/=+\-@]+)", tag_characters},                                // tag_key
    {3, 128, "", anything},                                                                    // action_name
    {1, 2'048, "", anything},                                                                  // resource_name
    {5, 256, "", anything},                                                                    // context_key_name
    {1, 64, "", anything},                                    // resource_handling_option
    {1, 255, "", anything},                                   // provider_url
    {1, 255, "", anything},                                   // client_id
    {40, 40, "", anything},                                   // thumbprint
    {2, 64, R"([\w+=,.@-]*)", name_characters},               // session_name
    {2, 1'224, R"([\w+=,.@:\/-]*)", external_id_characters},  // external_id
    {1, 2'048, "", anything},                                 // session_policy
    {4, 2'048, "", anything},                                 // provider_id
    {4, 20'000, "", anything},                                // web_identity_token
}};

}  // namespace

void Constraints::fail(std::string_view member, std::optional<std::string_view> value, std::string_view constraint) {
  if (failures_.size() >= kMaxFailures) return;
  const auto shown = value ? fmt::format("Value '{}'", value->substr(0, kMaxShownBytes)) : "Value";
  failures_.push_back(
      fmt::format("{} at '{}' failed to satisfy constraint: Member must {}", shown, member, constraint));
}

Constraints& Constraints::check(std::string_view member, std::string_view value, Rule rule, bool shown) {
  const auto& row = kRules[static_cast<std::size_t>(rule)];
  const auto text = shown ? std::optional(value) : std::nullopt;
  auto length = utf8_length(value);
  if (length > row.most) fail(member, text, fmt::format("have length less than or equal to {}", row.most));
  if (length < row.least) fail(member, text, fmt::format("have length greater than or equal to {}", row.least));
  if (!row.matches(value) && length <= row.most) {
    fail(member, text, fmt::format("satisfy regular expression pattern: {}", row.pattern));
  }
  return *this;
}

Constraints& Constraints::text(std::string_view member, std::string_view value, Rule rule) {
  return check(member, value, rule, true);
}

Constraints& Constraints::secret(std::string_view member, std::string_view value, Rule rule) {
  return check(member, value, rule, false);
}

Constraints& Constraints::text(std::string_view member, const std::optional<std::string>& value, Rule rule) {
  return value ? text(member, std::string_view(*value), rule) : *this;
}

Constraints& Constraints::number(std::string_view member, std::optional<std::int64_t> value, std::int64_t least,
                                 std::int64_t most) {
  if (value && *value < least) {
    fail(member, std::to_string(*value), fmt::format("have value greater than or equal to {}", least));
  }
  if (value && *value > most) {
    fail(member, std::to_string(*value), fmt::format("have value less than or equal to {}", most));
  }
  return *this;
}

Constraints& Constraints::one_of(std::string_view member, const std::optional<std::string>& value,
                                 std::initializer_list<std::string_view> allowed) {
  if (value && std::ranges::find(allowed, *value) == allowed.end()) {
    fail(member, *value, fmt::format("satisfy enum value set: [{}]", fmt::join(allowed, ", ")));
  }
  return *this;
}

Constraints& Constraints::not_empty(std::string_view member, std::size_t items) {
  if (items == 0) {
    failures_.push_back(
        fmt::format("Value null at '{}' failed to satisfy constraint: Member must not be null", member));
  }
  return *this;
}

Constraints& Constraints::at_most(std::string_view member, std::size_t items, std::size_t most) {
  if (items > most) fail(member, std::nullopt, fmt::format("have length less than or equal to {}", most));
  return *this;
}

Result<void> Constraints::result() const {
  if (failures_.empty()) return {};
  return Error::invalid(fmt::format("{} validation error{} detected: {}", failures_.size(),
                                    failures_.size() == 1 ? "" : "s", fmt::join(failures_, "; ")));
}

}  // namespace podpass::iam
