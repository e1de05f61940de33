// The input rules that EKS's operations share. Each error is an invalid one, whose text says which member is wrong and
// what would be right. botocore's model leaves these members unbounded; the rules are Kubernetes' own for names, and
// the limits of STS for policies.
#pragma once

#include <cstddef>
#include <string_view>

#include "aws/caller.h"
#include "base/result.h"

namespace podpass::eks {

inline constexpr std::size_t kPageSize = 100;  // of a list: as many as are answered if nobody says, and at most

Result<void> check_cluster_name(std::string_view name);
Result<void> check_namespace(std::string_view name);        // RFC 1123 label, at most 63
Result<void> check_service_account(std::string_view name);  // RFC 1123 subdomain, at most 253
Result<void> check_role_arn(std::string_view arn, std::string_view member);
Result<void> check_session_policy(std::string_view policy);
Result<void> check_version(std::string_view version);  // of Kubernetes: "1.32"
Result<void> check_tags(const aws::TagMap& tags);

}  // namespace podpass::eks
