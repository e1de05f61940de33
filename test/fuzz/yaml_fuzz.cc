// Any bytes as YAML documents. What parses is within the limits, and written and read again it is the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/utf8.h"
#include "codec/yaml.h"

namespace {

using podpass::codec::Value;

// Whole doubles are written as integers, so they come back as such.
bool same(const Value& read, const Value& written) {
  if (const auto* number = written.as<double>()) {
    const auto* integer = read.as<std::int64_t>();
    return integer ? static_cast<double>(*integer) == *number : read == written;
  }
  if (const auto* list = written.as<Value::List>()) {
    const auto* other = read.as<Value::List>();
    if (!other || other->size() != list->size()) return false;
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (!same((*other)[i], (*list)[i])) return false;
    }
    return true;
  }
  if (const auto* map = written.as<Value::Map>()) {
    const auto* other = read.as<Value::Map>();
    if (!other || other->size() != map->size()) return false;
    for (std::size_t i = 0; i < map->size(); ++i) {
      if ((*other)[i].first != (*map)[i].first || !same((*other)[i].second, (*map)[i].second)) return false;
    }
    return true;
  }
  return read == written;
}

int depth_of(const Value& value) {
  int deepest = 0;
  if (const auto* list = value.as<Value::List>()) {
    for (const Value& item : *list) deepest = std::max(deepest, depth_of(item));
    return deepest + 1;
  }
  if (const auto* map = value.as<Value::Map>()) {
    for (const auto& [name, member] : *map) deepest = std::max(deepest, depth_of(member));
    return deepest + 1;
  }
  return 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace podpass::codec;
  const auto documents = parse_yaml_documents(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!documents) {
    CHECK(is_utf8(documents.error().message));
    return 0;
  }
  for (const Value& document : *documents) {
    CHECK(depth_of(document) <= kMaxYamlDepth);
    const std::string written = write_yaml(document);
    if (written.size() > kMaxYamlBytes) continue;  // what aliases repeated
    const auto again = parse_yaml(written);
    CHECK(again && same(*again, document));
  }
  return 0;
}
