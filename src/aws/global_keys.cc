#include "aws/global_keys.h"

#include <span>
#include <string>

namespace podpass::aws {

void add_principal_keys(policy::Context& context, const Caller& caller) {
  using policy::PrincipalType;
  if (caller.type == PrincipalType::anonymous) {
    context.add("aws:PrincipalType", "Anonymous");
    context.add("aws:PrincipalIsAWSService", "false");
    return;
  }
  const bool role = caller.type == PrincipalType::role_session;
  context.add("aws:PrincipalArn", role ? caller.role_arn : caller.arn);
  context.add("aws:PrincipalAccount", caller.account);
  context.add("aws:PrincipalType", role ? "AssumedRole" : caller.type == PrincipalType::root ? "Account" : "User");
  context.add("aws:PrincipalIsAWSService", "false");
  context.add("aws:userid", caller.user_id);
  if (!caller.user_name.empty()) context.add("aws:username", caller.user_name);
  for (const auto& [key, value] : caller.tags) context.add_tag("aws:PrincipalTag/", key, value);
  if (caller.session) {
    context.add("aws:TokenIssueTime", context.keep(format_iso8601(caller.session->issued)));
    context.add("aws:MultiFactorAuthPresent", "false");
    if (!caller.session->source_identity.empty()) context.add("aws:SourceIdentity", caller.session->source_identity);
  }
}

void add_environment_keys(policy::Context& context, const Deployment& deployment, Time now) {
  context.add("aws:CurrentTime", context.keep(format_iso8601(now)));
  context.add("aws:EpochTime", context.keep(std::to_string(to_epoch_seconds(now))));
  context.add("aws:RequestedRegion", deployment.region);
  context.add("aws:ViaAWSService", "false");
}

void add_network_keys(policy::Context& context, const http::Request& request) {
  context.add("aws:SourceIp", request.peer);
  context.add("aws:SecureTransport", request.secure ? "true" : "false");
  if (auto agent = request.find("User-Agent")) context.add("aws:UserAgent", *agent);
  if (auto referer = request.find("Referer")) context.add("aws:referer", *referer);
}

void add_service_keys(policy::Context& context, const Deployment& deployment, std::string_view service, Time now) {
  add_environment_keys(context, deployment, now);
  context.add("aws:PrincipalIsAWSService", "true");
  context.add("aws:PrincipalServiceName", service);
  context.add_list("aws:PrincipalServiceNamesList", std::span(&service, 1));
  context.add("aws:UserAgent", service);
  context.add("aws:SecureTransport", "true");
}

}  // namespace podpass::aws
