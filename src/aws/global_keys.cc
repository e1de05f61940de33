#include "aws/global_keys.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "base/strings.h"

namespace podpass::aws {

using policy::operator""_key;

void add_principal_keys(policy::Context& context, const Caller& caller) {
  using policy::PrincipalType;
  if (caller.type == PrincipalType::anonymous) {
    context.add("aws:PrincipalType"_key, "Anonymous");
    context.add("aws:PrincipalIsAWSService"_key, "false");
    return;
  }
  const bool role = caller.type == PrincipalType::role_session;
  context.add("aws:PrincipalArn"_key, role ? caller.role_arn : caller.arn);
  context.add("aws:PrincipalAccount"_key, caller.account);
  context.add("aws:PrincipalType"_key, role ? "AssumedRole" : caller.type == PrincipalType::root ? "Account" : "User");
  context.add("aws:PrincipalIsAWSService"_key, "false");
  context.add("aws:userid"_key, caller.user_id);
  if (!caller.user_name.empty()) context.add("aws:username"_key, caller.user_name);
  for (const auto& [key, value] : caller.tags) context.add_tag("aws:PrincipalTag/", key, value);
  if (caller.session) {
    context.add("aws:TokenIssueTime"_key, context.keep(iso8601_text(caller.session->issued)));
    context.add("aws:MultiFactorAuthPresent"_key, "false");
    if (!caller.session->source_identity.empty())
      context.add("aws:SourceIdentity"_key, caller.session->source_identity);
  }
}

bool is_principal_key(std::string_view key) {
  constexpr std::string_view kTag = "aws:PrincipalTag/";
  constexpr std::array<std::string_view, 9> kKeys = {
      "aws:PrincipalArn",  "aws:PrincipalAccount", "aws:PrincipalType",  "aws:PrincipalIsAWSService",
      "aws:userid",        "aws:username",         "aws:TokenIssueTime", "aws:MultiFactorAuthPresent",
      "aws:SourceIdentity"};
  return iequals(key.substr(0, kTag.size()), kTag) ||
         std::ranges::any_of(kKeys, [&](std::string_view each) { return iequals(each, key); });
}

void fold_authority(Caller& caller) {
  policy::Context context;
  add_principal_keys(context, caller);
  if (!context.overflowed()) caller.authority.fold({context, is_principal_key});
}

void add_environment_keys(policy::Context& context, const Deployment& deployment, Time now) {
  context.add("aws:CurrentTime"_key, context.keep(iso8601_text(now)));
  context.add("aws:EpochTime"_key, context.keep(std::to_string(to_epoch_seconds(now))));
  context.add("aws:RequestedRegion"_key, deployment.region);
  context.add("aws:ViaAWSService"_key, "false");
}

void add_network_keys(policy::Context& context, const http::Request& request) {
  context.add("aws:SourceIp"_key, request.peer);
  context.add("aws:SecureTransport"_key, request.secure ? "true" : "false");
  if (auto agent = request.find("User-Agent")) context.add("aws:UserAgent"_key, *agent);
  if (auto referer = request.find("Referer")) context.add("aws:referer"_key, *referer);
}

void add_service_keys(policy::Context& context, const Deployment& deployment, std::string_view service, Time now) {
  add_environment_keys(context, deployment, now);
  context.add("aws:PrincipalIsAWSService"_key, "true");
  context.add("aws:PrincipalServiceName"_key, service);
  context.add_list("aws:PrincipalServiceNamesList", std::span(&service, 1));
  context.add("aws:UserAgent"_key, service);
  context.add("aws:SecureTransport"_key, "true");
}

}  // namespace podpass::aws
