// Writing S3's XML documents, whose lists are flattened: piece by piece into a string. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "codec/xml.h"

namespace podpass::s3 {

inline constexpr std::string_view kXmlDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
inline constexpr std::string_view kXmlNamespace = "http://s3.amazonaws.com/doc/2006-03-01/";

inline void element(std::string& out, std::string_view name, std::string_view text) {
  out += '<';
  out += name;
  out += '>';
  codec::write_xml_text(text, out);
  out += "</";
  out += name;
  out += '>';
}

// <root xmlns="...">content</root> behind the declaration.
inline std::string document(std::string_view root, std::string_view content) {
  std::string out(kXmlDeclaration);
  out += '<';
  out += root;
  out += " xmlns=\"";
  out += kXmlNamespace;
  out += "\">";
  out += content;
  out += "</";
  out += root;
  out += '>';
  return out;
}

}  // namespace podpass::s3
