#include "sts/assume_role_with_web_identity.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "codec/json.h"
#include "iam/constraints.h"
#include "sts/assume.h"
#include "web_identity/identity.h"

namespace podpass::sts {

using policy::operator""_key;

namespace {

using iam::Rule;
using web_identity::Identity;

constexpr std::string_view kAction = "sts:AssumeRoleWithWebIdentity";
constexpr auto kSourceArn = "aws:SourceArn"_key;

Result<void> check_shape(const AssumeRoleWithWebIdentity::Request& request) {
  TRY(iam::Constraints()
          .text("roleArn", request.RoleArn, Rule::arn)
          .text("roleSessionName", request.RoleSessionName, Rule::session_name)
          .secret("webIdentityToken", request.WebIdentityToken, Rule::web_identity_token)
          .text("providerId", request.ProviderId, Rule::provider_id)
          .number("durationSeconds", request.DurationSeconds, 900, 43'200)
          .result());
  if (!iam::account_of_role_arn(request.RoleArn)) return Error::invalid(request.RoleArn + " is invalid");
  if (request.ProviderId) {
    return web_identity::invalid_token(
        "ProviderId is for OAuth 2.0 access tokens, which are not taken here. Leave it out for OpenID Connect ID "
        "tokens.");
  }
  return {};
}

// As CloudTrail names who holds a token: provider, application, user.
void note_identity(const Identity& identity, aws::Audit& audit) {
  const auto& claims = identity.claims;
  audit.identity = codec::write_json(
      codec::Value::map({{"type", "WebIdentityUser"},
                         {"principalId", concat({identity.provider_arn, ":", claims.audience, ":", claims.subject})},
                         {"userName", claims.subject},
                         {"identityProvider", identity.provider_arn}}));
  audit.add("cluster", identity.cluster);
  if (!claims.node.empty()) audit.add("node", claims.node);
}

// The condition keys of a web identity: <issuer without its scheme>:<claim>, whose names `names` holds; and the
// cluster, because an issuer's name may be that of several.
void add_claim_keys(const Identity& identity, std::vector<std::string>& names, Assumption& assumption) {
  const auto& claims = identity.claims;
  const auto name = [&](std::string_view claim) { return concat({identity.provider_name, ":", claim}); };
  const auto add = [&](std::string_view claim, std::string_view value) {
    const std::string_view key = names.emplace_back(name(claim));
    assumption.keys.push_back({{key, policy::fold_hash(key)}, value});
  };
  assumption.keys.push_back({kSourceArn, identity.cluster_arn});
  names.reserve(4);  // the keys are views into it
  add("sub", claims.subject);
  add("aud", claims.audience);
  if (claims.email) add("email", *claims.email);
  if (claims.audiences.size() == 1) {
    add("oaud", claims.audiences[0]);
  } else {
    assumption.lists.emplace_back(name("oaud"), claims.audiences);
  }
  if (!claims.methods.empty()) assumption.lists.emplace_back(name("amr"), claims.methods);
}

// The same for a role that does not exist and for one that the trust policy does not give: nobody learns which.
Error not_authorized() {
  return {ErrorKind::denied, {}, 0, concat({"Not authorized to perform ", kAction}), {}, {}};
}

Result<Identity> identify(const aws::Call& call, const AssumeRoleWithWebIdentity::Request& request,
                          std::string_view account) {
  auto identity = web_identity::identify(call, request.WebIdentityToken, account);
  if (!identity && !identity.error().cause.empty()) call.audit.add("reason", identity.error().cause);
  return identity;
}

policy::Principal principal_of(const Identity& identity) {
  policy::Principal principal;
  principal.type = policy::PrincipalType::web_identity;
  principal.provider = identity.provider_arn;
  return principal;
}

// Where clusters share an issuer, its name does not tell them apart: a trust policy must say which one it means. One
// that would let the token in without aws:SourceArn does not.
Result<void> check_pinned(const aws::Call& call, const Identity& identity, Assumption assumption) {
  if (!identity.shares_issuer) return {};
  std::erase_if(assumption.keys, [](const auto& each) { return each.first.name == kSourceArn.name; });
  aws::Audit unheard;
  aws::Call without{call.tx, call.deployment, call.caller, call.context, call.now, call.request_id, unheard};
  if (!authorize(without, principal_of(identity), aws::Authority(), assumption)) return {};
  call.audit.add("reason", concat({"several clusters have the issuer ", identity.claims.issuer,
                                   ", and the role's trust policy does not say by aws:SourceArn which it means"}));
  return not_authorized();
}

}  // namespace

Result<AssumeRoleWithWebIdentity::Response> AssumeRoleWithWebIdentity::handle(aws::Call& call, const Request& request) {
  TRY(check_shape(request));
  const auto role_account = *iam::account_of_role_arn(request.RoleArn);
  const auto identity = TRY(identify(call, request, role_account));
  const auto& claims = identity.claims;
  note_identity(identity, call.audit);

  Assumption assumption;
  std::vector<std::string> key_names;
  assumption.action = kAction;
  assumption.role_arn = request.RoleArn;
  assumption.role_account = role_account;
  assumption.session_name = request.RoleSessionName;
  assumption.tags = claims.tags;
  assumption.source_identity = claims.source_identity;
  if (request.DurationSeconds) assumption.duration = Seconds{*request.DurationSeconds};
  add_claim_keys(identity, key_names, assumption);
  assumption.role = iam::find_role_by_arn(call.tx, call.deployment, request.RoleArn);
  if (!assumption.role) return not_authorized();
  TRY(authorize(call, principal_of(identity), aws::Authority(), assumption));
  TRY(check_pinned(call, identity, assumption));
  TRY(check_session_length(assumption));
  TRY(take_session_policies(call.tx, request.Policy, arns_of(request.PolicyArns), assumption));

  Response response;
  response.PackedPolicySize = TRY(packed_policy_size(assumption));
  auto session = start_session(call, std::move(assumption));
  session.node = claims.node;
  call.audit.add("assumedRole", session_arn(call.deployment, session));
  call.audit.add("accessKeyId", session.access_key_id);
  response.Credentials = credentials_of(session, call.deployment.sessions->ring());
  response.AssumedRoleUser = {assumed_role_id(session), session_arn(call.deployment, session)};
  response.SubjectFromWebIdentityToken = claims.subject;
  response.Provider = identity.provider_arn;
  response.Audience = claims.audience;
  response.SourceIdentity = claims.source_identity;
  return response;
}

}  // namespace podpass::sts
