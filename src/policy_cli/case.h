// Case: one request with the policies that apply to it, as JSON has it. The format of `podpass policy`'s lines:
//
//   {"id", "request": {"principal", "action", "resource", "resourceAccount", "context"}, "policies": {...}}
//
// The request is as aws/request_json.h has it. Policies: what is absent does not apply; a document is a JSON object, or
// a string that holds one. Errors say which member is wrong, and for a document where and why. A CaseReader is for one
// thread and keeps what came twice, up to kMaxKept texts of policies; a Case shows the line and the reader, and lives
// until the reader's next read(). What is seen for the first time is not kept: most lines of some inputs bring policies
// that never come again.
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
#include "policy/json_reader.h"
#include "policy/policy.h"
#include "policy_cli/text_hash.h"

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
  // A text that holds policies, as the key of what is kept of it.
  struct TextKey {
    std::string_view text;
    std::size_t hash;
    explicit TextKey(std::string_view text) : text(text), hash(text_hash(text)) {}
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const std::string& text) const { return text_hash(text); }
    std::size_t operator()(const TextKey& key) const { return key.hash; }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const { return a == b; }
    bool operator()(const TextKey& a, std::string_view b) const { return a.text == b; }
    bool operator()(std::string_view a, const TextKey& b) const { return a == b.text; }
  };
  template <class T>
  using ByText = std::unordered_map<std::string, std::shared_ptr<const T>, Hash, Equal>;
  struct Kept {
    ByText<Policies> sets;
    ByText<policy::Policy> documents;
  };

  // A line that has nothing wrong with it; nothing for others, and some good ones.
  std::optional<Case> read_whole(std::string_view line);
  // Policies whose text is `json` and whose node in tree_ is `set`; `whole` is the text of the tree.
  Result<std::shared_ptr<const Policies>> set_of(std::string_view json, std::uint32_t set, std::string_view whole,
                                                 policy::Kind resource_kind);
  // Whether a text was asked about lately; says so from now on.
  bool came_before(const TextKey& key, policy::Kind kind);
  template <class T>
  void keep(ByText<T>& known, const TextKey& key, const std::shared_ptr<const T>& made);

  aws::RequestReader request_;
  policy::JsonTree tree_;     // of the line or the policies read last
  std::array<Kept, 9> kept_;  // by kind; sets: of the resource's policy
  std::size_t kept_count_ = 0, kept_bytes_ = 0;
  std::vector<std::array<std::uint64_t, 4>> seen_;  // hashes of texts, the last ones at each place
};

// What a resource's policy is for a request: of a bucket, a role's trust policy, or another service's.
policy::Kind resource_kind(const policy::Request& request);

}  // namespace podpass::policy_cli
