#include "iam/entities.h"

namespace podpass::iam {

void add_resource_tags(aws::Resource& resource, const aws::TagMap& tags) {
  resource.resource_tags(tags);
  for (const auto& [name, value] : tags) resource.key("iam:ResourceTag/" + name, value);
}

}  // namespace podpass::iam
