#include "store/record_json.h"

#include <limits>

#include "base/check.h"
#include "codec/json.h"
#include "store/pack.h"

namespace podpass::store {

std::string record_json(const codec::Value& members, int format) {
  CHECK(members.as<codec::Value::Map>() && !members.find("v"));
  CHECK(format > 0 && format <= std::numeric_limits<std::uint16_t>::max());
  std::string out = "{\"v\":" + std::to_string(format);
  if (members.as<codec::Value::Map>()->empty()) return out + "}";
  auto start = out.size();
  codec::write_json(members, out);
  out[start] = ',';  // the members' own opening brace
  return out;
}

Result<StoredRecord> read_stored_record(std::string_view disk_key, std::string_view json, Revision revision,
                                        Names& names) {
  auto full = from_disk_key(disk_key);
  if (!full)
    return Error::invalid("there is a key that podpass does not write: " + std::string(disk_key.substr(0, 200)));
  auto wrong = [&](std::string_view what) {
    return Error::invalid("the record " + std::string(disk_key) + " is damaged (" + std::string(what) + ")");
  };
  auto parsed = codec::parse_json(json);
  if (!parsed) return wrong(parsed.error().message);
  auto* members = parsed->as<codec::Value::Map>();
  if (!members || members->empty() || members->front().first != "v") return wrong("it has no format version");
  const auto* format = members->front().second.as<std::int64_t>();
  if (!format || *format < 1 || *format > std::numeric_limits<std::uint16_t>::max())
    return wrong("its format version is no number");
  auto version = static_cast<std::uint16_t>(*format);
  members->erase(members->begin());
  std::string packed;
  pack(*parsed, names, packed);
  auto record = Record::make(tail_of(*full), packed, version, revision);
  return StoredRecord{std::move(*full), std::move(record)};
}

}  // namespace podpass::store
