// Fuzzes what takes HTTP apart: heads, chunked bodies, answers. Whatever the bytes and however they are cut up, the
// outcome must be the same, and every view must lie in the input.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/chunked.h"
#include "http/exchange.h"
#include "http/head.h"

namespace podpass::http {
namespace {

bool lies_within(std::string_view inner, std::string_view outer) {
  return inner.empty() || (inner.data() >= outer.data() && inner.data() + inner.size() <= outer.data() + outer.size());
}

std::size_t scan(std::string_view bytes, std::size_t step, int& status) {
  HeadScanner scanner;
  std::size_t size = 0;
  for (std::size_t end = 0; end < bytes.size() && size == 0 && !scanner.refusal();) {
    end = std::min(bytes.size(), end + step);
    size = scanner.scan(bytes.substr(0, end));
  }
  status = scanner.refusal() ? scanner.refusal()->status : 0;
  return size;
}

std::string decode(std::string_view bytes, std::size_t step, int& end) {
  ChunkDecoder decoder;
  std::string body;
  while (!bytes.empty() && !decoder.done() && !decoder.faulty()) {
    const ChunkDecoder::Step taken = decoder.feed(bytes.substr(0, step));
    CHECK(taken.consumed > 0 && taken.consumed <= bytes.size());
    CHECK(lies_within(taken.data, bytes));
    body += taken.data;
    bytes.remove_prefix(taken.consumed);
  }
  end = decoder.done() ? 1 : decoder.faulty() ? 2 : 3;
  return body;
}

std::string read_answer(std::string_view bytes, std::size_t step) {
  AnswerReader reader("GET", 1000);
  Result<void> fed(std::in_place);
  while (fed && !bytes.empty() && !reader.done()) {
    const std::string_view piece = bytes.substr(0, step);
    fed = reader.feed(piece);
    bytes.remove_prefix(piece.size());
  }
  if (fed && !reader.done()) fed = reader.feed_end();
  if (!fed) return fed.error().message;
  const ClientResponse response = reader.take();
  return std::to_string(response.status) + response.body;
}

void fuzz_one(std::string_view input) {
  int whole_status = 0, pieces_status = 0;
  const std::size_t size = scan(input, SIZE_MAX / 2, whole_status);
  CHECK(size == scan(input, 1, pieces_status) && whole_status == pieces_status);
  const std::string_view head = input.substr(0, size);
  Request request;
  Framing framing;
  if (size > 0 && !parse_request_head(head, request, framing)) {
    CHECK(lies_within(request.method, head) && lies_within(request.target, head));
    CHECK(lies_within(request.query, head) && (request.path == "/" || lies_within(request.path, head)));
    CHECK(request.headers.size() <= kMaxHeaderLines);
    for (const Header& header : request.headers) {
      CHECK(lies_within(header.name, head) && lies_within(header.value, head));
      CHECK(header.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    }
    CHECK(framing.kind != Framing::Kind::until_close);
  }
  int whole_end = 0, pieces_end = 0;
  const std::string whole = decode(input.substr(size), SIZE_MAX, whole_end);
  CHECK(whole == decode(input.substr(size), 1, pieces_end) && whole_end == pieces_end);
  CHECK(read_answer(input, SIZE_MAX) == read_answer(input, 1));
}

}  // namespace
}  // namespace podpass::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  podpass::http::fuzz_one({reinterpret_cast<const char*>(data), size});
  return 0;
}
