// AssumeRoleWithWebIdentity: a session of a role for the holder of an OpenID Connect ID token, such as a pod's service
// account token. Needs no credentials: the token is what proves who calls, so a signature, if there is one, is not
// looked at. Source: STS API reference, AssumeRoleWithWebIdentity; EKS user guide, "IAM roles for service accounts".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/operation.h"
#include "sts/assume_role.h"
#include "sts/credentials.h"

namespace podpass::sts {

struct AssumeRoleWithWebIdentity {
  static constexpr bool kPublic = true;
  struct Request {
    std::string RoleArn, RoleSessionName, WebIdentityToken;
    std::optional<std::string> ProviderId;
    std::vector<PolicyDescriptor> PolicyArns;
    std::optional<std::string> Policy;
    std::optional<std::int64_t> DurationSeconds;
  };
  struct Response {
    sts::Credentials Credentials;
    std::string SubjectFromWebIdentityToken;
    sts::AssumedRoleUser AssumedRoleUser;
    std::optional<std::int64_t> PackedPolicySize;
    std::string Provider, Audience;
    std::optional<std::string> SourceIdentity;
  };
  // The role's trust policy decides; handle() asks it.
  static Result<aws::Resource> resource(aws::Call&, const Request&) { return aws::Resource::unguarded(); }
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(AssumeRoleWithWebIdentity::Request, (),
                      (RoleArn, RoleSessionName, WebIdentityToken, ProviderId, PolicyArns, Policy, DurationSeconds))
BOOST_DESCRIBE_STRUCT(AssumeRoleWithWebIdentity::Response, (),
                      (Credentials, SubjectFromWebIdentityToken, AssumedRoleUser, PackedPolicySize, Provider, Audience,
                       SourceIdentity))

}  // namespace podpass::sts
