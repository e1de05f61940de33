// A strict JSON reader (RFC 8259) for policy documents that keeps the place of every value, which codec/json.h does
// not.
//
// Refuses: duplicate keys (IAM grammar), lone surrogates, bytes that are no UTF-8, characters outside the given set,
// more than kMaxJsonDepth levels, more bytes than the limit, anything behind the value. Numbers and booleans keep
// their text. Errors: ErrorKind::invalid with an empty message; the cause names line, column and reason. Pure; safe
// from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/policy.h"

namespace podpass::policy {

// IAM's limit is 131,072 characters, of two bytes at most; AWS's own longest managed policy has 152,297 bytes.
inline constexpr std::size_t kMaxDocument = 262'144;
inline constexpr int kMaxJsonDepth = 16;

// Which characters a document may hold as they are (escapes may name any). IAM: tab, line ends, U+0020 to U+00FF.
enum class Charset : std::uint8_t { latin1, unicode };

enum class JsonType : std::uint8_t { null, boolean, number, text, list, object };

// Nodes lie in document order. A node's children follow it: i + 1, then nodes[i].next, until the parent's next.
struct JsonNode {
  JsonType type = JsonType::null;
  std::uint32_t begin = 0;  // byte offsets in the document
  std::uint32_t end = 0;
  std::uint32_t next = 0;  // the index behind this node's subtree
  std::string_view key;    // of a member of an object
  std::string_view text;   // decoded text; a number or boolean as written
};

// Where what a JSON string may hold as it is ends: at a quote, a backslash, a control character, or with the text.
std::size_t string_run(std::string_view text, std::size_t at);

// Line and column of a byte.
Place place_of(std::string_view document, std::size_t offset);

// The tree's views show the document, which must outlive it, and its own decoded texts.
struct JsonTree {
  std::vector<JsonNode> nodes;  // nodes[0] is the root
  std::unique_ptr<char[]> decoded;
  bool plain = false;  // nothing but printable ASCII is in the document

  const JsonNode& operator[](std::uint32_t i) const { return nodes[i]; }
  operator std::span<const JsonNode>() const { return nodes; }  // NOLINT: implicit on purpose
};
using JsonNodes = std::span<const JsonNode>;

Result<JsonTree> read_json(std::string_view document, Charset charset, std::size_t limit = kMaxDocument);
// Into a tree whose room is used again; after an error there is nothing to read in it.
Result<void> read_json(std::string_view document, Charset charset, std::size_t limit, JsonTree& tree);

// Whether read_json would take a value of a larger document alone, of which `value` is the text and `tree` was read;
// but for depth, which the larger document has been checked for.
Result<void> check_value(const JsonTree& tree, std::string_view value, Charset charset,
                         std::size_t limit = kMaxDocument);

}  // namespace podpass::policy
