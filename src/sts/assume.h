// Assuming a role, whoever asks: does its trust policy let them, and the session that comes of it. AssumeRole,
// AssumeRoleWithWebIdentity and EKS Auth's exchange are made of these. Pure reads; the Call's rules hold. An
// Assumption's views must live as long as it does. Sources: STS API reference, AssumeRole; IAM user guide, "Pass
// session tags in AWS STS".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/call.h"
#include "iam/lookup.h"

namespace podpass::sts {

struct Assumption {
  std::string_view action = "sts:AssumeRole";
  const iam::RoleRecord* role = nullptr;
  std::string_view role_account, role_arn;
  std::string_view session_name;
  Seconds duration{3600};
  aws::SessionTags tags;            // sent with the request
  aws::SessionTags inherited_tags;  // transitive tags of the calling session
  std::optional<std::string_view> external_id, source_identity;
  std::string_view policy;                                              // inline session policy; empty: none
  std::vector<std::string> policy_arns;                                 // managed session policies
  std::vector<std::pair<policy::Key, std::string_view>> keys;           // further condition keys (aws:SourceArn ...)
  std::vector<std::pair<std::string, std::vector<std::string>>> lists;  // and multivalued ones
};

// The assumption's action, and sts:TagSession and sts:SetSourceIdentity where the request needs them: by the trust
// policy, and by the principal's own policies.
Result<void> authorize(const aws::Call& call, const policy::Principal& principal, const aws::Authority& authority,
                       const Assumption& assumption);

// What authorize() asks the policy engine, for who wants more than its answer.
void ask(const aws::Call& call, const policy::Principal& principal, const aws::Authority& authority,
         const Assumption& assumption, const aws::Call::Asked& asked);

// The session policies of a request, checked.
Result<void> take_session_policies(store::Transaction& tx, const std::optional<std::string>& policy,
                                   std::vector<std::string> arns, Assumption& assumption);
// No MFA devices exist yet: a code can't be right.
Result<void> refuse_mfa(const std::optional<std::string>& serial_number, const std::optional<std::string>& token_code);
// Not longer than the role's MaxSessionDuration.
Result<void> check_session_length(const Assumption& assumption);

// The share of the packed limit that session policies and tags take, in percent. Over 100: refuse with
// packed_too_large().
int packed_policy_percent(const Assumption& assumption);
Error packed_too_large(int percent);
// The same for an answer: nothing if there is nothing to pack, an error over 100.
Result<std::optional<std::int64_t>> packed_policy_size(const Assumption& assumption);

aws::Session start_session(const aws::Call& call, Assumption assumption);
// Its two parts: what no other session has - keys, name and times, and the account, which the keys tell of - and what
// all sessions of such an assumption have.
aws::Session start_own_part(const aws::Call& call, std::string_view account, std::string_view session_name,
                            Seconds duration);
void put_shared_part(Assumption assumption, aws::Session& session);

// New credentials: ASIA id and secret into `session`.
void give_keys(aws::Session& session, Random& random);

std::string session_arn(const aws::Deployment& deployment, const aws::Session& session);
std::string assumed_role_id(const aws::Session& session);  // AROA...:session-name

// The Caller that a session makes: its authority is that of its role or user, cut by the session policies. Dead (the
// role or user is gone or was made anew): ErrorKind::unauthenticated.
Result<void> fill_caller(store::Transaction& tx, const aws::Deployment& deployment, aws::Session session,
                         aws::Caller& caller);

}  // namespace podpass::sts
