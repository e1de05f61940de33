// Is text good UTF-8? Keys and metadata come as raw bytes, and records are JSON. Pure function.
#pragma once

#include <string_view>

namespace podpass::s3 {

bool is_utf8(std::string_view text);  // RFC 3629: shortest forms only, no surrogates

}  // namespace podpass::s3
