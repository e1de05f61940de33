// Writes the head of a response as it goes over the wire. No I/O, any thread.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace podpass::http {

enum class Persistence : unsigned char { keep, keep_said, close };  // keep_said: HTTP/1.0 must be told

// False, and nothing written, if a header has a line break or NUL in it, or a name that is no token. `common` is whole
// header lines that the server adds to every response.
bool append_response_head(std::string& out, const Response& response, std::string_view common, Persistence persistence);

// Whether the response has a body on the wire: not for HEAD, 1xx, 204 and 304.
bool sends_body(const Response& response);

}  // namespace podpass::http
