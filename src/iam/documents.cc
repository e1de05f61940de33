#include "iam/documents.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "codec/json.h"
#include "iam/errors.h"
#include "iam/lookup.h"

namespace podpass::iam {

Result<void> check_stored_text(std::size_t characters, std::size_t most) {
  if (characters <= most) return {};
  return limit_exceeded(fmt::format("The documents are longer than {} characters with their white space.", most));
}

Result<StoredIdentityPolicy> parse_inline_policy(const std::string& text) {
  return StoredIdentityPolicy::make(text, {}, TRY(policy::Policy::parse(text, policy::Kind::identity)));
}

Result<StoredIdentityPolicy> parse_managed_policy(const std::string& text) {
  auto compiled = TRY(policy::Policy::parse(text, policy::Kind::managed));
  if (policy::size_without_whitespace(text) > kMaxManagedPolicy) return quota_exceeded("PolicySize", kMaxManagedPolicy);
  return StoredIdentityPolicy::make(text, {}, std::move(compiled));
}

Result<StoredTrustPolicy> parse_trust_policy(aws::Call& call, const std::string& text) {
  auto compiled = TRY(policy::Policy::parse(text, policy::Kind::trust));
  if (policy::size_without_whitespace(text) > kMaxTrustPolicy) return quota_exceeded("ACLSizePerRole", kMaxTrustPolicy);
  auto ids = TRY(resolve_principals(call.tx, call.deployment, call.caller.account, *compiled));
  if (!ids.empty()) compiled = TRY(policy::Policy::parse(text, policy::Kind::trust, ids));
  return StoredTrustPolicy::make(text, std::move(ids), std::move(compiled));
}

std::string render_trust_policy(aws::Call& call, const StoredTrustPolicy& trust) {
  return with_current_names(call.tx, call.deployment, call.caller.account, trust.text, trust.principals);
}

}  // namespace podpass::iam
