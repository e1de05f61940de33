#include "s3/utf8.h"

namespace podpass::s3 {
namespace {

// The number of bytes that follow a first byte in UTF-8, and the least code point that needs so many; -1: not a first
// byte.
struct Sequence {
  int more;
  unsigned first, least;
};
Sequence sequence_of(unsigned char byte) {
  if (byte < 0x80) return {0, byte, 0};
  if (byte >= 0xc2 && byte < 0xe0) return {1, byte & 0x1fU, 0x80};
  if (byte >= 0xe0 && byte < 0xf0) return {2, byte & 0x0fU, 0x800};
  if (byte >= 0xf0 && byte < 0xf5) return {3, byte & 0x07U, 0x10000};
  return {-1, 0, 0};
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    auto [more, point, least] = sequence_of(static_cast<unsigned char>(text[i++]));
    if (more < 0) return false;
    for (; more > 0; --more) {
      if (i == text.size() || (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return false;
      point = point << 6 | (static_cast<unsigned char>(text[i++]) & 0x3fU);
    }
    if (point < least || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
  }
  return true;
}

}  // namespace podpass::s3
