// The global condition keys (aws:...), put into a request's context. Which are present for whom: IAM user guide, "AWS
// global condition context keys". Views of the arguments go into the context, so they must outlive it; what is made
// here is kept by the context.
#pragma once

#include <string_view>

#include "aws/caller.h"
#include "aws/deployment.h"
#include "http/message.h"
#include "policy/context.h"

namespace podpass::aws {

// aws:PrincipalArn, PrincipalAccount, PrincipalTag/*, PrincipalType, userid, username, TokenIssueTime ...
void add_principal_keys(policy::Context& context, const Caller& caller);
// Whether add_principal_keys may add it. Nothing else does for a caller that has policies, so they are the same in all
// of its requests.
bool is_principal_key(std::string_view key);
// Makes the caller's policies those of a caller with these keys (policy/fold.h).
void fold_authority(Caller& caller);
// aws:CurrentTime, EpochTime, RequestedRegion, ViaAWSService
void add_environment_keys(policy::Context& context, const Deployment& deployment, Time now);
// aws:SourceIp, SecureTransport, UserAgent, referer
void add_network_keys(policy::Context& context, const http::Request& request);
// What is there when an AWS service acts by itself.
void add_service_keys(policy::Context& context, const Deployment& deployment, std::string_view service, Time now);

}  // namespace podpass::aws
