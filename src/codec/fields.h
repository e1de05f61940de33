// Between a struct and a Value: to_value(shape) and from_value<Shape>(value). And from a struct to JSON without the
// Value between: write_json(shape, out) writes what write_json(to_value(shape), out) would.
//
// A shape is an aggregate whose members are spelled as on the wire (a C++ keyword takes one trailing underscore,
// dropped here) and described with BOOST_DESCRIBE_STRUCT right behind it; a forgotten member does not compile.
//
//   T in {std::string, bool, int, std::int64_t, double, Time, Value}: required; its absence is an error that names it
//   std::optional<T>                     may be absent; absent is not written
//   std::vector<T>                       absent reads as empty; written always
//   std::map<std::string, T>             absent reads as empty; written always
//   another shape                        required, nested
//
//   std::string_view                     as std::string; of a request it is a view into the Value, of an answer it is
//                                        one of what outlives the answer
//   Written<T>                           a member T of an answer, as JSON that outlives the answer
//
// A type with `Value to_value(const T&)` and `Result<void> from_value(const Value&, Reading, T&)` of its own, found by
// argument-dependent lookup, brings its own form.
//
// Bases are not supported: shapes are flat. In Reading::text a bare text reads as a list of one.
//
// Reading::text is for forms, XML and path labels, where numbers, booleans and times arrive as text; Reading::typed is
// for JSON. Unknown members are ignored, as AWS does. Errors: ErrorKind::invalid; the message is AWS's "1 validation
// error detected: ...".
#pragma once

#include <algorithm>
#include <array>
#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "codec/json.h"
#include "codec/value.h"

