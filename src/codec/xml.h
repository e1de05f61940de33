// XML to and from Value, by pugixml. Pure functions; safe from any thread.
//
// Writing is AWS's query form: a map's members are elements, a list's items are <member>, times are ISO 8601.
// Characters that XML 1.0 cannot hold are written as U+FFFD. Reading gives elements without children as text, others as
// maps; repeated children become a list; attributes are dropped, and of names the prefix. DOCTYPE is refused, and so
// are unknown entities, control characters and bad UTF-8. Limits: kMaxXmlDepth elements deep, kMaxXmlNames different
// names below one element.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/value.h"

namespace podpass::codec {

inline constexpr int kMaxXmlDepth = 32;
inline constexpr std::size_t kMaxXmlNames = 128;

void write_xml_text(std::string_view text, std::string& out);                         // escaped
void write_xml_element(std::string_view name, const Value& value, std::string& out);  // <name>...</name>
Result<Value> parse_xml(std::string_view text, std::string_view root);  // the root's content; its name must be `root`

}  // namespace podpass::codec
