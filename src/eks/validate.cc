#include "eks/validate.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/tags.h"
#include "base/strings.h"
#include "iam/lookup.h"
#include "policy/policy.h"

namespace podpass::eks {
namespace {

constexpr std::size_t kMaxPolicyCharacters = 2'048;

// A part of a DNS name. Kubernetes limits the length of a label, but of a subdomain only the whole.
bool is_dns_part(std::string_view text) {
  return !text.empty() && text.front() != '-' && text.back() != '-' &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-'; });
}

}  // namespace

Result<void> check_cluster_name(std::string_view name) {
  if (!name.empty() && name.size() <= 100 && is_alnum(name[0]) && only_alnum_and(name, "-_")) return {};
  return Error::invalid(fmt::format(
      "The cluster name '{}' is not valid: use 1 to 100 letters, digits, hyphens and underscores, beginning with "
      "a letter or a digit.",
      name));
}

Result<void> check_namespace(std::string_view name) {
  if (name.size() <= 63 && is_dns_part(name)) return {};
  return Error::invalid(
      fmt::format("The namespace '{}' is not valid: a Kubernetes namespace is 1 to 63 lower-case letters, digits and "
                  "hyphens, beginning "
                  "and ending with a letter or a digit.",
                  name));
}

Result<void> check_service_account(std::string_view name) {
  bool good = !name.empty() && name.size() <= 253;
  for (auto label : split(name, '.')) good = good && is_dns_part(label);
  if (good) return {};
  return Error::invalid(
      fmt::format("The service account '{}' is not valid: a Kubernetes service account name is 1 to 253 lower-case "
                  "letters, digits, "
                  "hyphens and dots, each part beginning and ending with a letter or a digit.",
                  name));
}

Result<void> check_role_arn(std::string_view arn, std::string_view member) {
  if (iam::account_of_role_arn(arn)) return {};
  return Error::invalid(
      fmt::format("{}: '{}' is not the ARN of an IAM role: arn:aws:iam::ACCOUNT:role/NAME.", member, arn));
}

Result<void> check_session_policy(std::string_view policy) {
  if (utf8_length(policy) > kMaxPolicyCharacters) {
    return Error::invalid(fmt::format("policy: a session policy has at most {} characters.", kMaxPolicyCharacters));
  }
  auto parsed = policy::Policy::parse(policy, policy::Kind::session);
  if (!parsed) return Error::invalid("policy: " + parsed.error().message);
  return {};
}

Result<void> check_version(std::string_view version) {
  const auto minor = parse_integer(version.substr(std::min<std::size_t>(version.size(), 2)));
  if (version.starts_with("1.") && minor && *minor >= 0 && *minor < 1'000 && version[2] != '-') return {};
  return Error::invalid(fmt::format("unsupported Kubernetes version {}: give one as 1.32.", version));
}

Result<void> check_tags(const aws::TagMap& tags) {
  if (tags.size() > aws::kMaxTags) {
    return Error::invalid(fmt::format("A resource can have at most {} tags.", aws::kMaxTags));
  }
  for (const auto& [key, value] : tags) {
    TRY(aws::check_tag_key(key));
    TRY(aws::check_tag_value(value));
  }
  return {};
}

}  // namespace podpass::eks