namespace podpass::codec {

enum class Reading { typed, text };

template <class T>
using MembersOf = boost::describe::describe_members<T, boost::describe::mod_public>;

template <class T>
concept Shape = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;

// A member T that was written as JSON before: write_json() copies it.
template <class T>
struct Written {
  std::string_view json = "null";
};

namespace detail {

struct Anything {
  template <class T>
  operator T() const;  // only named in unevaluated code
};

// Whether T has more members than those.
template <class T, std::size_t... Members>
constexpr bool has_more(std::index_sequence<Members...>) {
  return requires { T{(static_cast<void>(Members), Anything{})..., Anything{}}; };
}

template <class T>
constexpr void check_described() {
  static_assert(!has_more<T>(std::make_index_sequence<boost::mp11::mp_size<MembersOf<T>>::value>()),
                "a member of this shape is missing from its BOOST_DESCRIBE_STRUCT");
}

constexpr std::string_view wire_name(std::string_view member) {
  if (member.ends_with('_')) member.remove_suffix(1);
  return member;
}

Error missing_member(std::string_view name);
Error wrong_type(std::string_view wanted);
void add_place(Error& error, std::string_view name);    // names the member that an error came from
void add_item_place(Error& error, std::size_t number);  // names the item of a list, from 1

Result<void> read(const Value& value, Reading reading, std::string& out);
Result<void> read(const Value& value, Reading reading, std::string_view& out);
Result<void> read(const Value& value, Reading reading, bool& out);
Result<void> read(const Value& value, Reading reading, int& out);
Result<void> read(const Value& value, Reading reading, std::int64_t& out);
Result<void> read(const Value& value, Reading reading, double& out);
Result<void> read(const Value& value, Reading reading, Time& out);
Result<void> read(const Value& value, Reading reading, Value& out);
const Value::List* list_of(const Value& value, Reading reading);
const Value::Map* map_of(const Value& value, Reading reading);

template <class T>
concept OwnForm = requires(const Value& value, T& out) { from_value(value, Reading::typed, out); };
template <class T>
concept OwnFormOut = requires(const T& value) {
  { to_value(value) } -> std::same_as<Value>;
};

template <class T>
Result<void> read(const Value& value, Reading reading, std::vector<T>& out);
template <class T>
Result<void> read(const Value& value, Reading reading, std::map<std::string, T>& out);
template <class T>
Result<void> read(const Value& value, Reading reading, std::optional<T>& out);

template <class T>
  requires OwnForm<T>
Result<void> read(const Value& value, Reading reading, T& out) {
  return from_value(value, reading, out);
}

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct MayBeAbsent : IsOptional<T> {};
template <class T>
struct MayBeAbsent<std::vector<T>> : std::true_type {};
template <class T>
struct MayBeAbsent<std::map<std::string, T>> : std::true_type {};

template <class T>
  requires(Shape<T> && !OwnForm<T>)
Result<void> read(const Value& value, Reading reading, T& out) {
  check_described<T>();
  if (!value.is_null() && !value.as<Value::Map>() && !map_of(value, reading)) return wrong_type("a structure");
  Result<void> result;
  boost::mp11::mp_for_each<MembersOf<T>>([&](auto member) {
    if (!result) return;
    auto& slot = out.*member.pointer;
    using Slot = std::remove_reference_t<decltype(slot)>;
    constexpr auto name = wire_name(member.name);
    const auto* found = value.find(name);
    if (!found || found->is_null()) {
      if constexpr (!MayBeAbsent<Slot>::value) result = missing_member(name);
      return;
    }
    if (auto read_it = read(*found, reading, slot); !read_it) {
      add_place(read_it.error(), name);
      result = std::move(read_it);
    }
  });
  return result;
}

template <class T>
Result<void> read(const Value& value, Reading reading, std::vector<T>& out) {
  out.clear();
  const auto* list = list_of(value, reading);
  if (!list && reading == Reading::text && value.as_text()) return read(value, reading, out.emplace_back());
  if (!list) return wrong_type("a list");
  out.reserve(list->size());
  for (const auto& item : *list) {
    if (item.is_null()) return wrong_type("a list without null");
    if (auto read_it = read(item, reading, out.emplace_back()); !read_it) {
      add_item_place(read_it.error(), out.size());
      return read_it;
    }
  }
  return {};
}

template <class T>
Result<void> read(const Value& value, Reading reading, std::map<std::string, T>& out) {
  const auto* map = map_of(value, reading);
  if (!map) return wrong_type("a map");
  out.clear();
  for (const auto& [key, item] : *map) {
    if (item.is_null()) return wrong_type("a map without null");
    T fresh{};  // a key that stands twice must not mix two items
    TRY(read(item, reading, fresh));
    out.insert_or_assign(key, std::move(fresh));
  }
  return {};
}

template <class T>
Result<void> read(const Value& value, Reading reading, std::optional<T>& out) {
  return read(value, reading, out.emplace());
}

inline Value write(const std::string& value) {
  return value;
}
inline Value write(std::string&& value) {
  return std::move(value);
}
inline Value write(std::string_view value) {
  return value;
}
inline Value write(bool value) {
  return value;
}
inline Value write(int value) {
  return value;
}
inline Value write(std::int64_t value) {
  return value;
}
inline Value write(double value) {
  return value;
}
inline Value write(Time value) {
  return value;
}
inline Value write(const Value& value) {
  return value;
}
template <class T>
Value write(const Written<T>& value) {
  return parse_json(value.json).value();
}
template <class T>
Value write(const std::vector<T>& items);
template <class T>
Value write(const std::map<std::string, T>& items);

template <class T>
  requires OwnFormOut<T>
Value write(const T& value) {
  return to_value(value);
}

// A shape that is given away gives its texts away.
template <class T>
  requires(Shape<std::remove_cvref_t<T>> && !OwnFormOut<std::remove_cvref_t<T>>)
Value write(T&& shape) {
  using Members = MembersOf<std::remove_cvref_t<T>>;
  check_described<std::remove_cvref_t<T>>();
  Value::Map map;
  map.reserve(boost::mp11::mp_size<Members>::value);
  boost::mp11::mp_for_each<Members>([&](auto member) {
    auto&& slot = std::forward<T>(shape).*member.pointer;
    using Slot = std::remove_cvref_t<decltype(slot)>;
    constexpr auto name = wire_name(member.name);
    if constexpr (IsOptional<Slot>::value) {
      if (slot) map.emplace_back(std::string(name), write(*std::forward<decltype(slot)>(slot)));
    } else {
      map.emplace_back(std::string(name), write(std::forward<decltype(slot)>(slot)));
    }
  });
  return Value(std::move(map));
}

template <class T>
Value write(const std::vector<T>& items) {
  Value::List list;
  list.reserve(items.size());
  for (const auto& item : items) list.push_back(write(item));
  return Value(std::move(list));
}

template <class T>
Value write(const std::map<std::string, T>& items) {
  Value::Map map;
  map.reserve(items.size());
  for (const auto& [key, item] : items) map.emplace_back(key, write(item));
  return Value(std::move(map));
}

// `,"name":`
template <class Member>
constexpr auto json_name() {
  constexpr auto name = wire_name(Member::name);
  std::array<char, name.size() + 4> text{',', '"'};
  std::ranges::copy(name, text.begin() + 2);
  text[name.size() + 2] = '"';
  text[name.size() + 3] = ':';
  return text;
}

inline void put_json(const std::string& text, std::string& out) {
  write_json_string(text, out);
}
inline void put_json(std::string_view text, std::string& out) {
  write_json_string(text, out);
}
inline void put_json(const Value& tree, std::string& out) {
  write_json(tree, out);
}
template <class T>
void put_json(const Written<T>& value, std::string& out) {
  out += value.json;
}
// Numbers, booleans, times, and what has a form of its own.
template <class T>
void put_json(const T& value, std::string& out) {
  write_json(write(value), out);
}
template <class T>
void put_json(const std::vector<T>& items, std::string& out);
template <class T>
void put_json(const std::map<std::string, T>& items, std::string& out);

template <class T>
  requires(Shape<T> && !OwnFormOut<T>)
void put_json(const T& shape, std::string& out) {
  check_described<T>();
  const auto begin = out.size();
  const auto put_member = [&](std::string_view name, const auto& value) {
    out += name;
    put_json(value, out);
  };
  boost::mp11::mp_for_each<MembersOf<T>>([&](auto member) {
    const auto& slot = shape.*member.pointer;
    static constexpr auto kName = json_name<decltype(member)>();
    constexpr std::string_view name(kName.data(), kName.size());
    if constexpr (IsOptional<std::remove_cvref_t<decltype(slot)>>::value) {
      if (slot) put_member(name, *slot);
    } else {
      put_member(name, slot);
    }
  });
  if (out.size() == begin) out += ',';
  out[begin] = '{';  // instead of the first comma
  out += '}';
}

template <class T>
void put_json(const std::vector<T>& items, std::string& out) {
  const auto begin = out.size();
  for (const auto& item : items) {
    out += ',';
    put_json(item, out);
  }
  if (items.empty()) out += ',';
  out[begin] = '[';
  out += ']';
}

template <class T>
void put_json(const std::map<std::string, T>& items, std::string& out) {
  const auto begin = out.size();
  for (const auto& [key, item] : items) {
    out += ',';
    write_json_string(key, out);
    out += ':';
    put_json(item, out);
  }
  if (items.empty()) out += ',';
  out[begin] = '{';
  out += '}';
}

}  // namespace detail

template <class T>
  requires Shape<std::remove_cvref_t<T>>
Value to_value(T&& shape) {
  return detail::write(std::forward<T>(shape));
}

template <class T>
  requires(Shape<T> || detail::OwnFormOut<T>)
void write_json(const T& shape, std::string& out) {
  detail::put_json(shape, out);
}

template <class T>
Result<T> from_value(const Value& value, Reading reading) {
  T out{};
  TRY(detail::read(value, reading, out));
  return out;
}

}  // namespace podpass::codec
