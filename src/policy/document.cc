#include "policy/document.h"

#include <array>
#include <charconv>
#include <optional>

#include "base/strings.h"
#include "policy/operators.h"
#include "policy/pattern.h"

namespace podpass::policy {
namespace {

// What IAM, and what S3, says to a document of the wrong shape.
constexpr std::string_view kSyntax = "Syntax errors in policy.";
constexpr std::string_view kBucketSyntax = "Invalid policy syntax.";

std::string syntax_text(Kind kind) {
  return std::string(kind == Kind::bucket ? kBucketSyntax : kSyntax);
}

std::string bad_json_text(Kind kind) {
  if (kind == Kind::trust) return "This policy contains invalid Json";
  if (kind == Kind::bucket) return "Policies must be valid JSON and the first byte must be '{'";
  return std::string(kSyntax);
}

Error bad_shape(const Document& document, std::uint32_t node, std::string_view why) {
  return malformed_at(document, node, syntax_text(document.kind), why);
}

bool has_too_many_variables(const Document& document, std::string_view text) {
  return document.may_have_variables && count_variables(text) > kMaxVariables;
}

bool is_scalar(const JsonNode& node) {
  return node.type == JsonType::text || node.type == JsonType::number || node.type == JsonType::boolean;
}

Result<void> check_text(const Document& document, std::uint32_t node) {
  if (document.tree[node].type != JsonType::text) return bad_shape(document, node, "must be a string");
  return {};
}

Result<void> check_texts(const Document& document, std::uint32_t node) {
  const auto& tree = document.tree;
  if (tree[node].type != JsonType::text && tree[node].type != JsonType::list) {
    return bad_shape(document, node, "must be a string or a list of strings");
  }
  bool good = true;
  for_each_item(tree, node, [&](const JsonNode& item) {
    good = good && item.type == JsonType::text && !has_too_many_variables(document, item.text);
  });
  if (!good) return bad_shape(document, node, "must be a string or a list of strings, each with at most 64 variables");
  return {};
}

Result<void> check_condition_values(const Document& document, std::uint32_t node) {
  const auto& tree = document.tree;
  bool good = tree[node].type == JsonType::list || is_scalar(tree[node]);
  for_each_item(tree, node, [&](const JsonNode& item) {
    good = good && is_scalar(item) && !has_too_many_variables(document, item.text);
  });
  if (!good) return bad_shape(document, node, "must be a value or a list of values, each with at most 64 variables");
  return {};
}

Result<void> check_condition(const Document& document, std::uint32_t node) {
  const auto& tree = document.tree;
  if (tree[node].type != JsonType::object) return bad_shape(document, node, "must be an object");
  for (auto op = node + 1; op != tree[node].next; op = tree[op].next) {
    if (!parse_operator(tree[op].key)) {
      const bool bucket = document.kind == Kind::bucket;
      return malformed_at(document, op,
                          bucket ? "Invalid Condition type : " + std::string(tree[op].key) : std::string(kSyntax),
                          "an unknown condition operator");
    }
    if (tree[op].type != JsonType::object) return bad_shape(document, op, "must be an object");
    for (auto key = op + 1; key != tree[op].next; key = tree[key].next) TRY(check_condition_values(document, key));
  }
  return {};
}

Result<void> check_principal(const Document& document, std::uint32_t node) {
  const auto& tree = document.tree;
  if (tree[node].type == JsonType::text) return {};  // validate says whether it is "*"
  if (tree[node].type != JsonType::object) return bad_shape(document, node, "must be \"*\" or an object");
  for (auto type = node + 1; type != tree[node].next; type = tree[type].next) TRY(check_texts(document, type));
  return {};
}

struct ElementRule {
  std::string_view name;
  std::uint32_t StatementNodes::* place;
  Result<void> (*check)(const Document&, std::uint32_t);
};

constexpr std::array kElements = {
    ElementRule{"Sid", &StatementNodes::sid, check_text},
    ElementRule{"Effect", &StatementNodes::effect, check_text},
    ElementRule{"Action", &StatementNodes::action, check_texts},
    ElementRule{"Resource", &StatementNodes::resource, check_texts},
    ElementRule{"Condition", &StatementNodes::condition, check_condition},
    ElementRule{"Principal", &StatementNodes::principal, check_principal},
    ElementRule{"NotPrincipal", &StatementNodes::not_principal, check_principal},
    ElementRule{"NotAction", &StatementNodes::not_action, check_texts},
    ElementRule{"NotResource", &StatementNodes::not_resource, check_texts},
};

Error unknown_field(const Document& document, std::uint32_t node) {
  const auto text = is_resource_based(document.kind) ? "Unknown field " + std::string(document.tree[node].key)
                                                     : syntax_text(document.kind);
  return malformed_at(document, node, text, "an unknown element");
}

Result<void> read_statement(Document& document, std::uint32_t node) {
  const auto& tree = document.tree;
  if (tree[node].type != JsonType::object) return bad_shape(document, node, "a statement must be an object");
  StatementNodes statement;
  statement.node = node;
  for (auto child = node + 1; child != tree[node].next; child = tree[child].next) {
    const ElementRule* found = nullptr;
    for (const auto& element : kElements) {
      if (element.name != tree[child].key) continue;
      found = &element;
      break;
    }
    if (!found) return unknown_field(document, child);
    TRY(found->check(document, child));
    statement.*found->place = child;
  }
  if ((statement.principal && statement.not_principal) || (statement.action && statement.not_action) ||
      (statement.resource && statement.not_resource)) {
    return bad_shape(document, node, "an element and its Not form exclude each other");
  }
  if (!statement.effect) {
    const auto text = is_resource_based(document.kind) ? "Missing required field Effect" : syntax_text(document.kind);
    return malformed_at(document, node, text, "Effect is missing");
  }
  const auto effect = tree[statement.effect].text;
  if (effect != "Allow" && effect != "Deny" && !iequals(effect, "Allow") && !iequals(effect, "Deny")) {
    return bad_shape(document, statement.effect, "must be Allow or Deny");
  }
  if (statement.sid && document.kind != Kind::bucket && !only_alnum_and(tree[statement.sid].text, "")) {
    return bad_shape(document, statement.sid, "may hold letters and digits only");
  }
  document.statements.push_back(statement);
  return {};
}

Result<void> read_statements(Document& document, std::uint32_t node) {
  const auto& tree = document.tree;
  if (tree[node].type == JsonType::object) return read_statement(document, node);
  if (tree[node].type != JsonType::list || tree[node].next == node + 1) {
    return bad_shape(document, node, "must be a statement or a list of statements");
  }
  for (auto child = node + 1; child != tree[node].next; child = tree[child].next) TRY(read_statement(document, child));
  return {};
}

Result<void> read_top(Document& document) {
  const auto& tree = document.tree;
  std::uint32_t statement = 0;
  document.statements.reserve((tree[document.root].next - document.root) / 8 + 1);
  for (auto child = document.root + 1; child != tree[document.root].next; child = tree[child].next) {
    const auto key = tree[child].key;
    if (key == "Version") {
      TRY(check_text(document, child));
      if (tree[child].text != "2012-10-17" && tree[child].text != "2008-10-17") {
        return bad_shape(document, child, "must be 2012-10-17 or 2008-10-17");
      }
      document.version = child;
    } else if (key == "Id") {
      TRY(check_text(document, child));
    } else if (key == "Statement") {
      statement = child;
    } else {
      return unknown_field(document, child);
    }
  }
  if (statement == 0) {
    const auto text =
        is_resource_based(document.kind) ? "Missing required field Statement" : syntax_text(document.kind);
    return malformed_at(document, document.root, text, "Statement is missing");
  }
  return read_statements(document, statement);
}

}  // namespace

Error malformed(Kind kind, std::string message) {
  auto error = Error::invalid(std::move(message));
  error.code = kind == Kind::bucket ? "MalformedPolicy" : "MalformedPolicyDocument";
  error.status = 400;
  return error;
}

Error malformed_at(const Document& document, std::uint32_t node, std::string message, std::string_view why) {
  auto error = malformed(document.kind, std::move(message));
  const auto& at = document.tree[node];
  const auto place = place_of(document.text, at.begin - document.begin);
  error.cause = "line " + std::to_string(place.line) + " column " + std::to_string(place.column);
  if (node != document.root && !at.key.empty()) error.cause += ", " + std::string(at.key);
  if (!why.empty()) error.cause += ": " + std::string(why);
  return error;
}

Place place_of_cause(std::string_view cause) {
  constexpr std::string_view kLine = "line ", kColumn = " column ";
  Place place;
  const auto take_number = [&](std::string_view front, std::uint32_t& number) {
    if (!cause.starts_with(front)) return;
    cause.remove_prefix(front.size());
    const auto [end, error] = std::from_chars(cause.data(), cause.data() + cause.size(), number);
    if (error == std::errc()) cause.remove_prefix(static_cast<std::size_t>(end - cause.data()));
  };
  take_number(kLine, place.line);
  take_number(kColumn, place.column);
  return place;
}

namespace {

Charset charset_of(Kind kind) {
  return kind == Kind::bucket ? Charset::unicode : Charset::latin1;
}

Error bad_json(Kind kind, const Error& why) {
  auto error = malformed(kind, bad_json_text(kind));
  error.cause = why.cause;
  return error;
}

Result<void> read_shape(Document& document) {
  const auto text = document.text;
  document.may_have_variables = text.find('$') != std::string_view::npos || text.find('\\') != std::string_view::npos;
  if (document.tree[document.root].type != JsonType::object)
    return malformed_at(document, document.root, bad_json_text(document.kind), "must be an object");
  return read_top(document);
}

}  // namespace

Result<Document> read_document(std::string_view json, Kind kind) {
  auto tree = read_json(json, charset_of(kind));
  if (!tree) return bad_json(kind, tree.error());
  Document document;
  document.text = json;
  document.kind = kind;
  document.own = *std::move(tree);
  document.tree = document.own;
  TRY(read_shape(document));
  return document;
}

Result<Document> read_document(const JsonTree& tree, std::uint32_t node, std::string_view json, Kind kind) {
  if (const auto good = check_value(tree, json, charset_of(kind)); !good) return bad_json(kind, good.error());
  Document document;
  document.text = json;
  document.kind = kind;
  document.tree = tree;
  document.root = node;
  document.begin = tree[node].begin;
  TRY(read_shape(document));
  return document;
}

}  // namespace podpass::policy
