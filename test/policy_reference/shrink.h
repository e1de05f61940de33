// shrink(): makes bytes that fail smaller, as long as they fail.
//
// For tests. Runs `fails` some thousands of times at most.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace podpass::reference {

using Bytes = std::vector<std::uint8_t>;

inline Bytes shrink(Bytes bytes, const std::function<bool(const Bytes&)>& fails) {
  constexpr int kMost = 20'000;
  int tries = 0;
  const auto keep_if_failing = [&](Bytes shorter) {
    if (shorter == bytes || ++tries > kMost || !fails(shorter)) return false;
    bytes = std::move(shorter);
    return true;
  };
  for (bool smaller = true; smaller && tries < kMost;) {
    smaller = false;
    for (std::size_t size = bytes.size() / 2; size > 0; size /= 2) {
      for (std::size_t at = 0; at + size <= bytes.size();) {
        auto shorter = bytes;
        shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(at),
                      shorter.begin() + static_cast<std::ptrdiff_t>(at + size));
        if (keep_if_failing(std::move(shorter))) {
          smaller = true;
        } else {
          at += size;
        }
      }
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      auto zeroed = bytes;
      zeroed[at] = 0;
      smaller = keep_if_failing(std::move(zeroed)) || smaller;
    }
  }
  return bytes;
}

}  // namespace podpass::reference
