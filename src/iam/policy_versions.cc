#include "iam/policy_versions.h"

#include <fmt/format.h>

#include <algorithm>

#include "iam/constraints.h"
#include "iam/documents.h"
#include "iam/entities.h"
#include "iam/policy_uses.h"

namespace podpass::iam {
namespace {

constexpr std::size_t kMaxVersions = 5;

Result<aws::Resource> version_resource(aws::Call& call, const std::string& arn, const std::string& version) {
  TRY(Constraints().text("versionId", version, Rule::version_id).result());
  return policy_resource(call, arn);
}

// The index of the version in its policy.
Result<std::size_t> find_version(const PolicyRecord& policy, const std::string& arn, const std::string& id) {
  for (std::size_t i = 0; i < policy.versions.size(); ++i) {
    if (version_id(policy.versions[i].number) == id) return i;
  }
  return no_such_entity(fmt::format("Policy {} version {} does not exist or is not attachable.", arn, id));
}

}  // namespace

Result<aws::Resource> CreatePolicyVersion::resource(aws::Call& call, const Request& request) {
  TRY(Constraints().text("policyDocument", request.PolicyDocument, Rule::document).result());
  return policy_resource(call, request.PolicyArn);
}

Result<CreatePolicyVersion::Response> CreatePolicyVersion::handle(aws::Call& call, const Request& request) {
  auto policy = *TRY(existing_policy(call, request.PolicyArn));
  PolicyVersionRecord version;
  version.created = call.now;
  version.document = TRY(parse_managed_policy(request.PolicyDocument));
  if (policy.versions.size() >= kMaxVersions) {
    return limit_exceeded(
        fmt::format("A managed policy can have up to {} versions. Before you create a new version, you "
                    "must delete an existing version.",
                    kMaxVersions));
  }
  auto characters = utf8_length(version.document.text);
  for (const auto& other : policy.versions) characters += utf8_length(other.document.text);
  TRY(check_stored_text(characters, kMaxVersionsText));
  version.number = ++policy.last_version;
  if (request.SetAsDefault.value_or(false)) policy.default_version = version.number;
  policy.updated = call.now;
  auto shape = version_shape(policy, version, Detail::listed);
  policy.versions.push_back(std::move(version));
  put_policy(call, std::move(policy));
  return Response{std::move(shape)};
}

Result<aws::Resource> GetPolicyVersion::resource(aws::Call& call, const Request& request) {
  return version_resource(call, request.PolicyArn, request.VersionId);
}

Result<GetPolicyVersion::Response> GetPolicyVersion::handle(aws::Call& call, const Request& request) {
  const auto* policy = TRY(existing_policy(call, request.PolicyArn));
  auto at = TRY(find_version(*policy, request.PolicyArn, request.VersionId));
  return Response{version_shape(*policy, policy->versions[at], Detail::full)};
}

Result<aws::Resource> ListPolicyVersions::resource(aws::Call& call, const Request& request) {
  return policy_resource(call, request.PolicyArn);
}

Result<ListPolicyVersions::Response> ListPolicyVersions::handle(aws::Call& call, const Request& request) {
  const auto* policy = TRY(existing_policy(call, request.PolicyArn));
  std::vector<PolicyVersion> all;
  for (const auto& version : policy->versions) all.push_back(version_shape(*policy, version, Detail::listed));
  std::ranges::reverse(all);  // newest first
  auto newest = policy->last_version;
  auto order = [newest](const PolicyVersion& version) {
    return fmt::format("{:020}", newest - parse_integer(version.VersionId.substr(1)).value_or(0));
  };
  auto page = TRY(list_page(std::move(all), request.Marker, request.MaxItems, order));
  return Response{std::move(page.items), page.more, std::move(page.marker)};
}

Result<aws::Resource> DeletePolicyVersion::resource(aws::Call& call, const Request& request) {
  return version_resource(call, request.PolicyArn, request.VersionId);
}

Result<NoOutput> DeletePolicyVersion::handle(aws::Call& call, const Request& request) {
  auto policy = *TRY(existing_policy(call, request.PolicyArn));
  auto at = TRY(find_version(policy, request.PolicyArn, request.VersionId));
  if (policy.versions[at].number == policy.default_version) {
    return delete_conflict("Cannot delete the default version of a policy.");
  }
  policy.versions.erase(policy.versions.begin() + static_cast<std::ptrdiff_t>(at));
  policy.updated = call.now;
  put_policy(call, std::move(policy));
  return NoOutput{};
}

Result<aws::Resource> SetDefaultPolicyVersion::resource(aws::Call& call, const Request& request) {
  return version_resource(call, request.PolicyArn, request.VersionId);
}

Result<NoOutput> SetDefaultPolicyVersion::handle(aws::Call& call, const Request& request) {
  auto policy = *TRY(existing_policy(call, request.PolicyArn));
  auto at = TRY(find_version(policy, request.PolicyArn, request.VersionId));
  policy.default_version = policy.versions[at].number;
  policy.updated = call.now;
  put_policy(call, std::move(policy));
  return NoOutput{};
}

}  // namespace podpass::iam
