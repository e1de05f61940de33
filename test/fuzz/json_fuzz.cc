// Any bytes as JSON. What parses must be written as JSON that parses to the same again, in both forms; without
// duplicate names both readings agree.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/json.h"
#include "codec/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace podpass::codec;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = parse_json(text);
  const auto strict = parse_json(text, DuplicateKeys::refuse);
  if (!value) {
    CHECK(!strict);
    CHECK(is_utf8(value.error().message));
    return 0;
  }
  CHECK(!strict || *strict == *value);
  const auto written = write_json(*value);
  CHECK(is_utf8(written));
  // Whole doubles come back as integers, so texts are compared, not trees.
  const auto again = parse_json(written, DuplicateKeys::refuse);
  CHECK(again && write_json(*again) == written);
  const auto pretty = parse_json(write_json_pretty(*value), DuplicateKeys::refuse);
  CHECK(pretty && *pretty == *again);
  return 0;
}
