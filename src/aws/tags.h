// Tags of resources and sessions: the shape that IAM and STS use, and the rules that all services share.
// Source: IAM user guide, "Tagging IAM resources"; STS, "Pass session tags". Pure functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "aws/caller.h"
#include "base/result.h"
#include "codec/fields.h"

namespace podpass::aws {

inline constexpr std::size_t kMaxTags = 50;

struct Tag {
  std::string Key, Value;
};
BOOST_DESCRIBE_STRUCT(Tag, (), (Key, Value))

// Characters, lengths and the reserved prefix "aws:"; an error says which tag and why. kind invalid.
Result<void> check_tag_key(std::string_view key);
Result<void> check_tag_value(std::string_view value);

// As a map, checked; keys that differ only in case are duplicates: the error's message is `duplicate_text`.
Result<TagMap> tag_map(const std::vector<Tag>& tags, std::string_view duplicate_text);
std::vector<Tag> tag_list(const TagMap& tags);

}  // namespace podpass::aws
