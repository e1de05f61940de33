// A secret: text that no formatter, stream or log can print, wiped when it goes. Comparing takes the same time whatever
// the contents. Not for sharing between threads while it changes; const use from many threads is safe.
#pragma once

#include <string>
#include <string_view>

namespace podpass {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret& other);
  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.wipe(); }
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }

  // The one way to the bytes. Each use is a place to check in review.
  std::string_view reveal() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }
  bool equals(std::string_view other) const;  // constant time for equal lengths

 private:
  void wipe();
  std::string bytes_;
};

// Constant time for equal lengths.
bool constant_time_equal(std::string_view a, std::string_view b);

}  // namespace podpass
