// Value: the one tree between bytes and structs. rest-json, query and rest-xml, the store's records, audit and test
// transcripts all speak it. A plain value type: copy, move, compare. Maps keep their order and are small, so a lookup
// is a scan. Depth and size are bounded by the parsers that make Values from foreign bytes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.h"

namespace podpass::codec {

class Value {
 public:
  using List = std::vector<Value>;
  using Member = std::pair<std::string, Value>;
  using Map = std::vector<Member>;

  Value() = default;  // null
  Value(bool value) : data_(value) {}
  Value(std::int64_t value) : data_(value) {}
  Value(int value) : data_(static_cast<std::int64_t>(value)) {}
  Value(double value) : data_(value) {}
  Value(Time value) : data_(value) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(std::string_view value) : data_(std::string(value)) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(List value) : data_(std::move(value)) {}
  Value(Map value) : data_(std::move(value)) {}

  static Value list(std::initializer_list<Value> items = {}) { return Value(List(items)); }
  static Value map(std::initializer_list<Member> members = {}) { return Value(Map(members)); }

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }

  // The alternative, or null if it is another one.
  template <class T>
  const T* as() const {
    return std::get_if<T>(&data_);
  }
  template <class T>
  T* as() {
    return std::get_if<T>(&data_);
  }
  const std::string* as_text() const { return as<std::string>(); }

  // The member of a map; null if this is no map or has no such member.
  const Value* find(std::string_view name) const;
  Value* find(std::string_view name);
  // The member's text; empty if there is none.
  std::string_view text(std::string_view name) const;
  // Appends to a map (a null becomes one), without looking for an equal name.
  Value& add(std::string name, Value value);
  // Replaces the member or appends it.
  void set(std::string_view name, Value value);
  // Appends to a list (a null becomes one).
  Value& push(Value value);

  const auto& data() const { return data_; }
  bool operator==(const Value&) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, Time, std::string, List, Map> data_;
};

}  // namespace podpass::codec
