// IAM's ARNs: arn:<partition>:iam::<account>:<kind><path><name>, e.g. arn:aws:iam::111122223333:role/team/build. A path
// begins and ends with a slash; "/" is the usual one.
//
// Pure functions, safe from any thread; views point into the text given. Source: IAM user guide, "IAM identifiers".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace podpass::iam {

struct EntityArn {
  std::string_view partition, account, kind, path, name;
};

std::string make_arn(std::string_view partition, std::string_view account, std::string_view kind, std::string_view path,
                     std::string_view name);

// Nothing if `arn` is not the ARN of an entity of `kind` ("role", "user", "policy") with a good path and name.
// The account is twelve digits, or "aws" for a policy that AWS manages.
std::optional<EntityArn> parse_arn(std::string_view arn, std::string_view kind);

bool is_name(std::string_view text, std::size_t most);  // [\w+=,.@-]{1,most}
bool is_path(std::string_view text);                    // "/" or /[!-~]+/, at most 512
bool is_policy_path(std::string_view text);             // ((/[A-Za-z0-9.,+@=_-]+)*)/, at most 512
bool is_account(std::string_view text);                 // twelve digits

}  // namespace podpass::iam
