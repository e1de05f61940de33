// ARNs: arn:<partition>:<service>:<region>:<account>:<resource>. Region and account may be empty; what follows the
// fifth colon is the resource, colons and all.
//
// Pure functions, safe from any thread. ArnView's views point into the text given. Limit: kMaxArnBytes.
// Source: AWS General Reference, "Amazon Resource Names (ARNs)".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace podpass::aws {

inline constexpr std::size_t kMaxArnBytes = 2'048;

struct ArnView {
  std::string_view partition, service, region, account, resource;

  std::string_view resource_type() const;  // before the first '/' or ':' of the resource; empty if there is none
  std::string_view resource_name() const;  // behind it; the whole resource if there is none
};

struct Arn {
  std::string partition, service, region, account, resource;

  std::string str() const;
  operator ArnView() const { return {partition, service, region, account, resource}; }  // NOLINT: implicit on purpose
  bool operator==(const Arn&) const = default;
};

// Nothing unless: partition is "aws" or "aws-..." (a-z, 0-9, '-'); service is a-z, 0-9, '-'; region is empty or a-z,
// 0-9,
// '-'; account is empty, twelve digits or "aws"; resource is not empty and has no control characters or spaces at its
// ends.
std::optional<ArnView> split_arn(std::string_view text);
std::optional<Arn> parse_arn(std::string_view text);

}  // namespace podpass::aws
