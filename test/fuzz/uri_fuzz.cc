// Any bytes as a percent-encoded text and as a query string, and encoded themselves; base64 of all sorts along with it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/base64.h"
#include "codec/uri.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace podpass::codec;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CHECK(percent_decode(percent_encode(text)) == text);
  CHECK(percent_decode(percent_encode(text, Slash::keep)) == text);
  if (auto decoded = percent_decode(text)) CHECK(percent_decode(percent_encode(*decoded)) == *decoded);

  if (auto pairs = parse_query_string(text)) {
    std::string written;
    for (const auto& [name, value] : *pairs) written += percent_encode(name) + "=" + percent_encode(value) + "&";
    CHECK(parse_query_string(written) == pairs);
  }

  CHECK(base64_decode(base64_encode(text)) == text);
  CHECK(base64url_decode(base64url_encode(text)) == text);
  // Decoding takes the one canonical text only.
  if (auto bytes = base64_decode(text)) CHECK(base64_encode(*bytes) == text);
  if (auto bytes = base64url_decode(text)) CHECK(base64url_encode(*bytes) == text);
  return 0;
}
