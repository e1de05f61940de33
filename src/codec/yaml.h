// YAML to and from Value, by yaml-cpp: kubeconfigs, manifests, configuration. Pure functions; safe from any thread.
//
// Scalars go by YAML 1.2's core schema: null, booleans, integers, floats, else text; quoted is text. As Kubernetes has
// it, 0644 is octal, keys are texts whatever they look like, and there is no .inf and .nan. Merge keys (`<<`) are
// merged. Aliases are copied out. Refused: a name twice in a map, lists and maps as keys, unknown anchors, tags but
// those of the core schema, bad UTF-8.
//
// Limits: kMaxYamlBytes of text, kMaxYamlDepth deep, kMaxYamlNodes values with what aliases and merges repeat and
// kMaxYamlTextBytes of text in them, kMaxYamlDocuments. Errors: invalid, with line and column.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/value.h"

namespace podpass::codec {

inline constexpr std::size_t kMaxYamlBytes = 4 * 1024 * 1024;
inline constexpr int kMaxYamlDepth = 64;
inline constexpr std::size_t kMaxYamlNodes = 200'000;
inline constexpr std::size_t kMaxYamlTextBytes = 16 * 1024 * 1024;
inline constexpr std::size_t kMaxYamlDocuments = 1'000;

Result<Value> parse_yaml(std::string_view text);                         // one document; null if there is nothing
Result<std::vector<Value>> parse_yaml_documents(std::string_view text);  // separated by `---`; empty ones left out

// One document in block style, as kubectl prints: two spaces a level, texts quoted where another reader might take them
// for something else. parse_yaml() gives the same Value back, but times as texts.
std::string write_yaml(const Value& value);

}  // namespace podpass::codec
