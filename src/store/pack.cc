#include "store/pack.h"

#include <cmath>
#include <cstring>

#include "base/check.h"

namespace podpass::store {
namespace {

using codec::Value;

enum class Kind : unsigned char { null, no, yes, integer, millis, real, text, list, map };
constexpr std::uint64_t kFollows = 15;

void append_varint(std::uint64_t number, std::string& out) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}

void append_head(Kind kind, std::uint64_t number, std::string& out) {
  auto low = static_cast<std::uint64_t>(kind);
  if (number < kFollows) {
    out += static_cast<char>(low | number << 4);
  } else {
    out += static_cast<char>(low | kFollows << 4);
    append_varint(number - kFollows, out);
  }
}

std::uint64_t zigzag(std::int64_t number) {
  return (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
}

std::int64_t unzigzag(std::uint64_t number) {
  return static_cast<std::int64_t>(number >> 1) ^ -static_cast<std::int64_t>(number & 1);
}

struct Packer {
  Names& names;
  std::string& out;

  void operator()(std::monostate) const { append_head(Kind::null, 0, out); }
  void operator()(bool flag) const { append_head(flag ? Kind::yes : Kind::no, 0, out); }
  void operator()(std::int64_t number) const { append_head(Kind::integer, zigzag(number), out); }
  void operator()(Time time) const { append_head(Kind::millis, zigzag(time.time_since_epoch().count()), out); }
  void operator()(double number) const {
    double scaled = std::round(number * 1000);
    if (std::abs(scaled) < 9e15 && scaled / 1000 == number && !std::signbit(number)) {
      append_head(Kind::millis, zigzag(static_cast<std::int64_t>(scaled)), out);
      return;
    }
    append_head(Kind::real, 0, out);
    out.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  void operator()(const std::string& text) const {
    append_head(Kind::text, text.size(), out);
    out += text;
  }
  void operator()(const Value::List& list) const {
    append_head(Kind::list, list.size(), out);
    for (const auto& item : list) pack(item, names, out);
  }
  void operator()(const Value::Map& map) const {
    append_head(Kind::map, map.size(), out);
    for (const auto& [name, value] : map) {
      auto number = names.number_of(name);
      append_varint(number ? *number + 1 : 0, out);
      if (!number) {
        append_varint(name.size(), out);
        out += name;
      }
      pack(value, names, out);
    }
  }
};

struct Unpacker {
  const char* at;
  const char* end;
  const Names& names;

  std::uint64_t varint() {
    std::uint64_t number = 0;
    for (int shift = 0;; shift += 7) {
      CHECK(at < end && shift < 64);
      auto byte = static_cast<unsigned char>(*at++);
      number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
  }

  std::string_view bytes(std::uint64_t size) {
    CHECK(size <= static_cast<std::uint64_t>(end - at));
    std::string_view taken(at, size);
    at += size;
    return taken;
  }

  std::string name() {
    auto number = varint();
    if (number == 0) return std::string(bytes(varint()));
    const auto* text = names.text(static_cast<std::uint32_t>(number - 1));
    CHECK(text);
    return *text;
  }

  Value list(std::uint64_t size) {
    Value::List items;
    items.reserve(size);
    for (; size > 0; --size) items.push_back(value());
    return Value(std::move(items));
  }

  Value map(std::uint64_t size) {
    Value::Map members;
    members.reserve(size);
    for (; size > 0; --size) {
      auto member = name();
      members.emplace_back(std::move(member), value());
    }
    return Value(std::move(members));
  }

  Value value() {
    CHECK(at < end);
    auto head = static_cast<unsigned char>(*at++);
    std::uint64_t number = head >> 4;
    if (number == kFollows) number += varint();
    switch (static_cast<Kind>(head & 15)) {
      case Kind::null:
        return {};
      case Kind::no:
        return false;
      case Kind::yes:
        return true;
      case Kind::integer:
        return unzigzag(number);
      case Kind::millis:
        return static_cast<double>(unzigzag(number)) / 1000;
      case Kind::real: {
        double real;
        std::memcpy(&real, bytes(sizeof real).data(), sizeof real);
        return real;
      }
      case Kind::text:
        return bytes(number);
      case Kind::list:
        return list(number);
      case Kind::map:
        return map(number);
    }
    check_failed("a known kind", __FILE__, __LINE__);
  }
};

}  // namespace

void pack(const Value& value, Names& names, std::string& out) {
  std::visit(Packer{names, out}, value.data());
}

Value unpack(std::string_view packed, const Names& names) {
  return Unpacker{packed.data(), packed.data() + packed.size(), names}.value();
}

}  // namespace podpass::store
