// Tags of roles, users and policies: adding, removing, listing, with IAM's limits and errors. Keys are unique without
// regard to case: adding "Team" where there is "team" replaces it.
//
// Pure functions over a record's tags. Limit: aws::kMaxTags. Source: IAM user guide, "Tags for AWS Identity and Access
// Management resources".
#pragma once

#include <string>
#include <vector>

#include "aws/tags.h"
#include "iam/pages.h"

namespace podpass::iam {

// As a map; errors are ValidationError, and InvalidInput for keys given twice.
Result<aws::TagMap> request_tags(const std::vector<aws::Tag>& tags);
Result<void> add_tags(aws::TagMap& tags, const std::vector<aws::Tag>& added);
void remove_tags(aws::TagMap& tags, const std::vector<std::string>& keys);
Result<void> check_tag_keys(const std::vector<std::string>& keys);  // of an Untag request
Result<Page<aws::Tag>> tag_page(const aws::TagMap& tags, const Marker& marker, MaxItems max_items);

}  // namespace podpass::iam
