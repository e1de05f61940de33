// JSON (RFC 8259) to and from Value. The parser is Boost.JSON's, fed foreign bytes: depth at most kMaxJsonDepth, one
// document, valid UTF-8, no trailing bytes. Times are written as epoch seconds with milliseconds, as AWS's rest-json
// does. Pure functions; safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/value.h"

namespace podpass::codec {

inline constexpr int kMaxJsonDepth = 64;

// What a name that stands twice in an object means: the last one counts, or it is an error (where a signature or a
// record speaks).
enum class DuplicateKeys { last_wins, refuse };

// ErrorKind::invalid, says at which byte. Whole numbers beyond int64 become doubles; numbers beyond double are an
// error. Doubles are read and written exactly: what was written reads back as the same bits, but a whole one as an
// integer.
Result<Value> parse_json(std::string_view text, DuplicateKeys duplicates = DuplicateKeys::last_wins);
void write_json(const Value& value, std::string& out);
std::string write_json(const Value& value);
void write_json_string(std::string_view text, std::string& out);  // quoted and escaped; `text` is UTF-8
// The same for bytes of any origin, as clean_text() gives them.
void write_foreign_json_string(std::string_view bytes, std::string& out);
std::string write_json_pretty(const Value& value);  // four spaces, as the aws CLI prints

}  // namespace podpass::codec
