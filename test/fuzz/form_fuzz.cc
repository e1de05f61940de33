// Any bytes as a form and as a form of the query protocol; what is read must be good UTF-8 and within the limits, and
// pairs written again must read the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/form.h"
#include "codec/json.h"
#include "codec/uri.h"
#include "codec/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace podpass::codec;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto pairs = parse_form(text);
  const auto tree = parse_query_form(text);
  if (!pairs) {
    CHECK(!tree);
    return 0;
  }
  CHECK(pairs->size() <= kMaxFormPairs);
  std::string written;
  for (const auto& [name, value] : *pairs) {
    CHECK(is_utf8(name) && is_utf8(value));
    written += percent_encode(name) + "=" + percent_encode(value) + "&";
  }
  const auto again = parse_form(written);
  CHECK(again && *again == *pairs);
  if (!tree) {
    CHECK(is_utf8(tree.error().message) && tree.error().message.size() < 300);
    return 0;
  }
  const auto json = write_json(*tree);
  CHECK(json == write_json(*parse_query_form(written)));
  CHECK(parse_json(json));
  return 0;
}
