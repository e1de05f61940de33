// The compact in-memory form of a record's Value. Never written to disk (names are numbers of this process's Names).
//
// One head byte: kind in the low 4 bits, a small number in the high 4 (15: a varint of the rest follows). Then, by
// kind: int and millis a zigzag varint; real 8 bytes; text its bytes; list its items; map, for each member, varint name
// number + 1 (0: the name itself follows, length first) and the value. A number with at most three decimals, and so
// every Time, packs as millis. Unpacked it is a double of seconds: what the JSON form gives after a restart, so a
// record reads the same before and after. Pure functions; safe from any thread. unpack trusts its input: it comes from
// pack, in this process.
#pragma once

#include <string>
#include <string_view>

#include "codec/value.h"
#include "store/names.h"

namespace podpass::store {

void pack(const codec::Value& value, Names& names, std::string& out);
codec::Value unpack(std::string_view packed, const Names& names);

}  // namespace podpass::store
