// RequestReader: a request to the policy engine, written as JSON:
//
//   {"principal": ARN, "action": "s3:GetObject", "resource": ARN or "*", "resourceAccount": twelve digits,
//    "context": {key: text or [texts]}}
//
// A principal is also {"service": name}, {"federated": ARN} or {"anonymous": true}. resourceAccount is, where absent,
// that of the ARN, else the principal's. An action that takes no resource is asked about "*". Nothing is added to the
// context. policy/report.h writes the same form.
// One thread. Errors say which member is wrong. What is read shows the JSON and the reader, until the next read().
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/json_reader.h"
#include "policy/policy.h"

namespace podpass::aws {

inline constexpr std::size_t kMaxRequestJson = 1024 * 1024;

class RequestReader {
 public:
  RequestReader() = default;
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  Result<const policy::Request*> read(std::string_view json);
  // The object at `node` of a larger document, which must outlive what is read.
  Result<const policy::Request*> read(const policy::JsonTree& tree, std::uint32_t node);

 private:
  Result<void> read_principal(std::uint32_t node);
  Result<void> read_arn(std::string_view arn);
  Result<void> read_context(std::uint32_t node);
  void set_path_of_role();

  policy::JsonTree own_;  // what read(json) has read
  const policy::JsonTree* tree_ = &own_;
  policy::Principal principal_;
  std::string role_arn_;
  policy::Context context_;
  std::vector<std::string_view> values_;
  std::optional<policy::Request> request_;
};

}  // namespace podpass::aws
