// S3's errors: codes, statuses and texts, and their form on the wire (XML, with the request's id).
//
// Pure functions. Source: S3 API reference, "Error responses".
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/error_kinds.h"
#include "base/result.h"
#include "http/message.h"

namespace podpass::s3 {

using ErrorMembers = std::vector<std::pair<std::string, std::string>>;

// `code` is one of the table in errors.cc; its status, kind and usual text come from there.
Error error(std::string_view code, ErrorMembers members = {});
// The same with a text of its own.
Error error_with_text(std::string_view code, std::string message, ErrorMembers members = {});

// What S3 calls errors that come from layers which know no service.
inline constexpr aws::ErrorNames kErrorNames = {{
    {"InvalidRequest", 400},
    {"AccessDenied", 403},
    {"AccessDenied", 403},
    {"NoSuchKey", 404},
    {"OperationAborted", 409},
    {"InvalidRequest", 400},
    {"EntityTooLarge", 400},
    {"SlowDown", 503},
    {"ServiceUnavailable", 503},
    {"InternalError", 500},
}};

// Fills in code and status where a layer below left them open.
void name_error(Error& error);

// No body for HEAD and for 304. Also for the gateway, when a request to S3 fails before it gets to Service.
http::Response error_response(Error error, const http::Request& request, std::string_view request_id);

// x-amz-request-id and x-amz-id-2, which every answer of S3 carries.
void add_request_id(http::Response& response, std::string_view request_id);

}  // namespace podpass::s3
