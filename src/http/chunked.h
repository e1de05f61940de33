// Takes the chunked transfer coding off a body (RFC 9112 section 7.1), piece by piece and without a copy.
//
// One thread. Limits: 15 hex digits of chunk size, 256 bytes of chunk extensions a chunk, 8 KiB of trailer lines; both
// are read over. Line ends must be CRLF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace podpass::http {

class ChunkDecoder {
 public:
  struct Step {
    std::size_t consumed = 0;  // bytes of the input that are done with
    std::string_view data;     // body bytes, a view into the input; may be empty
  };
  // Goes on until the first body bytes, the end of the body, the end of the input or a fault.
  Step feed(std::string_view input);
  bool done() const { return state_ == State::done; }
  bool faulty() const { return state_ == State::faulty; }
  void reset() { *this = {}; }

 private:
  enum class State : unsigned char {
    size,       // hex digits
    extension,  // up to the CR
    size_lf,    // LF after the size line
    data,
    data_cr,
    data_lf,
    trailer_start,  // first byte of a trailer line
    trailer,        // within a trailer line
    trailer_lf,
    last_lf,
    done,
    faulty,
  };
  State next(char c);
  State take_size(char c);
  State take_trailer(char c);

  State state_ = State::size;
  int digits_ = 0;
  std::size_t skipped_ = 0;      // extension or trailer bytes
  std::uint64_t remaining_ = 0;  // of the chunk
};

}  // namespace podpass::http
