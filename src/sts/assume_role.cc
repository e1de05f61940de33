#include "sts/assume_role.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "iam/constraints.h"
#include "sts/assume.h"

namespace podpass::sts {
namespace {

using iam::Rule;

constexpr Seconds kChainedLimit{3'600};

Error invalid_value(std::string message) {
  return {ErrorKind::invalid, "InvalidParameterValue", 400, std::move(message), {}, {}};
}

Result<void> check_shape(const AssumeRole::Request& request) {
  TRY(iam::Constraints()
          .text("roleArn", request.RoleArn, Rule::arn)
          .text("roleSessionName", request.RoleSessionName, Rule::session_name)
          .number("durationSeconds", request.DurationSeconds, 900, 43'200)
          .at_most("tags", request.Tags.size(), aws::kMaxTags)
          .at_most("transitiveTagKeys", request.TransitiveTagKeys.size(), aws::kMaxTags)
          .text("externalId", request.ExternalId, Rule::external_id)
          .text("sourceIdentity", request.SourceIdentity, Rule::session_name)
          .result());
  TRY(refuse_mfa(request.SerialNumber, request.TokenCode));
  if (!request.ProvidedContexts.empty()) {
    return Error::invalid("ProvidedContexts: no context provider is registered.");
  }
  if (!iam::account_of_role_arn(request.RoleArn)) return Error::invalid(request.RoleArn + " is invalid");
  return {};
}

// The tags of the request and those that the calling session passes on.
Result<void> take_tags(const aws::Call& call, const AssumeRole::Request& request, Assumption& assumption) {
  auto tags = aws::tag_map(request.Tags, "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
  if (!tags) {
    if (tags.error().message.starts_with("Duplicate")) tags.error().code = "InvalidParameterValue";
    return std::move(tags).error();
  }
  for (auto& [key, value] : *tags) assumption.tags.push_back({key, std::move(value), false});
  auto find = [&](std::string_view name) {
    return std::ranges::find_if(assumption.tags, [&](const auto& tag) { return iequals(tag.key, name); });
  };
  for (const auto& key : request.TransitiveTagKeys) {
    auto tag = find(key);
    if (tag == assumption.tags.end()) {
      return invalid_value("The specified transitive tag key must be included in the requested tags.");
    }
    tag->transitive = true;
  }
  if (!call.caller.session) return {};
  for (const auto& passed_on : call.caller.session->tags) {
    if (!passed_on.transitive) continue;
    if (find(passed_on.key) != assumption.tags.end()) {
      return invalid_value(
          "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
          "the calling session.");
    }
    assumption.inherited_tags.push_back(passed_on);
  }
  return {};
}

// A chained session lives for an hour at most, whatever its role allows.
Result<void> check_chained_length(const aws::Call& call, const Assumption& assumption) {
  if (call.caller.is_chained() && assumption.duration > kChainedLimit) {
    return Error::invalid(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.");
  }
  return {};
}

// The same for a role that does not exist and for one that the caller may not assume: nobody learns which.
Error not_authorized(const aws::Call& call, const std::string& role_arn) {
  return {
      ErrorKind::denied,
      {},
      0,
      fmt::format("User: {} is not authorized to perform: sts:AssumeRole on resource: {}", call.caller.arn, role_arn),
      {},
      {}};
}

}  // namespace

std::vector<std::string> arns_of(const std::vector<PolicyDescriptor>& descriptors) {
  std::vector<std::string> arns;
  for (const auto& descriptor : descriptors) arns.push_back(descriptor.arn.value_or(""));
  return arns;
}

Result<AssumeRole::Response> AssumeRole::handle(aws::Call& call, const Request& request) {
  TRY(check_shape(request));
  if (call.caller.type == policy::PrincipalType::root) {
    return Error{ErrorKind::denied, {}, 0, "Roles may not be assumed by root accounts.", {}, {}};
  }
  Assumption assumption;
  assumption.role_arn = request.RoleArn;
  const auto role_account = *iam::account_of_role_arn(request.RoleArn);
  assumption.role_account = role_account;
  assumption.session_name = request.RoleSessionName;
  assumption.external_id = request.ExternalId;
  assumption.source_identity = request.SourceIdentity;
  TRY(take_tags(call, request, assumption));
  TRY(take_session_policies(call.tx, request.Policy, arns_of(request.PolicyArns), assumption));
  if (call.caller.session && !call.caller.session->source_identity.empty()) {
    const auto& sticky = call.caller.session->source_identity;
    if (assumption.source_identity && *assumption.source_identity != sticky) {
      return Error{ErrorKind::denied, {}, 0, "The source identity of the calling session cannot be changed.", {}, {}};
    }
    assumption.source_identity = sticky;
  }
  assumption.role = iam::find_role_by_arn(call.tx, call.deployment, request.RoleArn);
  if (!assumption.role) return not_authorized(call, request.RoleArn);
  if (request.DurationSeconds) assumption.duration = Seconds{*request.DurationSeconds};
  TRY(authorize(call, call.caller.principal(), call.caller.authority, assumption));
  TRY(check_chained_length(call, assumption));
  TRY(check_session_length(assumption));

  Response response;
  response.PackedPolicySize = TRY(packed_policy_size(assumption));
  auto session = start_session(call, assumption);
  if (call.caller.session) session.node = call.caller.session->node;  // whatever role it takes on, it is that node
  call.audit.add("assumedRole", session_arn(call.deployment, session));
  call.audit.add("accessKeyId", session.access_key_id);
  response.Credentials = credentials_of(session, call.deployment.sessions->ring());
  response.AssumedRoleUser = {assumed_role_id(session), session_arn(call.deployment, session)};
  if (!session.source_identity.empty()) response.SourceIdentity = session.source_identity;
  return response;
}

}  // namespace podpass::sts
