// Operations on the versions of a customer managed policy: kMaxVersions at most, numbers are never used again.
// Rerunnable, as all operations; the errors are those of IAM's API reference.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iam/pages.h"
#include "iam/shapes.h"

namespace podpass::iam {

struct CreatePolicyVersion {
  struct Request {
    std::string PolicyArn;
    std::string PolicyDocument;
    std::optional<bool> SetAsDefault;
  };
  struct Response {
    iam::PolicyVersion PolicyVersion;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(CreatePolicyVersion::Request, (), (PolicyArn, PolicyDocument, SetAsDefault))
BOOST_DESCRIBE_STRUCT(CreatePolicyVersion::Response, (), (PolicyVersion))

struct GetPolicyVersion {
  struct Request {
    std::string PolicyArn;
    std::string VersionId;
  };
  struct Response {
    iam::PolicyVersion PolicyVersion;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(GetPolicyVersion::Request, (), (PolicyArn, VersionId))
BOOST_DESCRIBE_STRUCT(GetPolicyVersion::Response, (), (PolicyVersion))

struct ListPolicyVersions {
  struct Request {
    std::string PolicyArn;
    iam::Marker Marker;
    iam::MaxItems MaxItems;
  };
  struct Response {
    std::vector<PolicyVersion> Versions;
    bool IsTruncated = false;
    iam::Marker Marker;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListPolicyVersions::Request, (), (PolicyArn, Marker, MaxItems))
BOOST_DESCRIBE_STRUCT(ListPolicyVersions::Response, (), (Versions, IsTruncated, Marker))

struct DeletePolicyVersion {
  struct Request {
    std::string PolicyArn;
    std::string VersionId;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DeletePolicyVersion::Request, (), (PolicyArn, VersionId))

struct SetDefaultPolicyVersion {
  struct Request {
    std::string PolicyArn;
    std::string VersionId;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(SetDefaultPolicyVersion::Request, (), (PolicyArn, VersionId))

}  // namespace podpass::iam
