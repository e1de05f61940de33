#include "http/chunked.h"

#include <algorithm>

#include "base/strings.h"

namespace podpass::http {
namespace {

constexpr int kMaxSizeDigits = 15;
constexpr std::size_t kMaxExtension = 256;
constexpr std::size_t kMaxTrailer = 8 * 1024;

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

}  // namespace

ChunkDecoder::State ChunkDecoder::take_size(char c) {
  if (const int digit = hex_digit(c); digit >= 0) {
    if (++digits_ > kMaxSizeDigits) return State::faulty;
    remaining_ = remaining_ * 16 + static_cast<std::uint64_t>(digit);
    return State::size;
  }
  if (digits_ == 0) return State::faulty;
  if (c == '\r') return State::size_lf;
  skipped_ = 0;
  return c == ';' || c == ' ' || c == '\t' ? State::extension : State::faulty;
}

ChunkDecoder::State ChunkDecoder::take_trailer(char c) {
  if (c == '\r') return state_ == State::trailer_start ? State::last_lf : State::trailer_lf;
  return is_control(c) || ++skipped_ > kMaxTrailer ? State::faulty : State::trailer;
}

ChunkDecoder::State ChunkDecoder::next(char c) {
  switch (state_) {
    case State::size:
      return take_size(c);
    case State::extension:
      if (c == '\r') return State::size_lf;
      return is_control(c) || ++skipped_ > kMaxExtension ? State::faulty : State::extension;
    case State::size_lf:
      skipped_ = 0;
      if (c != '\n') return State::faulty;
      return remaining_ > 0 ? State::data : State::trailer_start;
    case State::data_cr:
      return c == '\r' ? State::data_lf : State::faulty;
    case State::data_lf:
      digits_ = 0;
      return c == '\n' ? State::size : State::faulty;
    case State::trailer_start:
    case State::trailer:
      return take_trailer(c);
    case State::trailer_lf:
      return c == '\n' ? State::trailer_start : State::faulty;
    case State::last_lf:
      return c == '\n' ? State::done : State::faulty;
    case State::data:
    case State::done:
    case State::faulty:
      break;
  }
  return State::faulty;
}

ChunkDecoder::Step ChunkDecoder::feed(std::string_view input) {
  Step step;
  while (step.consumed < input.size() && state_ != State::done && state_ != State::faulty) {
    if (state_ != State::data) {
      state_ = next(input[step.consumed++]);
      continue;
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size() - step.consumed));
    step.data = input.substr(step.consumed, size);
    step.consumed += size;
    remaining_ -= size;
    if (remaining_ == 0) state_ = State::data_cr;
    return step;
  }
  return step;
}

}  // namespace podpass::http
