// Call: what a handler may act through, and nothing else: the transaction, who calls, the time, the id source, the
// audit record.
//
// A handler is rerunnable: after a conflict it runs again in a new transaction. What it did through an older Call is
// gone. One thread at a time; lives for one run of one handler.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/caller.h"
#include "aws/deployment.h"
#include "base/result.h"
#include "crypto/hash.h"
#include "policy/policy.h"
#include "store/store.h"

namespace podpass::aws {

inline constexpr std::string_view kRequestTagPrefix = "aws:RequestTag/";
inline constexpr std::string_view kResourceTagPrefix = "aws:ResourceTag/";

// What an operation acts on, and the condition keys that come with it.
struct Resource {
  std::string arn;      // "*" for an action without resource-level permissions; empty: no permission is needed
  std::string account;  // the owner; empty: this deployment's account
  std::vector<std::pair<std::string, std::string>> keys;                // condition keys of one value
  std::vector<std::pair<std::string, std::vector<std::string>>> lists;  // multivalued condition keys
  // The same without copies, for hot paths: what they point at must outlive the decision.
  std::vector<std::pair<policy::Key, std::string_view>> borrowed;
  std::vector<std::pair<std::string_view, const TagMap*>> borrowed_tags;  // by prefix
  const SessionTags* session_tags = nullptr;  // aws:RequestTag/*, aws:TagKeys, sts:TransitiveTagKeys
  const policy::Policy* policy = nullptr;     // the resource's own policy, if it has one
  bool trust = false;                         // `policy` is a role trust policy

  Resource(std::string arn) : arn(std::move(arn)) {}  // NOLINT: implicit on purpose
  static Resource all() { return Resource("*"); }
  // For the few operations that anyone who is authenticated may call (sts:GetCallerIdentity).
  static Resource unguarded() { return Resource(""); }

  Resource& key(std::string name, std::string value) {
    keys.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  Resource& request_tags(const TagMap& tags);          // aws:RequestTag/*, aws:TagKeys
  Resource& tag_keys(std::vector<std::string> names);  // aws:TagKeys
  Resource& resource_tags(const TagMap& tags);         // aws:ResourceTag/*
};

// Facts that an operation adds to its audit record, e.g. ("pod", "default/app1"). Never a secret.
struct Audit {
  // Members of a JSON object: "pod":"default/app1","reason":"..."
  std::string facts;
  // The decisions of the policy engine, as JSON objects with commas between: {"decision", "layer", "request"}, the
  // request as aws/request_json.h has it. Those that refused; all of them if the deployment says so.
  std::string decisions;
  // Who the request proved to come from by what is in it, as the record's userIdentity has it: a JSON object. Empty:
  // the caller.
  std::string identity;
  // The id of the pod identity association that was made, or was to be exchanged: of our own making, and written as it
  // is. The last of the record's facts.
  std::string association_id;
  // Whether the record of this request, if it succeeds, would say nothing new: no record is kept. For who reads the
  // trail as it grows (docs/decisions/071).
  bool repeated = false;
  void add(std::string_view name, std::string_view value);  // `name` is a literal of letters
  void add_facts(std::string_view members);                 // of another one
  void clear() {
    facts.clear();
    decisions.clear();
    identity.clear();
    association_id.clear();
    repeated = false;
  }
};

// Something that happens outside, such as another server's answer or a change of what is stored. Called once; calls
// `done` exactly once, from any thread, when it has ended, well or not.
using Wait = std::function<void(std::function<void()> done)>;
inline constexpr int kMaxWaits = 3;  // of one request

inline constexpr std::size_t kMaxDecisionBytes = 16 * 1024;  // a larger one is left out

struct Call {
  store::Transaction& tx;
  const Deployment& deployment;
  const Caller& caller;
  policy::Context& context;  // the global condition keys of this request; see gateway/authorize
  Time now;
  std::string_view request_id;
  Audit& audit;
  const crypto::Sha256Digest* body_hash = nullptr;  // of the request; null where nobody has taken it
  Wait* wait = nullptr;                             // where wait_for leaves it; null where nobody can wait
  int waits = 0;                                    // how often this request has waited already

  Random& random() const { return *deployment.random; }

  // A handler that lacks something from outside returns what this returns. What it wrote is dropped, `wait` is waited
  // for, and then the handler runs again in a new transaction, where it finds what it lacked or says what is wrong.
  Error wait_for(Wait outside) const;

  // May the caller do `action` on `resource`? ErrorKind::denied with AWS's sentence if not. The decision is remembered
  // for the audit.
  Result<void> authorize(std::string_view action, const Resource& resource) const;
  // The same for another principal, with the policies that bind it (a service that acts: only resource.policy counts).
  Result<void> authorize_as(const policy::Principal& principal, const Authority& authority, std::string_view action,
                            const Resource& resource) const;
  // Several actions on one resource, all of which must be allowed.
  Result<void> authorize_as(const policy::Principal& principal, const Authority& authority,
                            std::span<const std::string_view> actions, const Resource& resource) const;
  // What authorize_as() asks the engine, for who wants more than its answer: `asked` is called for each action.
  // Nothing is noted for the audit.
  using Asked = std::function<void(const policy::Request& request, const policy::Layers& layers)>;
  void ask_as(const policy::Principal& principal, const Authority& authority, std::span<const std::string_view> actions,
              const Resource& resource, const Asked& asked) const;

 private:
  template <class Visit>
  void each_question(const policy::Principal& principal, const Authority& authority,
                     std::span<const std::string_view> actions, const Resource& resource, Visit visit) const;
  void add_keys(const Resource& resource, const std::string& owner) const;
};

// A new id: prefix and random characters. IAM: id(random, "AROA") is 21 characters of A-Z2-7.
std::string unique_id(Random& random, std::string_view prefix);

}  // namespace podpass::aws
