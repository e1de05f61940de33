// What IAM and STS demand of a request's members (lengths, characters, ranges), checked by a table, with AWS's text:
// "1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: Member must satisfy regular
// expression pattern: [\w+=,.@-]+"
//
//   return Constraints().text("roleName", request.RoleName, Rule::role_name).number("maxSessionDuration", n, 3600,
//   43200).result();
//
// Collects all failures of one request, as AWS does. One thread. Lengths are in characters. Source: the constraints of
// IAM's and STS's API models.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace podpass::iam {

enum class Rule {
  role_name,
  user_name,
  existing_user_name,
  policy_name,
  path,
  path_prefix,
  policy_path,
  document,
  role_description,
  policy_description,
  arn,
  version_id,
  access_key_id,
  tag_key,
  action_name,
  resource_name,
  context_key_name,
  resource_handling_option,
  provider_url,
  client_id,
  thumbprint,
  session_name,
  external_id,
  session_policy,
  provider_id,
  web_identity_token,
};

class Constraints {
 public:
  // `member` with a small first letter, as AWS prints it.
  Constraints& text(std::string_view member, std::string_view value, Rule rule);
  Constraints& text(std::string_view member, const std::string& value, Rule rule) {
    return text(member, std::string_view(value), rule);
  }
  Constraints& text(std::string_view member, const std::optional<std::string>& value, Rule rule);
  Constraints& secret(std::string_view member, std::string_view value, Rule rule);  // is not shown
  Constraints& number(std::string_view member, std::optional<std::int64_t> value, std::int64_t least,
                      std::int64_t most);
  Constraints& one_of(std::string_view member, const std::optional<std::string>& value,
                      std::initializer_list<std::string_view> allowed);
  Constraints& not_empty(std::string_view member, std::size_t items);  // a required list
  Constraints& at_most(std::string_view member, std::size_t items, std::size_t most);

  Result<void> result() const;

 private:
  Constraints& check(std::string_view member, std::string_view value, Rule rule, bool shown);
  void fail(std::string_view member, std::optional<std::string_view> value, std::string_view constraint);
  std::vector<std::string> failures_;
};

}  // namespace podpass::iam
