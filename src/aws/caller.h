// Caller: the authenticated maker of a request, with everything that limits what it may do. Made by
// gateway/authenticate and kept for as long as nothing that it was made of changes; immutable, shared between any
// threads.
//
// Session: what a session token carries, sealed. There is no row for a session anywhere.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "base/time.h"
#include "policy/fold.h"
#include "policy/policy.h"

namespace podpass::aws {

using TagMap = std::map<std::string, std::string>;

// A tag of a session. Transitive ones are passed on to the next role that it assumes.
struct SessionTag {
  std::string key, value;
  bool transitive = false;
  bool operator==(const SessionTag&) const = default;
};
using SessionTags = std::vector<SessionTag>;  // no two keys are equal but for case

struct Session {
  enum class Kind { role, user };  // assumed a role; or GetSessionToken of a user or of root
  Kind kind = Kind::role;
  std::string access_key_id;
  Secret secret;
  std::string account;
  std::string role_name;  // role; else empty
  std::string role_id;    // AROA... of the role, AIDA... of the user: if it changed, the session is dead
  std::string user_name;  // user; empty for root
  std::string session_name;
  std::string source_identity;
  std::string node;  // the Kubernetes node of the pod whose token it was made of; empty: not known
  Time issued{}, expires{};
  SessionTags tags;
  std::string policy;                    // inline session policy; empty: none
  std::vector<std::string> policy_arns;  // managed session policies
};

// The policies of a principal, ready to evaluate, and what keeps them alive.
struct Authority {
  std::vector<policy::NamedPolicy> identity;
  bool has_boundary = false;
  policy::NamedPolicy boundary;
  bool has_session = false;
  std::vector<policy::NamedPolicy> session;
  std::vector<std::shared_ptr<const policy::Policy>> policies;
  std::vector<std::unique_ptr<std::string>> texts;  // what the views of ARNs and names point into

  // `arn` of a managed policy; empty for an inline one, which has a name.
  void add_identity(std::shared_ptr<const policy::Policy> policy, std::string_view arn, std::string_view name = {});
  void set_boundary(std::shared_ptr<const policy::Policy> policy, std::string_view arn);
  void add_session(std::shared_ptr<const policy::Policy> policy, std::string_view arn);
  policy::Layers layers() const;  // the principal's own; views of this object
  // Makes the policies those of one session: for requests only that have its keys.
  void fold(const policy::SessionKeys& keys);

 private:
  policy::NamedPolicy keep(std::shared_ptr<const policy::Policy> policy, std::string_view arn,
                           std::string_view name = {});
};

struct Caller {
  policy::PrincipalType type = policy::PrincipalType::anonymous;
  std::string account, arn, role_arn, unique_id, user_name,
      user_id;  // user_id: what GetCallerIdentity and aws:userid say
  std::string access_key_id;
  std::string audit_identity;  // how the audit trail names this caller; empty: not made yet
  std::optional<Session> session;
  TagMap tags;          // of the user, or of the role overlaid by the session's
  Authority authority;  // of whom gateway/authenticate made: folded, for requests with this caller's keys only

  Caller() = default;
  Caller(const Caller&) = delete;  // principal() gives views into this object

  policy::Principal principal() const;
  bool is_chained() const { return session && session->kind == Session::Kind::role; }
};

}  // namespace podpass::aws
