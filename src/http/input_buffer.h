// The bytes that came off one connection and are not used up yet, in one block, so that views into it can be handed
// out.
//
// One thread. While hold() is in force, bytes consumed before it stay where they are (a request's views point at them):
// the buffer then grows by taking a second block and keeping the first until release(). Sizes in bytes; the caller
// bounds the growth by what it asks room() for.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace podpass::http {

class InputBuffer {
 public:
  static constexpr std::size_t kFirstBlock = 4 * 1024;
  static constexpr std::size_t kKeptWhenIdle = 16 * 1024;

  std::string_view pending() const { return {block_.get() + begin_, end_ - begin_}; }
  void consume(std::size_t size) { begin_ += size; }
  void commit(std::size_t size) { end_ += size; }  // that many bytes were written into room()

  // All free bytes after pending(), at least `wanted`. May move pending().
  std::span<char> room(std::size_t wanted) {
    if (begin_ == end_) begin_ = end_ = floor_;
    if (capacity_ - end_ < wanted && begin_ > floor_) {
      std::memmove(block_.get() + floor_, block_.get() + begin_, end_ - begin_);
      end_ -= begin_ - floor_;
      begin_ = floor_;
    }
    if (capacity_ - end_ < wanted) grow(wanted);
    return {block_.get() + end_, capacity_ - end_};
  }

  void hold() { floor_ = begin_; }
  void release() {
    floor_ = 0;
    kept_.reset();
    if (begin_ != end_) return;
    begin_ = end_ = 0;
    if (capacity_ > kKeptWhenIdle) {
      block_.reset();
      capacity_ = 0;
    }
  }

 private:
  void grow(std::size_t wanted) {
    const std::size_t used = end_ - begin_;
    std::size_t capacity = capacity_ == 0 ? kFirstBlock : capacity_;
    while (capacity < used + wanted) capacity *= 2;
    auto block = std::make_unique_for_overwrite<char[]>(capacity);
    if (used > 0) std::memcpy(block.get(), block_.get() + begin_, used);
    if (floor_ > 0 && !kept_) kept_ = std::move(block_);
    block_ = std::move(block);
    capacity_ = capacity;
    floor_ = begin_ = 0;
    end_ = used;
  }

  std::unique_ptr<char[]> block_, kept_;
  std::size_t capacity_ = 0;
  std::size_t floor_ = 0;  // bytes before it are held
  std::size_t begin_ = 0, end_ = 0;
};

}  // namespace podpass::http
