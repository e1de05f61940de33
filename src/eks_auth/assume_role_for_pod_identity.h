// AssumeRoleForPodIdentity: a pod's projected token becomes temporary credentials of the role that its service account
// is associated with. The node (the agent) calls it, signed with the node's own credentials. A read: nothing is stored.
// Source: EKS Auth API reference; EKS user guide, "Grant Pods access to AWS resources based on tags".
#pragma once

#include <string>
#include <string_view>

#include "aws/operation.h"

namespace podpass::eks_auth {

struct Subject {
  std::string namespace_, serviceAccount;
};
BOOST_DESCRIBE_STRUCT(Subject, (), (namespace_, serviceAccount))

struct PodIdentityAssociation {
  std::string associationArn, associationId;
};
BOOST_DESCRIBE_STRUCT(PodIdentityAssociation, (), (associationArn, associationId))

struct AssumedRoleUser {
  std::string arn, assumeRoleId;
};
BOOST_DESCRIBE_STRUCT(AssumedRoleUser, (), (arn, assumeRoleId))

struct Credentials {
  std::string sessionToken, secretAccessKey, accessKeyId;
  Time expiration{};
};
BOOST_DESCRIBE_STRUCT(Credentials, (), (sessionToken, secretAccessKey, accessKeyId, expiration))

struct AssumeRoleForPodIdentity {
  struct Request {
    std::string clusterName;
    std::string_view token;
  };
  struct Response {
    codec::Written<Subject> subject;
    std::string_view audience;
    codec::Written<PodIdentityAssociation> podIdentityAssociation;
    AssumedRoleUser assumedRoleUser;
    Credentials credentials;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(AssumeRoleForPodIdentity::Request, (), (clusterName, token))
BOOST_DESCRIBE_STRUCT(AssumeRoleForPodIdentity::Response, (),
                      (subject, audience, podIdentityAssociation, assumedRoleUser, credentials))

}  // namespace podpass::eks_auth
