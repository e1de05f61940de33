#include "codec/xml.h"

#include <cmath>
#include <pugixml.hpp>

#include "codec/json.h"

namespace podpass::codec {
namespace {

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

bool too_deep(const pugi::xml_node& root) {
  struct Depth : pugi::xml_tree_walker {
    bool deep = false;
    bool for_each(pugi::xml_node&) override {
      deep = depth() >= kMaxXmlDepth;
      return !deep;
    }
  } walker;
  pugi::xml_node copy = root;
  copy.traverse(walker);
  return walker.deep;
}

std::string_view local_name(const char* name) {
  std::string_view view(name);
  auto colon = view.find(':');
  return colon == std::string_view::npos ? view : view.substr(colon + 1);
}

Value convert(const pugi::xml_node& node) {
  Value::Map map;
  std::string text;
  for (auto child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) text += child.value();
    if (child.type() != pugi::node_element) continue;
    auto value = convert(child);
    Value* earlier = nullptr;
    for (auto& [name, member] : map) {
      if (name == local_name(child.name())) earlier = &member;
    }
    if (earlier == nullptr) {
      map.emplace_back(std::string(local_name(child.name())), std::move(value));
    } else if (earlier->as<Value::List>()) {
      earlier->push(std::move(value));
    } else {
      Value::List list;
      list.push_back(std::move(*earlier));
      list.push_back(std::move(value));
      *earlier = Value(std::move(list));
    }
  }
  if (map.empty()) return Value(std::move(text));
  return Value(std::move(map));
}

}  // namespace

void write_xml_text(std::string_view text, std::string& out) {
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\r': out += "&#xD;"; break;
      case '\n':
      case '\t': out += c; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\xEF\xBF\xBD";
        } else {
          out += c;
        }
    }
  }
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
  pugi::xml_document document;
  auto parsed = document.load_buffer(text.data(), text.size(),
                                     pugi::parse_default | pugi::parse_doctype | pugi::parse_fragment, pugi::encoding_utf8);
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
