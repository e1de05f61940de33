#include "codec/xml.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <pugixml.hpp>

#include "codec/json.h"
#include "codec/utf8.h"

namespace podpass::codec {
namespace {

constexpr std::size_t kMaxReference = 12;  // "&#1114111;" and some leading zeros

struct Escape {
  std::string_view with;  // empty: the character stands as it is
  std::size_t length = 1;
};

Escape escape_of(std::string_view text, std::size_t at) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
  switch (text[at]) {
    case '&':
      return {"&amp;"};
    case '<':
      return {"&lt;"};
    case '>':
      return {"&gt;"};
    case '"':
      return {"&quot;"};
    case '\r':
      return {"&#xD;"};
    case '\n':
    case '\t':
      return {};
    case '\xEF':  // U+FFFE and U+FFFF are no XML characters either
      if (text.substr(at, 3) == "\xEF\xBF\xBE" || text.substr(at, 3) == "\xEF\xBF\xBF") return {kReplacement, 3};
      return {};
    default:
      return is_control(text[at]) ? Escape{kReplacement} : Escape{};
  }
}

struct TextWriter {
  std::string& out;
  void operator()(std::monostate) {}
  void operator()(bool flag) { out += flag ? "true" : "false"; }
  void operator()(std::int64_t number) { out += std::to_string(number); }
  void operator()(double number) { write_json(Value(number), out); }
  void operator()(Time time) { out += format_iso8601(time); }
  void operator()(const std::string& text) { write_xml_text(text, out); }
  void operator()(const Value::List& list) {
    for (const auto& item : list) write_xml_element("member", item, out);
  }
  void operator()(const Value::Map& map) {
    for (const auto& [name, value] : map) {
      if (!value.is_null()) write_xml_element(name, value, out);
    }
  }
};

bool too_deep(pugi::xml_node root) {
  struct Depth : pugi::xml_tree_walker {
    bool deep = false;
    bool for_each(pugi::xml_node& node) override {
      deep = node.type() == pugi::node_element && depth() + 2 > kMaxXmlDepth;  // depth() is 0 below the root
      return !deep;
    }
  } walker;
  root.traverse(walker);
  return walker.deep;
}

// "#10" and "#xA" name a character that text can hold: a code point but U+0000, at which pugixml would cut the text.
bool is_character_number(std::string_view digits) {
  digits.remove_prefix(1);
  const bool sixteen = digits.starts_with('x');
  if (sixteen) digits.remove_prefix(1);
  std::uint32_t point = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), point, sixteen ? 16 : 10);
  return error == std::errc() && end == digits.data() + digits.size() && point > 0 && point <= 0x10ffff &&
         (point < 0xd800 || point > 0xdfff);
}

// What pugixml lets pass: bad UTF-8, control characters, and references that it would leave as they stand or turn
// into bad UTF-8. Nothing is a reference in CDATA and comments.
const char* find_bad_text(std::string_view text) {
  constexpr std::array<std::string_view, 5> kEntities = {"amp", "lt", "gt", "quot", "apos"};
  if (!is_utf8(text)) return "it is not UTF-8";
  if (std::ranges::any_of(text, is_control)) return "it has a control character";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    auto rest = text.substr(i);
    std::string_view until;
    if (c == '<' && rest.starts_with("<![CDATA[")) until = "]]>";
    if (c == '<' && rest.starts_with("<!--")) until = "-->";
    if (!until.empty()) {
      auto end = rest.find(until);
      if (end == std::string_view::npos) return "a section does not end";
      i += end;
      continue;
    }
    if (c != '&') continue;
    rest = rest.substr(1, rest.substr(0, kMaxReference).find(';') - 1);
    const bool known = rest.starts_with('#') ? is_character_number(rest) : std::ranges::count(kEntities, rest) > 0;
    if (!known) return "it has an unknown reference";
  }
  return nullptr;
}

std::string_view local_name(std::string_view name) {
  auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

// Namespaces in XML: one colon at most, and a name of its own on each side of it. pugixml has checked the characters,
// but for what may begin the part behind the colon.
bool is_qualified(std::string_view name) {
  const auto local = local_name(name);
  return !name.starts_with(':') && !local.empty() && local.find_first_of("-.0123456789") != 0 &&
         local.find(':') == std::string_view::npos;
}

// A second child of one name makes the member a list.
void put_child(Value::Map& map, std::string_view name, Value value) {
  auto earlier = std::ranges::find(map, name, &Value::Member::first);
  if (earlier == map.end()) {
    map.emplace_back(std::string(name), std::move(value));
  } else if (earlier->second.as<Value::List>()) {
    earlier->second.push(std::move(value));
  } else {
    Value::List list;
    list.push_back(std::move(earlier->second));
    list.push_back(std::move(value));
    earlier->second = Value(std::move(list));
  }
}

Result<Value> convert(const pugi::xml_node& node) {
  Value::Map map;
  std::string text;
  for (auto child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) text += child.value();
    if (child.type() != pugi::node_element) continue;
    if (!is_qualified(child.name())) return Error::invalid("an element's name is not well-formed");
    put_child(map, local_name(child.name()), TRY(convert(child)));
    if (map.size() > kMaxXmlNames) return Error::invalid("an element has too many different children");
  }
  if (map.empty()) return Value(std::move(text));
  return Value(std::move(map));
}

}  // namespace

void write_xml_text(std::string_view text, std::string& out) {
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto escape = escape_of(text, i);
    if (escape.with.empty()) continue;
    out.append(text.substr(start, i - start));
    out += escape.with;
    start = i + escape.length;
    i = start - 1;
  }
  out.append(text.substr(start));
}

void write_xml_element(std::string_view name, const Value& value, std::string& out) {
  out += '<';
  out += name;
  out += '>';
  std::visit(TextWriter{out}, value.data());
  out += "</";
  out += name;
  out += '>';
}

Result<Value> parse_xml(std::string_view text, std::string_view root) {
  if (const char* bad = find_bad_text(text)) return Error::invalid(bad);
  pugi::xml_document document;
  auto parsed = document.load_buffer(
      text.data(), text.size(),
      pugi::parse_default | pugi::parse_doctype | pugi::parse_fragment | pugi::parse_ws_pcdata_single,
      pugi::encoding_utf8);
  if (!parsed) {
    return Error::invalid(std::string(parsed.description()) + " at byte " + std::to_string(parsed.offset));
  }
  pugi::xml_node element;
  for (auto child : document.children()) {
    if (child.type() == pugi::node_doctype) return Error::invalid("a DOCTYPE is not accepted");
    if (child.type() == pugi::node_pcdata) return Error::invalid("text outside of the root element");
    if (child.type() != pugi::node_element) continue;
    if (element) return Error::invalid("more than one root element");
    element = child;
  }
  if (!element || local_name(element.name()) != root) {
    return Error::invalid("the root element must be " + std::string(root));
  }
  if (too_deep(element)) return Error::invalid("elements are nested too deeply");
  return convert(element);
}

}  // namespace podpass::codec
