// Any bytes as an XML document with the root R. What parses must be good UTF-8, and written and read again be the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/utf8.h"
#include "codec/xml.h"

namespace {

using podpass::codec::Value;

// Lists are read from repeated elements but written as <member>s, so only trees without lists come back alike; control
// characters, which references may name, are written as U+FFFD.
bool comes_back(const Value& value) {
  if (const auto* text = value.as_text()) {
    CHECK(podpass::codec::is_utf8(*text));
    return std::ranges::none_of(*text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }) &&
           text->find("\xEF\xBF") == std::string::npos;
  }
  const auto* map = value.as<Value::Map>();
  return map && std::ranges::all_of(*map, [](const auto& member) { return comes_back(member.second); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace podpass::codec;
  const auto value = parse_xml(std::string_view(reinterpret_cast<const char*>(data), size), "R");
  if (!value) return 0;
  std::string written;
  write_xml_element("R", *value, written);
  const auto again = parse_xml(written, "R");
  CHECK(!comes_back(*value) || (again && *again == *value));
  return 0;
}
