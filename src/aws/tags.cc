#include "aws/tags.h"

#include <fmt/format.h>

#include <set>

#include "base/strings.h"

namespace podpass::aws {
namespace {

// [\p{L}\p{Z}\p{N}_.:/=+\-@]: beyond ASCII every letter, digit and space of Unicode is allowed; what is not is hardly
// ever sent, so all is let through.
bool has_tag_characters(std::string_view text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x80 && !is_alnum(c) && !std::string_view(" _.:/=+-@").contains(c))
      return false;
  }
  return true;
}

}  // namespace

Result<void> check_tag_key(std::string_view key) {
  auto length = utf8_length(key);
  if (length < 1 || length > 128) {
    return Error::invalid(
        fmt::format("1 validation error detected: Value '{}' at 'tags.member.key' failed to satisfy constraint: Member "
                    "must have length between 1 and 128",
                    key));
  }
  if (!has_tag_characters(key)) {
    return Error::invalid(
        fmt::format("1 validation error detected: Value '{}' at 'tags.member.key' failed to satisfy constraint: Member "
                    "must satisfy regular expression pattern: [\\p{{L}}\\p{{Z}}\\p{{N}}_.:/=+\\-@]+",
                    key));
  }
  if (key.size() >= 4 && iequals(key.substr(0, 4), "aws:")) {
    return Error::invalid(fmt::format("The tag key '{}' begins with 'aws:', which is reserved.", key));
  }
  return {};
}

Result<void> check_tag_value(std::string_view value) {
  if (utf8_length(value) > 256) {
    return Error::invalid(
        fmt::format("1 validation error detected: Value '{}' at 'tags.member.value' failed to satisfy constraint: "
                    "Member must have length less than or equal to 256",
                    value));
  }
  if (!has_tag_characters(value)) {
    return Error::invalid(
        fmt::format("1 validation error detected: Value '{}' at 'tags.member.value' failed to satisfy constraint: "
                    "Member must satisfy regular expression pattern: [\\p{{L}}\\p{{Z}}\\p{{N}}_.:/=+\\-@]*",
                    value));
  }
  return {};
}

Result<TagMap> tag_map(const std::vector<Tag>& tags, std::string_view duplicate_text) {
  TagMap map;
  std::set<std::string> folded;
  for (const auto& tag : tags) {
    TRY(check_tag_key(tag.Key));
    TRY(check_tag_value(tag.Value));
    if (!folded.insert(to_lower(tag.Key)).second) return Error::invalid(std::string(duplicate_text));
    map[tag.Key] = tag.Value;
  }
  return map;
}

std::vector<Tag> tag_list(const TagMap& tags) {
  std::vector<Tag> list;
  for (const auto& [key, value] : tags) list.push_back({key, value});
  return list;
}

}  // namespace podpass::aws
