#include "sts/assume.h"

#include <fmt/format.h>

#include <array>
#include <span>

#include "base/strings.h"
#include "iam/constraints.h"

namespace podpass::sts {

using policy::operator""_key;

namespace {

// AWS compresses session policies and tags by a way it does not publish. Measured from outside, six pod identity tags
// of some 290 bytes take 56 to 61 percent. So: bytes of tags, and of policies without their white space, which compress
// well, against one budget. See docs/decisions.
constexpr std::size_t kPackedBudgetBytes = 500;
constexpr std::size_t kPolicyCompression = 5;  // so that the longest policy alone fits
constexpr std::size_t kPackedArnBytes = 24;
constexpr std::size_t kMaxPolicyArns = 10;

// Tags of a role under those of a session, which replace ones of any case.
aws::TagMap overlaid(aws::TagMap tags, const aws::SessionTags& over) {
  for (const auto& session_tag : over) {
    std::erase_if(tags, [&](const auto& tag) { return iequals(tag.first, session_tag.key); });
    tags[session_tag.key] = session_tag.value;
  }
  return tags;
}

// Borrows from its arguments, so that nothing is copied on the way of an exchange.
aws::Resource trust_resource(const Assumption& assumption, const aws::TagMap& role_tags,
                             const std::string& duration_seconds) {
  aws::Resource resource{std::string(assumption.role_arn)};
  resource.account = assumption.role_account;
  resource.policy = assumption.role->trust.compiled.get();
  resource.trust = true;
  if (!role_tags.empty()) {
    resource.borrowed_tags = {{"iam:ResourceTag/", &role_tags}, {aws::kResourceTagPrefix, &role_tags}};
  }
  resource.session_tags = &assumption.tags;
  resource.lists = assumption.lists;
  auto& keys = resource.borrowed;
  keys.reserve(assumption.keys.size() + 4);
  keys.assign(assumption.keys.begin(), assumption.keys.end());
  keys.emplace_back("sts:RoleSessionName"_key, assumption.session_name);
  keys.emplace_back("sts:DurationSeconds"_key, duration_seconds);
  if (assumption.external_id) keys.emplace_back("sts:ExternalId"_key, *assumption.external_id);
  if (assumption.source_identity) keys.emplace_back("sts:SourceIdentity"_key, *assumption.source_identity);
  return resource;
}

Error dead_session() {
  return {ErrorKind::unauthenticated,
          "InvalidClientTokenId",
          403,
          "The security token included in the request is invalid.",
          {},
          {}};
}

Result<void> fill_role_caller(store::Transaction& tx, const aws::Deployment& deployment, aws::Caller& caller) {
  const auto& session = *caller.session;
  const auto* role = iam::find_role(tx, session.account, session.role_name);
  if (!role || role->id != session.role_id) return dead_session();
  caller.type = policy::PrincipalType::role_session;
  caller.arn = session_arn(deployment, session);
  caller.role_arn = iam::role_arn(deployment, session.account, *role);
  caller.unique_id = role->id;
  caller.user_id = assumed_role_id(session);
  caller.tags = overlaid(role->tags, session.tags);
  caller.authority = iam::authority_of(tx, *role);
  return {};
}

Result<void> fill_user_caller(store::Transaction& tx, const aws::Deployment& deployment, aws::Caller& caller) {
  const auto& session = *caller.session;
  if (session.user_name.empty()) {
    caller.type = policy::PrincipalType::root;
    caller.arn = fmt::format("arn:{}:iam::{}:root", deployment.partition, session.account);
    caller.user_id = session.account;
    return {};
  }
  const auto* user = iam::find_user(tx, session.account, session.user_name);
  if (!user || user->id != session.role_id)
    user = iam::find_user_by_id(tx, session.account, session.role_id);  // renamed
  if (!user) return dead_session();
  caller.type = policy::PrincipalType::user;
  caller.arn = iam::user_arn(deployment, session.account, *user);
  caller.user_name = user->name;
  caller.unique_id = caller.user_id = user->id;
  caller.tags = user->tags;
  caller.authority = iam::authority_of(tx, *user);
  return {};
}

// Calls `use(actions, resource)` with what an assumption asks for, and of whom.
template <class Use>
auto with_question(const Assumption& assumption, Use use) {
  aws::TagMap merged;
  if (!assumption.inherited_tags.empty()) merged = overlaid(assumption.role->tags, assumption.inherited_tags);
  const auto duration = std::to_string(assumption.duration.count());
  const auto resource =
      trust_resource(assumption, assumption.inherited_tags.empty() ? assumption.role->tags : merged, duration);
  std::array<std::string_view, 3> actions{assumption.action};
  std::size_t count = 1;
  if (!assumption.tags.empty() || !assumption.inherited_tags.empty()) actions[count++] = "sts:TagSession";
  if (assumption.source_identity) actions[count++] = "sts:SetSourceIdentity";
  return use(std::span<const std::string_view>(actions).first(count), resource);
}

}  // namespace

Result<void> authorize(const aws::Call& call, const policy::Principal& principal, const aws::Authority& authority,
                       const Assumption& assumption) {
  return with_question(assumption, [&](auto actions, const auto& resource) {
    return call.authorize_as(principal, authority, actions, resource);
  });
}

void ask(const aws::Call& call, const policy::Principal& principal, const aws::Authority& authority,
         const Assumption& assumption, const aws::Call::Asked& asked) {
  with_question(assumption, [&](auto actions, const auto& resource) {
    call.ask_as(principal, authority, actions, resource, asked);
  });
}

Result<void> take_session_policies(store::Transaction& tx, const std::optional<std::string>& policy,
                                   std::vector<std::string> arns, Assumption& assumption) {
  if (arns.size() > kMaxPolicyArns) {
    return Error{ErrorKind::invalid,
                 "InvalidParameterValue",
                 400,
                 fmt::format("A session can have at most {} managed policies.", kMaxPolicyArns),
                 {},
                 {}};
  }
  for (const auto& arn : arns) {
    if (!iam::find_managed_policy(tx, arn)) {
      return Error::invalid(fmt::format("The session policy {} does not exist or is not attachable.", arn));
    }
  }
  assumption.policy_arns = std::move(arns);
  if (!policy) return {};
  TRY(iam::Constraints().text("policy", *policy, iam::Rule::session_policy).result());
  TRY(policy::Policy::parse(*policy, policy::Kind::session));
  assumption.policy = *policy;
  return {};
}

Result<void> refuse_mfa(const std::optional<std::string>& serial_number, const std::optional<std::string>& token_code) {
  if (!serial_number && !token_code) return {};
  return Error{
      ErrorKind::denied, {}, 0, "MultiFactorAuthentication failed with invalid MFA one time pass code. ", {}, {}};
}

Result<void> check_session_length(const Assumption& assumption) {
  if (assumption.duration.count() <= assumption.role->max_session_seconds) return {};
  return Error::invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
}

int packed_policy_percent(const Assumption& assumption) {
  std::size_t bytes = 0;
  for (const auto* tags : {&assumption.tags, &assumption.inherited_tags}) {
    for (const auto& tag : *tags) bytes += tag.key.size() + tag.value.size() + 2;
  }
  bytes += policy::size_without_whitespace(assumption.policy) / kPolicyCompression;
  bytes += assumption.policy_arns.size() * kPackedArnBytes;
  return static_cast<int>((bytes * 100 + kPackedBudgetBytes - 1) / kPackedBudgetBytes);
}

Error packed_too_large(int percent) {
  return {ErrorKind::invalid,
          "PackedPolicyTooLarge",
          400,
          fmt::format("Packed policy consumes {}% of allotted space, please use smaller policy.", percent),
          {},
          {}};
}

Result<std::optional<std::int64_t>> packed_policy_size(const Assumption& assumption) {
  const bool packed = !assumption.tags.empty() || !assumption.inherited_tags.empty() || !assumption.policy.empty() ||
                      !assumption.policy_arns.empty();
  if (!packed) return std::optional<std::int64_t>();
  const auto percent = packed_policy_percent(assumption);
  if (percent > 100) return packed_too_large(percent);
  return std::optional<std::int64_t>(percent);
}

aws::Session start_own_part(const aws::Call& call, std::string_view account, std::string_view session_name,
                            Seconds duration) {
  aws::Session session;
  session.account = account;
  session.session_name = session_name;
  session.issued = call.now;
  session.expires = Time{Seconds{to_epoch_seconds(call.now)}} + duration;
  give_keys(session, call.random());
  return session;
}

void put_shared_part(Assumption assumption, aws::Session& session) {
  session.kind = aws::Session::Kind::role;
  session.account = assumption.role_account;
  session.role_name = assumption.role->name;
  session.role_id = assumption.role->id;
  session.source_identity = assumption.source_identity.value_or("");
  session.tags = std::move(assumption.tags);
  for (auto& tag : assumption.inherited_tags) session.tags.push_back(std::move(tag));
  session.policy = assumption.policy;
  session.policy_arns = std::move(assumption.policy_arns);
}

aws::Session start_session(const aws::Call& call, Assumption assumption) {
  auto session = start_own_part(call, assumption.role_account, assumption.session_name, assumption.duration);
  put_shared_part(std::move(assumption), session);
  return session;
}

void give_keys(aws::Session& session, Random& random) {
  session.access_key_id = iam::make_access_key_id(random, "ASIA", session.account);
  session.secret = Secret(random.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 40));
}

