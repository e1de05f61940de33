// The five operations on pod identity associations. One association per cluster, namespace and service account;
// namespace and service account need not exist. An association takes effect with the commit: the next exchange sees it.
// Source: EKS API reference; EKS user guide, "Configure a Kubernetes service account to assume an IAM role with EKS Pod
// Identity".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/operation.h"

namespace podpass::eks {

struct PodIdentityAssociation {
  std::optional<std::string> clusterName, namespace_, serviceAccount, roleArn, associationArn, associationId;
  std::optional<aws::TagMap> tags;
  std::optional<Time> createdAt, modifiedAt;
  std::optional<std::string> ownerArn;
  std::optional<bool> disableSessionTags;
  std::optional<std::string> targetRoleArn, externalId, policy;
};
BOOST_DESCRIBE_STRUCT(PodIdentityAssociation, (),
                      (clusterName, namespace_, serviceAccount, roleArn, associationArn, associationId, tags, createdAt,
                       modifiedAt, ownerArn, disableSessionTags, targetRoleArn, externalId, policy))

struct PodIdentityAssociationSummary {
  std::optional<std::string> clusterName, namespace_, serviceAccount, associationArn, associationId, ownerArn;
};
BOOST_DESCRIBE_STRUCT(PodIdentityAssociationSummary, (),
                      (clusterName, namespace_, serviceAccount, associationArn, associationId, ownerArn))

struct AssociationResponse {
  PodIdentityAssociation association;
};
BOOST_DESCRIBE_STRUCT(AssociationResponse, (), (association))

struct CreatePodIdentityAssociation {
  struct Request {
    std::string clusterName, namespace_, serviceAccount, roleArn;
    std::optional<std::string> clientRequestToken;
    aws::TagMap tags;
    std::optional<bool> disableSessionTags;
    std::optional<std::string> targetRoleArn, policy;
  };
  using Response = AssociationResponse;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(CreatePodIdentityAssociation::Request, (),
                      (clusterName, namespace_, serviceAccount, roleArn, clientRequestToken, tags, disableSessionTags,
                       targetRoleArn, policy))

struct DescribePodIdentityAssociation {
  struct Request {
    std::string clusterName, associationId;
  };
  using Response = AssociationResponse;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DescribePodIdentityAssociation::Request, (), (clusterName, associationId))

struct UpdatePodIdentityAssociation {
  struct Request {
    std::string clusterName, associationId;
    std::optional<std::string> roleArn, clientRequestToken;
    std::optional<bool> disableSessionTags;
    std::optional<std::string> targetRoleArn, policy;  // absent: unchanged; empty: removed
  };
  using Response = AssociationResponse;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(UpdatePodIdentityAssociation::Request, (),
                      (clusterName, associationId, roleArn, clientRequestToken, disableSessionTags, targetRoleArn,
                       policy))

struct DeletePodIdentityAssociation {
  struct Request {
    std::string clusterName, associationId;
  };
  using Response = AssociationResponse;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DeletePodIdentityAssociation::Request, (), (clusterName, associationId))

struct ListPodIdentityAssociations {
  struct Request {
    std::string clusterName;
    std::optional<std::string> namespace_, serviceAccount;
    std::optional<std::int64_t> maxResults;
    std::optional<std::string> nextToken;
  };
  struct Response {
    std::vector<PodIdentityAssociationSummary> associations;
    std::optional<std::string> nextToken;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListPodIdentityAssociations::Request, (),
                      (clusterName, namespace_, serviceAccount, maxResults, nextToken))
BOOST_DESCRIBE_STRUCT(ListPodIdentityAssociations::Response, (), (associations, nextToken))

}  // namespace podpass::eks
