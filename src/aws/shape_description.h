// A shape's members as a Value, for tools that compare them with AWS's models or emit types of other languages:
//   {"type": "structure", "members": {"clusterName": {"type": "string", "required": true}, ...}}
// Types: string, boolean, integer, double, timestamp, any, list (with "member"), map (with "value"), structure. A type
// that brings its own form (codec/fields.h) may bring a describe() too.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/fields.h"

namespace podpass::aws {

namespace detail {

template <class T>
struct Describe {
  static codec::Value make() {
    if constexpr (requires { T::describe(); }) {
      return T::describe();
    } else if constexpr (codec::Shape<T>) {
      codec::Value members(codec::Value::Map{});
      boost::mp11::mp_for_each<codec::MembersOf<T>>([&](auto member) {
        using Slot = std::remove_cvref_t<decltype(std::declval<T>().*member.pointer)>;
        auto described = Describe<Slot>::make();
        described.set("required", !codec::detail::MayBeAbsent<Slot>::value);
        members.add(std::string(codec::detail::wire_name(member.name)), std::move(described));
      });
      return codec::Value::map({{"type", "structure"}, {"members", std::move(members)}});
    } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
      return codec::Value::map({{"type", "string"}});
    } else if constexpr (std::is_same_v<T, bool>) {
      return codec::Value::map({{"type", "boolean"}});
    } else if constexpr (std::is_integral_v<T>) {
      return codec::Value::map({{"type", "integer"}});
    } else if constexpr (std::is_same_v<T, double>) {
      return codec::Value::map({{"type", "double"}});
    } else if constexpr (std::is_same_v<T, Time>) {
      return codec::Value::map({{"type", "timestamp"}});
    } else {
      return codec::Value::map({{"type", "any"}});
    }
  }
};

template <class T>
struct Describe<std::optional<T>> : Describe<T> {};
template <class T>
struct Describe<codec::Written<T>> : Describe<T> {};
template <class T>
struct Describe<std::vector<T>> {
  static codec::Value make() { return codec::Value::map({{"type", "list"}, {"member", Describe<T>::make()}}); }
};
template <class T>
struct Describe<std::map<std::string, T>> {
  static codec::Value make() { return codec::Value::map({{"type", "map"}, {"value", Describe<T>::make()}}); }
};

}  // namespace detail

template <class T>
codec::Value describe_shape() {
  return detail::Describe<T>::make();
}

}  // namespace podpass::aws
