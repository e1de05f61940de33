// Policy documents on their way into records and out of them: parsing with IAM's quotas, and the principals of trust
// policies, which are resolved to unique ids when a document is saved and rendered as ARNs again while those ids live.
//
// Functions of a transaction; one thread. Errors: MalformedPolicyDocument, LimitExceeded. Sources: IAM user guide, "IAM
// and AWS STS quotas" and "AWS JSON policy elements: Principal".
#pragma once

#include <string>

#include "aws/call.h"
#include "iam/lookup.h"
#include "iam/records.h"

namespace podpass::iam {

// Quotas in characters, white space outside of strings not counted; kMaxTrustPolicy is in lookup.h.
inline constexpr std::size_t kMaxManagedPolicy = 6'144;

// White space is stored though it is not counted, so there is a limit that counts it: the characters of all inline
// policies of an entity, or of all versions of a policy. With it a record stays below store::kMaxRecordBytes.
inline constexpr std::size_t kMaxInlineText = 300'000;
inline constexpr std::size_t kMaxVersionsText = 400'000;
Result<void> check_stored_text(std::size_t characters, std::size_t most);

Result<StoredIdentityPolicy> parse_inline_policy(
    const std::string& text);  // the quota is the entity's, see entity_policies.h
Result<StoredIdentityPolicy> parse_managed_policy(const std::string& text);
Result<StoredTrustPolicy> parse_trust_policy(aws::Call& call, const std::string& text);

// The text as it was given; where a principal's entity is gone its unique id stands in place of the ARN, and where it
// was renamed, its new ARN.
std::string render_trust_policy(aws::Call& call, const StoredTrustPolicy& trust);

}  // namespace podpass::iam
