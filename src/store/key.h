// Keys in their two forms.
//
//   full   `<table> 00 <part> 00 <part> 00`: in memory. Every part ends with a zero byte; inside a part, 00 is written
//   01 01 and 01 is
//          written 01 02. So byte order is the order of parts, part by part, bytewise, and whole-part prefixes are byte
//          prefixes.
//   disk   `/podpass/v1/<table>/<part>/<part>`: in the backend, for people. Bytes outside 21..7E, '/' and '%' are
//   written %XX. It
//          does not keep the order, and need not: backends are loaded whole and sorted in memory.
//
// The part of a full key behind its table's name is its tail; the trees of a snapshot are keyed by tails. Pure
// functions. Limits: kMaxKeyBytes (store.h) for the disk form, checked by the transaction.
#pragma once

#include <boost/container/small_vector.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace podpass::store {

// The parts of a key behind its table's name. Any bytes; order of keys is the order of parts, part by part, bytewise.
using KeyParts = boost::container::small_vector<std::string_view, 6>;

void append_full_key(std::string_view table, const KeyParts& parts, std::string& out);
std::string full_key(std::string_view table, const KeyParts& parts);

std::string_view table_of(std::string_view full);
std::string_view tail_of(std::string_view full);
std::vector<std::string> parts_of(std::string_view tail);

std::string to_disk_key(std::string_view full);
std::size_t disk_key_size(std::string_view full);  // of to_disk_key, without making it
std::optional<std::string> from_disk_key(
    std::string_view disk);  // the full key; nothing if it is not one that to_disk_key makes

// The keys with `tail` as whole-part prefix: from `tail` up to, not including, `end`; no end: to the end of the table.
struct Extent {
  std::string from;
  std::optional<std::string> end;

  bool contains(std::string_view tail) const { return tail >= from && (!end || tail < *end); }
};
Extent extent_below(std::string_view tail);

// The very next tail in order.
std::string behind(std::string_view tail);

}  // namespace podpass::store
