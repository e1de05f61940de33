// AssumeRole. Source: STS API reference, AssumeRole; IAM user guide, "Role chaining", "Pass session tags in AWS STS".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/operation.h"
#include "aws/tags.h"
#include "sts/credentials.h"

namespace podpass::sts {

struct PolicyDescriptor {
  std::optional<std::string> arn;
};
BOOST_DESCRIBE_STRUCT(PolicyDescriptor, (), (arn))
std::vector<std::string> arns_of(const std::vector<PolicyDescriptor>& descriptors);

struct ProvidedContext {
  std::optional<std::string> ProviderArn, ContextAssertion;
};
BOOST_DESCRIBE_STRUCT(ProvidedContext, (), (ProviderArn, ContextAssertion))

struct AssumedRoleUser {
  std::string AssumedRoleId, Arn;
};
BOOST_DESCRIBE_STRUCT(AssumedRoleUser, (), (AssumedRoleId, Arn))

struct AssumeRole {
  struct Request {
    std::string RoleArn, RoleSessionName;
    std::vector<PolicyDescriptor> PolicyArns;
    std::optional<std::string> Policy;
    std::optional<std::int64_t> DurationSeconds;
    std::vector<aws::Tag> Tags;
    std::vector<std::string> TransitiveTagKeys;
    std::optional<std::string> ExternalId, SerialNumber, TokenCode, SourceIdentity;
    std::vector<ProvidedContext> ProvidedContexts;
  };
  struct Response {
    sts::Credentials Credentials;
    sts::AssumedRoleUser AssumedRoleUser;
    std::optional<std::int64_t> PackedPolicySize;
    std::optional<std::string> SourceIdentity;
  };
  // Both sides are looked at by handle(): the caller's policies and the role's trust policy decide together.
  static Result<aws::Resource> resource(aws::Call&, const Request&) { return aws::Resource::unguarded(); }
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(AssumeRole::Request, (),
                      (RoleArn, RoleSessionName, PolicyArns, Policy, DurationSeconds, Tags, TransitiveTagKeys,
                       ExternalId, SerialNumber, TokenCode, SourceIdentity, ProvidedContexts))
BOOST_DESCRIBE_STRUCT(AssumeRole::Response, (), (Credentials, AssumedRoleUser, PackedPolicySize, SourceIdentity))

}  // namespace podpass::sts
