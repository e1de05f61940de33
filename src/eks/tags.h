// TagResource, UntagResource, ListTagsForResource: for clusters and pod identity associations. These three name their
// errors otherwise than the rest of EKS (operations.cc): BadRequestException and NotFoundException.
#pragma once

#include <string>
#include <vector>

#include "aws/operation.h"

namespace podpass::eks {

struct TagResource {
  struct Request {
    std::string resourceArn;
    aws::TagMap tags;
  };
  struct Response {};
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(TagResource::Request, (), (resourceArn, tags))
BOOST_DESCRIBE_STRUCT(TagResource::Response, (), ())

struct UntagResource {
  struct Request {
    std::string resourceArn;
    std::vector<std::string> tagKeys;
  };
  struct Response {};
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(UntagResource::Request, (), (resourceArn, tagKeys))
BOOST_DESCRIBE_STRUCT(UntagResource::Response, (), ())

struct ListTagsForResource {
  struct Request {
    std::string resourceArn;
  };
  struct Response {
    aws::TagMap tags;
  };
  static Result<aws::Resource> resource(aws::Call& call, const Request& request);
  static Result<Response> handle(aws::Call& call, const Request& request);
};
BOOST_DESCRIBE_STRUCT(ListTagsForResource::Request, (), (resourceArn))
BOOST_DESCRIBE_STRUCT(ListTagsForResource::Response, (), (tags))

}  // namespace podpass::eks
