#include "store/key.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/check.h"

namespace podpass::store {
namespace {

constexpr std::string_view kRoot = "/podpass/v1/";
constexpr std::string_view kHex = "0123456789ABCDEF";

bool is_table_name(std::string_view name) {
  if (name.empty()) return false;
  for (char c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return true;
}

// Is there a 00 or 01 in it? Eight bytes at a time; the last ones overlap those before.
bool has_escaped(std::string_view part) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  if (part.size() < sizeof kOnes) return std::ranges::any_of(part, [](char c) { return c == 0 || c == 1; });
  std::uint64_t below_two = 0;  // in the high bits
  const auto look_at = [&](const char* bytes) {
    std::uint64_t eight;
    std::memcpy(&eight, bytes, sizeof eight);
    below_two |= (eight - 2 * kOnes) & ~eight;
  };
  for (std::size_t at = 0; at + sizeof kOnes <= part.size(); at += sizeof kOnes) look_at(part.data() + at);
  look_at(part.data() + part.size() - sizeof kOnes);
  return (below_two & (kOnes << 7)) != 0;
}

void append_part(std::string_view part, std::string& out) {
  if (!has_escaped(part)) {  // nearly always
    out.append(part).push_back('\0');
    return;
  }
  for (char c : part) {
    if (c == 0 || c == 1) out += '\x01';
    out += c == 0 ? '\x01' : c == 1 ? '\x02' : c;
  }
  out += '\0';
}

// What stands for a byte in a key on disk: itself, or '%' and two digits.
bool stands_for_itself(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte < 0x7f && c != '/' && c != '%';
}

// Calls `begin()` at each part of a tail and `byte(c)` for each byte in it, unescaped.
template <class Begin, class Byte>
void walk_parts(std::string_view tail, Begin begin, Byte byte) {
  bool inside = false;
  for (std::size_t i = 0; i < tail.size(); ++i) {
    if (!inside) begin();
    inside = tail[i] != '\0';
    if (!inside) continue;
    if (tail[i] != '\x01') {
      byte(tail[i]);
      continue;
    }
    ++i;
    CHECK(i < tail.size());
    byte(tail[i] == '\x01' ? '\0' : '\x01');
  }
}

std::optional<std::string> from_disk_part(std::string_view text) {
  std::string part;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      part += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    auto high = kHex.find(text[i + 1]), low = kHex.find(text[i + 2]);
    if (high == kHex.npos || low == kHex.npos) return std::nullopt;
    part += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return part;
}

}  // namespace

void append_full_key(std::string_view table, const KeyParts& parts, std::string& out) {
  CHECK(is_table_name(table));
  out += table;
  out += '\0';
  for (auto part : parts) append_part(part, out);
}

std::string full_key(std::string_view table, const KeyParts& parts) {
  std::string out;
  append_full_key(table, parts, out);
  return out;
}

std::string_view table_of(std::string_view full) {
  return full.substr(0, full.find('\0'));
}

std::string_view tail_of(std::string_view full) {
  return full.substr(full.find('\0') + 1);
}

std::vector<std::string> parts_of(std::string_view tail) {
  std::vector<std::string> parts;
  walk_parts(tail, [&] { parts.emplace_back(); }, [&](char c) { parts.back() += c; });
  return parts;
}

std::string to_disk_key(std::string_view full) {
  std::string out;
  out.reserve(kRoot.size() + full.size() + 16);
  out += kRoot;
  out += table_of(full);
  walk_parts(
      tail_of(full), [&] { out += '/'; },
      [&](char c) {
        if (stands_for_itself(c)) {
          out += c;
          return;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
      });
  return out;
}

std::size_t disk_key_size(std::string_view full) {
  auto size = kRoot.size() + table_of(full).size();
  walk_parts(tail_of(full), [&] { ++size; }, [&](char c) { size += stands_for_itself(c) ? 1 : 3; });
  return size;
}

std::optional<std::string> from_disk_key(std::string_view disk) {
  if (!disk.starts_with(kRoot)) return std::nullopt;
  auto rest = disk.substr(kRoot.size());
  auto slash = rest.find('/');
  auto table = rest.substr(0, slash);
  if (!is_table_name(table)) return std::nullopt;
  std::string full(table);
  full += '\0';
  while (slash != rest.npos) {
    rest.remove_prefix(slash + 1);
    slash = rest.find('/');
    auto part = from_disk_part(rest.substr(0, slash));
    if (!part) return std::nullopt;
    append_part(*part, full);
  }
  if (to_disk_key(full) != disk) return std::nullopt;  // one key, one spelling
  return full;
}

Extent extent_below(std::string_view tail) {
  if (tail.empty()) return {};
  Extent extent{std::string(tail), std::string(tail)};
  CHECK(tail.back() == '\0');
  extent.end->back() = '\x01';
  return extent;
}

std::string behind(std::string_view tail) {
  std::string out(tail);
  out += '\0';
  return out;
}

}  // namespace podpass::store
