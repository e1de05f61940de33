#include "s3/errors.h"

#include <algorithm>

#include "base/check.h"
#include "codec/xml.h"
#include "s3/xml.h"

namespace podpass::s3 {
namespace {

struct Row {
  std::string_view code;
  int status;
  ErrorKind kind;
  std::string_view message;
};

using enum ErrorKind;

constexpr Row kErrors[] = {
    {"AccessControlListNotSupported", 400, invalid, "The bucket does not allow ACLs"},
    {"AccessDenied", 403, denied, "Access Denied"},
    {"BadDigest", 400, invalid, "The Content-MD5 you specified did not match what we received."},
    {"BucketAlreadyExists", 409, conflict,
     "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please "
     "select a different "
     "name and try again."},
    {"BucketAlreadyOwnedByYou", 409, conflict,
     "Your previous request to create the named bucket succeeded and you already own it."},
    {"BucketNotEmpty", 409, conflict, "The bucket you tried to delete is not empty"},
    {"EntityTooLarge", 400, too_large, "Your proposed upload exceeds the maximum allowed size"},
    {"IllegalLocationConstraintException", 400, invalid,
     "The location constraint is incompatible for the region specific endpoint this request was sent to."},
    {"IncompleteBody", 400, invalid,
     "You did not provide the number of bytes specified by the Content-Length HTTP header"},
    {"InvalidArgument", 400, invalid, "Invalid Argument"},
    {"InvalidBucketName", 400, invalid, "The specified bucket is not valid."},
    {"InvalidDigest", 400, invalid, "The Content-MD5 you specified was invalid."},
    {"InvalidRange", 416, invalid, "The requested range is not satisfiable"},
    {"InvalidRequest", 400, invalid, "Invalid Request"},
    {"InvalidStorageClass", 400, invalid, "The storage class you specified is not valid"},
    {"InvalidURI", 400, invalid, "Couldn't parse the specified URI."},
    {"KeyTooLongError", 400, invalid, "Your key is too long"},
    {"MalformedPolicy", 400, invalid, "Policies must be valid JSON and the first byte must be '{'"},
    {"MalformedXML", 400, invalid,
     "The XML you provided was not well-formed or did not validate against our published schema"},
    {"MetadataTooLarge", 400, invalid, "Your metadata headers exceed the maximum allowed metadata size"},
    {"MethodNotAllowed", 405, invalid, "The specified method is not allowed against this resource."},
    {"MissingContentLength", 411, invalid, "You must provide the Content-Length HTTP header."},
    {"MissingRequestBodyError", 400, invalid, "Request Body is empty"},
    {"NoSuchBucket", 404, not_found, "The specified bucket does not exist"},
    {"NoSuchBucketPolicy", 404, not_found, "The bucket policy does not exist"},
    {"NoSuchKey", 404, not_found, "The specified key does not exist."},
    {"NotImplemented", 501, invalid, "A header you provided implies functionality that is not implemented"},
    {"NotModified", 304, invalid, ""},
    {"PolicyTooLarge", 400, invalid, "Policy exceeds the maximum allowed document size."},
    {"PreconditionFailed", 412, invalid, "At least one of the pre-conditions you specified did not hold"},
    {"ServiceUnavailable", 503, unavailable, "Please reduce your request rate."},
    {"TooManyBuckets", 400, limit, "You have attempted to create more buckets than allowed"},
    {"XAmzContentSHA256Mismatch", 400, invalid,
     "The provided 'x-amz-content-sha256' header does not match what was computed."},
};
static_assert(std::ranges::is_sorted(kErrors, {}, &Row::code));

}  // namespace

Error error(std::string_view code, ErrorMembers members) {
  const auto* row = std::ranges::lower_bound(kErrors, code, {}, &Row::code);
  CHECK(row != std::end(kErrors) && row->code == code);
  return {row->kind, std::string(code), row->status, std::string(row->message), {}, std::move(members)};
}

Error error_with_text(std::string_view code, std::string message, ErrorMembers members) {
  auto result = error(code, std::move(members));
  result.message = std::move(message);
  return result;
}

void add_request_id(http::Response& response, std::string_view request_id) {
  response.set("x-amz-request-id", std::string(request_id));
  response.set("x-amz-id-2", std::string(request_id));
}

void name_error(Error& error) {
  if (error.code.empty() && error.status == 408) {
    error.code = "RequestTimeout";
    error.status = 400;
  }
  if (error.code.empty() && error.status == 400) error.code = "IncompleteBody";  // the connection's word for it
  aws::name_error(kErrorNames, error);
}

http::Response error_response(Error error, const http::Request& request, std::string_view request_id) {
  name_error(error);
  http::Response response;
  response.status = error.status;
  add_request_id(response, request_id);
  if (request.method == "HEAD" || response.status == 304) {
    response.head = request.method == "HEAD";
    for (auto& [name, value] : error.members) {
      if (name == "ETag") response.set("ETag", value);
      if (name == "LastModified") response.set("Last-Modified", value);
    }
    return response;
  }
  std::string xml(kXmlDeclaration);
  xml += "<Error>";
  element(xml, "Code", error.code);
  element(xml, "Message", error.message);
  for (const auto& [name, value] : error.members) element(xml, name, value);
  element(xml, "RequestId", request_id);
  element(xml, "HostId", request_id);
  xml += "</Error>";
  response.set("Content-Type", "application/xml");
  response.body = std::move(xml);
  return response;
}

}  // namespace podpass::s3
