// Is text good UTF-8 (RFC 3629: shortest forms only, no surrogates)? Every leaf of a Value read from foreign bytes is,
// so that what was read can be written again. Pure function; safe from any thread.
#pragma once

#include <string>
#include <string_view>

namespace podpass::codec {

bool is_utf8(std::string_view text);
// The text if it is; else with '?' for every byte that is not ASCII.
std::string clean_text(std::string_view text);
// Neither XML 1.0 nor YAML may hold it: a C0 control character but tab and line ends.
constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

}  // namespace podpass::codec
