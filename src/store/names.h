// The member names of records, each stored once: packed records name a member by its number here.
//
// One a store; it only grows, up to kMaxNames names of at most kMaxNameBytes bytes. What does not fit is written out in
// the record, so names chosen by users (tag keys) can cost memory per record but never grow this beyond its limit.
// Threads: safe from any thread; text() does not lock. Lifetimes: text() lives as long as the Names.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace podpass::store {

class Names {
 public:
  static constexpr std::uint32_t kMaxNames = 4096;
  static constexpr std::size_t kMaxNameBytes = 64;

  std::optional<std::uint32_t> number_of(std::string_view name);  // nothing: full or too long
  const std::string* text(std::uint32_t number) const;            // null: no such number

 private:
  std::shared_mutex mutex_;
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
  std::vector<std::unique_ptr<const std::string>> owned_;
  std::array<std::atomic<const std::string*>, kMaxNames> texts_{};
};

}  // namespace podpass::store
