// Document: a policy document whose shape is known to be right, still as JSON nodes; read_document makes it, validate
// checks what it says.
//
// Shape means: known elements only, each of the right JSON type, Effect present, no pair of Action and NotAction and so
// on, known condition operators. Errors carry AWS's code and text for the kind (Policy::parse). Views show the text
// given. Pure; safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/json_reader.h"
#include "policy/policy.h"

namespace podpass::policy {

// One statement: the index of each element's node, zero if it is absent.
struct StatementNodes {
  std::uint32_t node = 0;
  std::uint32_t sid = 0, effect = 0;
  std::uint32_t principal = 0, not_principal = 0;
  std::uint32_t action = 0, not_action = 0;
  std::uint32_t resource = 0, not_resource = 0;
  std::uint32_t condition = 0;

  std::uint32_t any_principal() const { return principal | not_principal; }
  std::uint32_t any_action() const { return action | not_action; }
  std::uint32_t any_resource() const { return resource | not_resource; }
};

struct Document {
  std::string_view text;
  Kind kind = Kind::identity;
  JsonTree own;             // of a document that was read by itself
  JsonNodes tree;           // this, or that of the larger one
  std::uint32_t root = 0;   // the document's node
  std::uint32_t begin = 0;  // where `text` is in what the tree's offsets count
  std::uint32_t version = 0;
  std::vector<StatementNodes> statements;
  bool may_have_variables = true;  // false: no text in it has "${"

  bool is_2012() const { return version != 0 && tree[version].text == "2012-10-17"; }
};

Result<Document> read_document(std::string_view json, Kind kind);
// Of a value in a larger document, which must outlive it; `json` is the value's text.
Result<Document> read_document(const JsonTree& tree, std::uint32_t node, std::string_view json, Kind kind);
Result<void> validate(const Document& document);

// An error with the kind's code; `node` says where, for the cause.
Error malformed(Kind kind, std::string message);
Error malformed_at(const Document& document, std::uint32_t node, std::string message, std::string_view why = {});

// The place that the cause of such an error, or of read_json's, begins with; line 1 column 1 if it tells none.
Place place_of_cause(std::string_view cause);

// Calls `visit(const JsonNode&)` for the items of a list, or for the node itself; nothing for node zero.
template <class Visit>
void for_each_item(JsonNodes tree, std::uint32_t node, Visit visit) {
  if (node == 0) return;
  if (tree[node].type != JsonType::list) return visit(tree[node]);
  for (auto i = node + 1; i != tree[node].next; i = tree[i].next) visit(tree[i]);
}

// Calls `visit(index)` for the children of an object or list.
template <class Visit>
void for_each_child(JsonNodes tree, std::uint32_t node, Visit visit) {
  for (auto i = node + 1; i != tree[node].next; i = tree[i].next) visit(i);
}

inline bool is_resource_based(Kind kind) {
  return kind == Kind::trust || kind == Kind::bucket || kind == Kind::resource || kind == Kind::resource_control ||
         kind == Kind::endpoint;
}

}  // namespace podpass::policy
