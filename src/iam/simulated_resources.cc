#include "iam/simulated_resources.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "iam/errors.h"
#include "policy/actions.h"
#include "policy/pattern.h"

namespace podpass::iam {
namespace {

constexpr std::string_view kPartition = "${Partition}";

std::string_view service_of(std::string_view arn) {
  const auto fields = split(arn, ':');
  return fields.size() < 6 ? std::string_view() : fields[2];
}

bool is_arn(std::string_view text) {
  const auto fields = split(text, ':');
  return fields.size() >= 6 && fields[0] == "arn" && !fields[1].empty() && !fields[2].empty() &&
         !text.substr(static_cast<std::size_t>(fields[5].data() - text.data())).empty();
}

// Could the template, "arn:${Partition}:s3:::${BucketName}/${ObjectName}", become each of these?
bool fits_template(std::string_view arn, std::span<const std::string> resources) {
  std::string glob;
  for (auto open = arn.find("${"); open != arn.npos; open = arn.find("${")) {
    glob.append(arn.substr(0, open)).append("*");
    arn.remove_prefix(std::min(arn.size(), arn.find('}', open) + 1));
  }
  glob += arn;
  policy::PatternPool pool;
  const auto& pattern = pool.add(glob, {policy::Wildcards::yes});
  const policy::Context none;
  return std::ranges::all_of(resources, [&](const auto& each) { return pool.matches(pattern, each, none); });
}

}  // namespace

bool is_any_resource(std::span<const std::string> resources) {
  return resources.empty() || (resources.size() == 1 && resources[0] == "*");
}

Result<void> check_resources(std::span<const std::string> resources) {
  if (is_any_resource(resources)) return {};
  for (const auto& resource : resources) {
    if (!is_arn(resource)) {
      return invalid_input(fmt::format("ResourceNames are not in a valid ARN format: {}.", resource));
    }
  }
  return {};
}

std::string_view resource_for(std::string_view action, std::string_view resource) {
  const auto known = policy::find_action(action);
  return known && known->takes_no_resource() ? "*" : resource;
}

bool fits_action(std::string_view action, std::string_view resource) {
  if (resource == "*") return true;
  const auto known = policy::find_action(action);
  if (!known || known->takes_no_resource()) return true;
  const auto service = service_of(resource);
  return std::ranges::any_of(known->resources, [&](const policy::ActionResource& each) {
    const auto own = service_of(each.type.arn);
    return own == service || own.empty() || own.contains('$');  // "${Vendor}" is anybody
  });
}

std::string common_name(std::string_view action, std::span<const std::string> resources, std::string_view partition) {
  if (resources.size() == 1) return resources[0];
  const auto known = policy::find_action(action);
  if (resources.empty() || !known || known->takes_no_resource()) return "*";
  std::string_view type;  // the first that fits, else the first
  for (const policy::ActionResource& each : known->resources) {
    const bool fits = fits_template(each.type.arn, resources);
    if (fits || type.empty()) type = each.type.arn;
    if (fits) break;
  }
  std::string name(type);
  if (const auto at = name.find(kPartition); at != name.npos) name.replace(at, kPartition.size(), partition);
  return name;
}

}  // namespace podpass::iam
