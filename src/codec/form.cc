#include "codec/form.h"

#include <map>
#include <optional>

#include "base/strings.h"
#include "codec/uri.h"
#include "codec/utf8.h"

namespace podpass::codec {
namespace {

// A name of the form, taken apart at its dots, as a tree. Lists and maps are told from structures only when all is
// read.
struct Node {
  std::string name;
  std::optional<std::string> text;
  std::vector<Node> children;

  Node& child(std::string_view part) {
    for (auto& node : children) {
      if (node.name == part) return node;
    }
    return children.emplace_back(Node{std::string(part), {}, {}});
  }
};

// Quotes at most kMaxQuoted bytes of the name: an error must not be as long as what a stranger sent.
Error wrong(std::string_view name, std::string_view why) {
  constexpr std::size_t kMaxQuoted = 128;
  if (name.size() > kMaxQuoted) name = "with a long name";
  return Error::invalid("The parameter " + std::string(name) + " " + std::string(why));
}

Result<void> insert(Node& root, const std::string& name, std::string value) {
  auto parts = split(name, '.');
  if (parts.size() > static_cast<std::size_t>(kMaxFormDepth)) return wrong(name, "has too many parts.");
  auto* at = &root;
  for (auto part : parts) {
    if (part.empty()) return wrong(name, "has an empty part.");
    if (at->text) return wrong(name, "is both a value and a structure.");
    at = &at->child(part);
  }
  if (at->text || !at->children.empty()) return wrong(name, "is given twice.");
  at->text = std::move(value);
  return {};
}

Result<Value> convert(Node& node, std::string_view name);

// The children "1".."N" of a `member` or `entry` node, in the order of their numbers.
Result<std::vector<Node*>> numbered(Node& node, std::string_view name) {
  std::map<std::int64_t, Node*> found;
  for (auto& child : node.children) {
    auto number = parse_integer(child.name);
    if (!number || *number < 1 || *number > kMaxFormIndex || child.name[0] == '0') {
      return wrong(name, "has an index which is not a number from 1 to " + std::to_string(kMaxFormIndex) + ".");
    }
    found[*number] = &child;
  }
  std::vector<Node*> in_order;
  for (auto& [number, child] : found) {
    if (number != static_cast<std::int64_t>(in_order.size()) + 1) return wrong(name, "has a gap in its indexes.");
    in_order.push_back(child);
  }
  return in_order;
}

Result<Value> convert_list(Node& members, std::string_view name) {
  Value::List list;
  for (auto* item : TRY(numbered(members, name))) list.push_back(TRY(convert(*item, name)));
  return Value(std::move(list));
}

Result<Value> convert_map(Node& entries, std::string_view name) {
  Value::Map map;
  for (auto* entry : TRY(numbered(entries, name))) {
    Node *key = nullptr, *value = nullptr;
    for (auto& child : entry->children) {
      if (child.name == "key") key = &child;
      if (child.name == "value") value = &child;
    }
    if (!key || !key->text || !value) return wrong(name, "has an entry without key and value.");
    map.emplace_back(*key->text, TRY(convert(*value, name)));
  }
  return Value(std::move(map));
}

Result<Value> convert_members(Node& node) {
  Value::Map map;
  map.reserve(node.children.size());
  for (auto& child : node.children) {
    auto value = TRY(convert(child, child.name));
    map.emplace_back(std::move(child.name), std::move(value));
  }
  return Value(std::move(map));
}

Result<Value> convert(Node& node, std::string_view name) {
  if (node.text) return Value(std::move(*node.text));
  if (node.children.size() == 1) {
    auto& only = node.children.front();
    if (only.name == "member" && !only.text) return convert_list(only, name);
    if (only.name == "entry" && !only.text) return convert_map(only, name);
  }
  return convert_members(node);
}

}  // namespace

Result<FormPairs> parse_form(std::string_view text) {
  FormPairs pairs;
  if (text.empty()) return pairs;
  for (auto part : split(text, '&')) {
    if (part.empty()) continue;
    if (pairs.size() == kMaxFormPairs) {
      return Error::invalid("The form has more than " + std::to_string(kMaxFormPairs) + " parameters.");
    }
    std::string spaced(part);
    for (char& c : spaced) {
      if (c == '+') c = ' ';
    }
    auto equals = spaced.find('=');
    std::string_view view = spaced;
    auto name = percent_decode(view.substr(0, equals));
    auto value = percent_decode(equals == std::string::npos ? std::string_view() : view.substr(equals + 1));
    if (!name || !value) return Error::invalid("The form is not percent-encoded correctly.");
    if (!is_utf8(*name) || !is_utf8(*value)) return Error::invalid("The form is not UTF-8.");
    if (name->empty()) return Error::invalid("The form has a parameter without a name.");
    pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return pairs;
}

Result<Value> parse_query_form(std::string_view text) {
  Node root;
  for (auto& [name, value] : TRY(parse_form(text))) TRY(insert(root, name, std::move(value)));
  return convert_members(root);
}

}  // namespace podpass::codec