std::string session_arn(const aws::Deployment& deployment, const aws::Session& session) {
  return concat({"arn:", deployment.partition, ":sts::", session.account, ":assumed-role/", session.role_name, "/",
                 session.session_name});
}

std::string assumed_role_id(const aws::Session& session) {
  return concat({session.role_id, ":", session.session_name});
}

Result<void> fill_caller(store::Transaction& tx, const aws::Deployment& deployment, aws::Session session,
                         aws::Caller& caller) {
  caller.account = session.account;
  caller.access_key_id = session.access_key_id;
  caller.session = std::move(session);
  const auto& held = *caller.session;
  TRY(held.kind == aws::Session::Kind::role ? fill_role_caller(tx, deployment, caller)
                                            : fill_user_caller(tx, deployment, caller));
  // A session policy that cannot be had (deleted, or unknown) is one that allows nothing: the layer is there all the
  // same.
  caller.authority.has_session = !held.policy.empty() || !held.policy_arns.empty();
  if (!held.policy.empty()) {
    if (auto parsed = policy::Policy::parse(held.policy, policy::Kind::session))
      caller.authority.add_session(*parsed, "");
  }
  for (const auto& arn : held.policy_arns) {
    if (auto found = iam::find_managed_policy(tx, arn)) caller.authority.add_session(std::move(found), arn);
  }
  return {};
}

}  // namespace podpass::sts
