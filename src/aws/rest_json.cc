#include "aws/rest_json.h"

#include <algorithm>
#include <span>

#include "codec/json.h"
#include "codec/uri.h"
#include "codec/utf8.h"

namespace podpass::aws::rest_json {
namespace {

using codec::Value;

// Matches one path against one template and calls `label(name, taken)` for each label; false if it says so. A label
// takes one segment, or with '+' at its end all the rest.
template <class Label>
bool match_path(std::string_view pattern, std::string_view path, Label label) {
  while (true) {
    const auto literal = pattern.substr(0, pattern.find('{'));
    if (!path.starts_with(literal)) return false;
    pattern.remove_prefix(literal.size());
    path.remove_prefix(literal.size());
    if (pattern.empty()) return path.empty();
    const auto end = pattern.find('}');
    auto name = pattern.substr(1, end - 1);
    pattern.remove_prefix(end + 1);
    auto taken = path;
    if (name.ends_with('+')) {
      name.remove_suffix(1);
    } else {
      taken = path.substr(0, path.find('/'));
    }
    path.remove_prefix(taken.size());
    if (taken.empty() || !label(name, taken)) return false;
  }
}

bool fits(std::string_view pattern, std::string_view path) {
  return match_path(pattern, path, [](auto, auto) { return true; });
}

bool read_labels(std::string_view pattern, std::string_view path, Value& labels) {
  labels = Value(Value::Map{});
  return match_path(pattern, path, [&](std::string_view name, std::string_view taken) {
    auto decoded = codec::percent_decode(taken);
    if (!decoded || !codec::is_utf8(*decoded)) return false;
    labels.add(std::string(name), std::move(*decoded));
    return true;
  });
}

std::size_t label_count(const Value& labels) {
  return labels.as<Value::Map>()->size();
}

// What the path says stands first, and wins.
bool is_label(const Value& input, std::size_t labels, std::string_view name) {
  return std::ranges::any_of(std::span(*input.as<Value::Map>()).first(labels),
                             [&](const auto& label) { return label.first == name; });
}

Error serialization_error(std::string message) {
  auto error = Error::invalid(std::move(message));
  error.code = "SerializationException";
  return error;
}

}  // namespace

Result<Match> match(std::span<const Operation> operations, const http::Request& request) {
  Match found;
  for (const auto& operation : operations) {
    if (operation.method != request.method || !read_labels(operation.path, request.path, found.labels)) continue;
    found.operation = &operation;
    return found;
  }
  const bool is_known = std::ranges::any_of(operations, [&](const Operation& operation) {
    return operation.method != request.method && fits(operation.path, request.path);
  });
  auto error = Error::not_found(
      is_known ? "The method is not one of this path's."
               : "Podpass serves no operation at this path; `podpass operations` lists those it serves.");
  error.code = "UnknownOperationException";
  return error;
}

Result<Input> read(Match match, const http::Request& request) {
  auto& value = match.labels;
  if (request.method == "GET" || request.method == "DELETE") {
    auto pairs = codec::parse_query_string(request.query);
    if (!pairs) return serialization_error("The query string is not well formed.");
    const auto labels = label_count(value);
    for (auto& [name, text] : *pairs) {
      if (is_label(value, labels, name)) continue;
      auto* earlier = value.find(name);
      if (!earlier) {
        value.add(std::move(name), std::move(text));
      } else if (earlier->as<Value::List>()) {
        earlier->push(std::move(text));
      } else {
        *earlier = Value::list({std::move(*earlier), Value(std::move(text))});
      }
    }
    return Input{std::move(value), codec::Reading::text};
  }
  if (!request.body.empty()) {
    auto body = codec::parse_json(request.body);
    if (!body) return serialization_error("The body is not well-formed JSON: " + body.error().message);
    auto* map = body->as<Value::Map>();
    if (!map) return serialization_error("The body must be a JSON object.");
    // Only the few labels are looked at: a body may have any number of members.
    const auto labels = label_count(value);
    value.as<Value::Map>()->reserve(labels + map->size());
    for (auto& [name, member] : *map) {
      if (!is_label(value, labels, name)) value.add(std::move(name), std::move(member));
    }
  }
  return Input{std::move(value), codec::Reading::typed};
}

http::Response write(std::string json) {
  http::Response response;
  response.headers.reserve(2);  // the other is the request id
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = std::move(json);
  return response;
}

http::Response write_error(const Error& error) {
  Value body(Value::Map{});
  body.add("__type", error.code);
  body.add("code", error.code);
  body.add("message", error.message);
  for (const auto& [name, value] : error.members) body.add(name, value);
  auto response = write(codec::write_json(body));
  response.status = error.http_status();
  response.headers.emplace_back("x-amzn-ErrorType", error.code);
  return response;
}

}  // namespace podpass::aws::rest_json
