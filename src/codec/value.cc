#include "codec/value.h"

#include "base/check.h"

namespace podpass::codec {

const Value* Value::find(std::string_view name) const {
  const auto* map = as<Map>();
  if (!map) return nullptr;
  for (const auto& [key, value] : *map) {
    if (key == name) return &value;
  }
  return nullptr;
}

Value* Value::find(std::string_view name) {
  return const_cast<Value*>(std::as_const(*this).find(name));
}

std::string_view Value::text(std::string_view name) const {
  const auto* value = find(name);
  const auto* text = value ? value->as_text() : nullptr;
  return text ? std::string_view(*text) : std::string_view();
}

Value& Value::add(std::string name, Value value) {
  if (is_null()) data_ = Map();
  auto* map = as<Map>();
  CHECK(map);
  map->emplace_back(std::move(name), std::move(value));
  return map->back().second;
}

void Value::set(std::string_view name, Value value) {
  if (auto* existing = find(name)) {
    *existing = std::move(value);
  } else {
    add(std::string(name), std::move(value));
  }
}

Value& Value::push(Value value) {
  if (is_null()) data_ = List();
  auto* list = as<List>();
  CHECK(list);
  list->push_back(std::move(value));
  return list->back();
}

}  // namespace podpass::codec
