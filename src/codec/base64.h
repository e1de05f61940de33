// Base64 (RFC 4648): the standard alphabet with padding, and base64url without. Decoding is strict: no white space, no
// stray bits. Pure functions; safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace podpass::codec {

std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);
std::string base64url_encode(std::string_view bytes);
std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace podpass::codec
