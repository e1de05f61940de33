// Any bytes as a request to be authenticated, and as an S3 body in every mode. The first byte chooses dialect and mode;
// then come a target, headers
// ("name: value"), a blank line, and the body. Nothing may verify; a body cut in two decodes as it does whole.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "aws/sigv4.h"
#include "aws/sigv4_chunked.h"
#include "base/check.h"
#include "base/strings.h"

namespace {

using namespace podpass;
using namespace podpass::aws;

std::string_view take_line(std::string_view& text) {
  auto end = text.find('\n');
  auto line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return line;
}

struct Decoded {
  bool good;
  std::string object;
};

Decoded decode(const PayloadRule& rule, std::string_view first, std::string_view second) {
  PayloadDecoder decoder(rule);
  Decoded decoded{false, {}};
  for (auto wire : {first, second}) {
    while (true) {
      auto piece = decoder.next(wire);
      if (!piece) return decoded;
      if (piece->empty()) break;
      decoded.object += *piece;
    }
  }
  decoded.good = decoder.finish().has_value();
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto dialect = static_cast<Dialect>(data[0] % 3);
  http::Request request;
  request.method = "PUT";
  request.target = take_line(text);
  auto question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != request.target.npos) request.query = request.target.substr(question + 1);
  for (auto line = take_line(text); !line.empty(); line = take_line(text)) {
    auto colon = line.find(':');
    if (colon != line.npos) request.headers.push_back({line.substr(0, colon), trim(line.substr(colon + 1))});
  }
  request.body = text;
  claimed_service(request);
  auto claims = read_authorization(request, dialect);
  if (claims) {
    bool in_time = check_scope(*claims, "", claims->service, claims->time).has_value();
    CHECK(!(in_time && verify_signature(*claims, request, derived_key(*claims, Secret("unguessable")))));
  }
  PayloadRule rule;
  rule.mode = static_cast<PayloadMode>((data[0] / 3) % 5);
  auto whole = decode(rule, text, {});
  auto cut = decode(rule, text.substr(0, text.size() / 2), text.substr(text.size() / 2));
  CHECK(whole.good == cut.good && whole.object.size() <= text.size());
  if (whole.good) CHECK(whole.object == cut.object);
  if (auto check = ChecksumCheck::of(request)) {
    check->update(whole.object);
    if (check->finish()) check->base64();
  }
  return 0;
}
