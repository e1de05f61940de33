#include "aws/rest_json.h"

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
  while (!pattern.empty() && !path.empty()) {
    if (pattern.front() != '{') {
      if (pattern.front() != path.front()) return false;
      pattern.remove_prefix(1);
      path.remove_prefix(1);
      continue;
    }
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
  return pattern.empty() && path.empty();
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

Error serialization_error(std::string message) {
  auto error = Error::invalid(std::move(message));
  error.code = "SerializationException";
  return error;
}

}  // namespace

Result<Match> match(std::span<const Operation> operations, const http::Request& request) {
  Match found;
  bool path_known = false;
  for (const auto& operation : operations) {
    if (!fits(operation.path, request.path)) continue;
    if (operation.method != request.method) {
      path_known = true;
      continue;
    }
    if (!read_labels(operation.path, request.path, found.labels)) continue;
    found.operation = &operation;
    return found;
  }
  auto error = Error::not_found(
      path_known ? "The method is not one of this path's."
                 : "Podpass serves no operation at this path; `podpass operations` lists those it serves.");
  error.code = "UnknownOperationException";
  return error;
}

Result<Input> read(Match match, const http::Request& request) {
  auto& value = match.labels;
  if (request.method == "GET" || request.method == "DELETE") {
    auto pairs = codec::parse_query_string(request.query);
    if (!pairs) return serialization_error("The query string is not well formed.");
    const auto labels = value;  // the path wins
    for (auto& [name, text] : *pairs) {
      if (labels.find(name)) continue;
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
    // The path wins. Only its few labels are looked at: a body may have any number of members.
    const auto labels = value;
    for (auto& [name, member] : *map) {
      if (!labels.find(name)) value.add(std::move(name), std::move(member));
    }
  }
  return Input{std::move(value), codec::Reading::typed};
}

http::Response write(const Value& output) {
  http::Response response;
  response.headers.emplace_back("Content-Type", "application/json");
  auto& body = std::get<std::string>(response.body);
  body.reserve(2048);  // an exchange: 1.5 KB
  codec::write_json(output, body);
  return response;
}

http::Response write_error(const Error& error) {
  Value body(Value::Map{});
  body.add("__type", error.code);
  body.add("code", error.code);
  body.add("message", error.message);
  for (const auto& [name, value] : error.members) body.add(name, value);
  auto response = write(body);
  response.status = error.http_status();
  response.headers.emplace_back("x-amzn-ErrorType", error.code);
  return response;
}

}  // namespace podpass::aws::rest_json
