#include "eks/tags.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "aws/tags.h"
#include "base/strings.h"
#include "eks/lookup.h"
#include "eks/validate.h"

namespace podpass::eks {
namespace {

Error not_found(std::string_view arn) {
  return Error::not_found(fmt::format("The resource {} was not found.", arn));
}

// What an ARN of ours names: a cluster, or one of its associations.
struct Named {
  std::string cluster, association_id;
};

Result<Named> read_arn(const aws::Call& call, std::string_view arn) {
  auto mine =
      fmt::format("arn:{}:eks:{}:{}:", call.deployment.partition, call.deployment.region, call.deployment.account);
  if (!arn.starts_with("arn:")) return Error::invalid(fmt::format("The resource ARN '{}' is not valid.", arn));
  if (!arn.starts_with(mine)) return not_found(arn);
  auto parts = split(arn.substr(mine.size()), '/');
  const bool whole = std::ranges::none_of(parts, &std::string_view::empty);
  if (whole && parts.size() == 2 && parts[0] == "cluster") return Named{std::string(parts[1]), {}};
  if (whole && parts.size() == 3 && parts[0] == "podidentityassociation")
    return Named{std::string(parts[1]), std::string(parts[2])};
  return Error::invalid(fmt::format("The resource ARN '{}' names nothing that can be tagged.", arn));
}

// A tagged thing of any kind: its tags as they are, and how to save changed ones.
struct Tagged {
  aws::TagMap tags;
  std::function<void(aws::TagMap)> save;
};

Result<Tagged> find_tagged(aws::Call& call, const std::string& arn) {
  auto named = TRY(read_arn(call, arn));
  const auto& deployment = call.deployment;
  if (named.association_id.empty()) {
    const auto* record = find_cluster(call.tx, deployment, named.cluster);
    if (!record) return not_found(arn);
    return Tagged{record->cluster.tags.value_or(aws::TagMap()), [&call, &deployment, record, named](aws::TagMap tags) {
                    auto changed = *record;
                    changed.cluster.tags = std::move(tags);
                    call.tx.put(kClusters, {deployment.account, deployment.region, named.cluster}, std::move(changed));
                  }};
  }
  const auto* names =
      call.tx.find(kAssociationIds, {deployment.account, deployment.region, named.cluster, named.association_id});
  const auto* record =
      names ? find_association(call.tx, deployment, named.cluster, names->namespace_, names->service_account) : nullptr;
  if (!record) return not_found(arn);
  return Tagged{record->tags.value_or(aws::TagMap()), [&call, &deployment, record, names, named](aws::TagMap tags) {
                  auto changed = *record;
                  changed.tags.reset();
                  if (!tags.empty()) changed.tags = std::move(tags);
                  call.tx.put(
                      kAssociations,
                      {deployment.account, deployment.region, named.cluster, names->namespace_, names->service_account},
                      std::move(changed));
                }};
}

aws::Resource tagged_resource(aws::Call& call, const std::string& arn) {
  aws::Resource resource(arn);
  if (auto tagged = find_tagged(call, arn)) resource.resource_tags(tagged->tags);
  return resource;
}

}  // namespace

Result<aws::Resource> TagResource::resource(aws::Call& call, const Request& request) {
  TRY(read_arn(call, request.resourceArn));
  return tagged_resource(call, request.resourceArn).request_tags(request.tags);
}

Result<TagResource::Response> TagResource::handle(aws::Call& call, const Request& request) {
  if (request.tags.empty()) return Error::invalid("tags: give at least one tag.");
  TRY(check_tags(request.tags));
  auto tagged = TRY(find_tagged(call, request.resourceArn));
  for (const auto& [key, value] : request.tags) tagged.tags[key] = value;
  if (tagged.tags.size() > aws::kMaxTags) {
    return Error::invalid(fmt::format("A resource can have at most {} tags.", aws::kMaxTags));
  }
  tagged.save(std::move(tagged.tags));
  return Response{};
}

Result<aws::Resource> UntagResource::resource(aws::Call& call, const Request& request) {
  TRY(read_arn(call, request.resourceArn));
  return tagged_resource(call, request.resourceArn).tag_keys(request.tagKeys);
}

Result<UntagResource::Response> UntagResource::handle(aws::Call& call, const Request& request) {
  if (request.tagKeys.empty() || request.tagKeys.size() > aws::kMaxTags) {
    return Error::invalid(fmt::format("tagKeys: give 1 to {} keys.", aws::kMaxTags));
  }
  auto tagged = TRY(find_tagged(call, request.resourceArn));
  for (const auto& key : request.tagKeys) tagged.tags.erase(key);
  tagged.save(std::move(tagged.tags));
  return Response{};
}

Result<aws::Resource> ListTagsForResource::resource(aws::Call& call, const Request& request) {
  TRY(read_arn(call, request.resourceArn));
  return tagged_resource(call, request.resourceArn);
}

Result<ListTagsForResource::Response> ListTagsForResource::handle(aws::Call& call, const Request& request) {
  return Response{TRY(find_tagged(call, request.resourceArn)).tags};
}

}  // namespace podpass::eks
