// "namespace/name" as a key, and tables of such keys that are looked into without making a string. Values; no thread
// rule.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace podpass::webhook {

inline std::string full_name(std::string_view namespace_, std::string_view name) {
  std::string key;
  key.reserve(namespace_.size() + 1 + name.size());
  key += namespace_;
  key += '/';
  key += name;
  return key;
}

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
using NameSet = std::unordered_set<std::string, TextHash, std::equal_to<>>;
template <class T>
using NameMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

}  // namespace podpass::webhook
