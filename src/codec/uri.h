// Percent-encoding (RFC 3986) as SigV4 and S3 use it, and query strings. Pure functions; safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace podpass::codec {

enum class Slash { encode, keep };

void percent_encode(std::string_view text, Slash slash,
                    std::string& out);  // all but A-Z a-z 0-9 - _ . ~, upper-case hex
std::string percent_encode(std::string_view text, Slash slash = Slash::encode);
std::optional<std::string> percent_decode(std::string_view text);  // any bytes; nothing if malformed; '+' stays '+'

// name=value pairs of a raw query string, decoded, in order. A name without '=' has an empty value. Nothing if
// malformed or not UTF-8 when decoded.
using QueryPairs = std::vector<std::pair<std::string, std::string>>;
std::optional<QueryPairs> parse_query_string(std::string_view query);
const std::string* find_query(const QueryPairs& pairs, std::string_view name);

}  // namespace podpass::codec
