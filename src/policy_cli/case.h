// Case: one request with the policies that apply to it, as JSON has it. The format of `podpass policy`'s lines:
//
//   {"id", "request": {"principal", "action", "resource", "resourceAccount", "context"}, "policies": {...}}
//
// The request is as aws/request_json.h has it. Policies: what is absent does not apply; a document is a JSON object, or
// a string that holds one. Errors say which member is wrong, and for a document where and why. A CaseReader is for one
// thread and keeps what it compiled, up to kMaxKept texts of policies; a Case shows the line and the reader, and lives
// until the reader's next read().
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "aws/request_json.h"
#include "base/result.h"
#include "policy/policy.h"

namespace podpass::policy_cli {

inline constexpr std::size_t kMaxKept = 4'096;
inline constexpr std::size_t kMaxKeptBytes = 64 * 1024 * 1024;
inline constexpr std::size_t kMaxKeptSet = 1024 * 1024;  // a larger text of policies is read each time
inline constexpr std::size_t kMaxLevels = 64;            // of an organization; AWS has seven

// The policies of a case, ready to evaluate. Immutable.
struct Policies {
  std::vector<std::shared_ptr<const policy::Policy>> kept;
  std::vector<policy::NamedPolicy> identity, session, endpoint;
  std::vector<std::vector<policy::NamedPolicy>> service_control, resource_control;
  std::vector<policy::Level> service_levels, resource_levels;
  policy::Layers layers;
};

// The raw JSON of a line's members; empty if absent.
struct Members {
  std::string_view id, request, policies;
};

// Only the outermost object is read; that the members are JSON is found when they are. After an error `members` has
// what came before it.
Result<void> split_members(std::string_view line, Members& members);

struct Case {
  std::string_view id;  // as JSON; empty: none
  std::shared_ptr<const Policies> policies;
  const policy::Request* request = nullptr;
};

class CaseReader {
 public:
  CaseReader();
  CaseReader(const CaseReader&) = delete;
  CaseReader& operator=(const CaseReader&) = delete;

  Result<Case> read(std::string_view line);
  // The parts of it: a request, and policies for a request of that action.
  Result<const policy::Request*> read_request(std::string_view json) { return request_.read(json); }
  Result<std::shared_ptr<const Policies>> read_policies(std::string_view json, policy::Kind resource_kind);

 private:
  Result<std::shared_ptr<const policy::Policy>> parse(std::string_view text, policy::Kind kind);

  aws::RequestReader request_;

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  template <class T>
  using ByText = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
  struct Kept {
    ByText<std::shared_ptr<const Policies>> sets;
    ByText<std::shared_ptr<const policy::Policy>> documents;
  };
  std::array<Kept, 9> kept_;  // by kind; sets: of the resource's policy
  std::size_t kept_count_ = 0, kept_bytes_ = 0;
};

// What a resource's policy is for a request: of a bucket, a role's trust policy, or another service's.
policy::Kind resource_kind(const policy::Request& request);

}  // namespace podpass::policy_cli
