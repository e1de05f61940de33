// Operations on the access keys of users and of root: kMaxAccessKeys each. A secret is shown once, when its key is
// made. Without UserName the caller's own keys are meant. Rerunnable, as all operations; the errors are those of IAM's
// API reference.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iam/pages.h"
#include "iam/shapes.h"

namespace podpass::iam {

inline constexpr std::size_t kMaxAccessKeys = 2;

struct AccessKey {
  std::string UserName, AccessKeyId, Status, SecretAccessKey;
  Time CreateDate{};
};
BOOST_DESCRIBE_STRUCT(AccessKey, (), (UserName, AccessKeyId, Status, SecretAccessKey, CreateDate))

struct AccessKeyMetadata {
  std::string UserName, AccessKeyId, Status;
  Time CreateDate{};
};
BOOST_DESCRIBE_STRUCT(AccessKeyMetadata, (), (UserName, AccessKeyId, Status, CreateDate))

struct CreateAccessKey {
  struct Request {
    std::optional<std::string> UserName;
  };
  struct Response {
    iam::AccessKey AccessKey;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(CreateAccessKey::Request, (), (UserName))
BOOST_DESCRIBE_STRUCT(CreateAccessKey::Response, (), (AccessKey))

struct ListAccessKeys {
  struct Request {
    std::optional<std::string> UserName;
    iam::Marker Marker;
    iam::MaxItems MaxItems;
  };
  struct Response {
    std::vector<iam::AccessKeyMetadata> AccessKeyMetadata;
    bool IsTruncated = false;
    iam::Marker Marker;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListAccessKeys::Request, (), (UserName, Marker, MaxItems))
BOOST_DESCRIBE_STRUCT(ListAccessKeys::Response, (), (AccessKeyMetadata, IsTruncated, Marker))

struct UpdateAccessKey {
  struct Request {
    std::optional<std::string> UserName;
    std::string AccessKeyId, Status;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(UpdateAccessKey::Request, (), (UserName, AccessKeyId, Status))

struct DeleteAccessKey {
  struct Request {
    std::optional<std::string> UserName;
    std::string AccessKeyId;
  };
  using Response = NoOutput;
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(DeleteAccessKey::Request, (), (UserName, AccessKeyId))

}  // namespace podpass::iam
