#include "iam/entity_tags.h"

#include "base/strings.h"
#include "iam/constraints.h"
#include "iam/errors.h"

namespace podpass::iam {
namespace {

constexpr std::string_view kDuplicateKeys = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";

}  // namespace

Result<aws::TagMap> request_tags(const std::vector<aws::Tag>& tags) {
  TRY(Constraints().at_most("tags", tags.size(), aws::kMaxTags).result());
  auto map = aws::tag_map(tags, kDuplicateKeys);
  if (!map && map.error().message == kDuplicateKeys) return invalid_input(std::string(kDuplicateKeys));
  return map;
}

Result<void> add_tags(aws::TagMap& tags, const std::vector<aws::Tag>& added) {
  auto wanted = TRY(request_tags(added));
  for (const auto& [key, value] : wanted) {
    std::erase_if(tags, [&](const auto& old) { return iequals(old.first, key); });
    tags.emplace(key, value);
  }
  if (tags.size() > aws::kMaxTags) return limit_exceeded("The number of tags has reached the maximum limit.");
  return {};
}

void remove_tags(aws::TagMap& tags, const std::vector<std::string>& keys) {
  for (const auto& key : keys) {
    std::erase_if(tags, [&](const auto& old) { return iequals(old.first, key); });
  }
}

Result<void> check_tag_keys(const std::vector<std::string>& keys) {
  Constraints constraints;
  constraints.not_empty("tagKeys", keys.size()).at_most("tagKeys", keys.size(), aws::kMaxTags);
  for (const auto& key : keys) constraints.text("tagKeys.member", key, Rule::tag_key);
  return constraints.result();
}

Result<Page<aws::Tag>> tag_page(const aws::TagMap& tags, const Marker& marker, MaxItems max_items) {
  return list_page(aws::tag_list(tags), marker, max_items, [](const aws::Tag& tag) { return tag.Key; });
}

}  // namespace podpass::iam
