#include "store/names.h"

#include <mutex>

namespace podpass::store {

std::optional<std::uint32_t> Names::number_of(std::string_view name) {
  if (name.size() > kMaxNameBytes) return std::nullopt;
  {
    std::shared_lock lock(mutex_);
    if (auto found = numbers_.find(name); found != numbers_.end()) return found->second;
    if (owned_.size() == kMaxNames) return std::nullopt;
  }
  std::unique_lock lock(mutex_);
  if (auto found = numbers_.find(name); found != numbers_.end()) return found->second;
  if (owned_.size() == kMaxNames) return std::nullopt;
  auto number = static_cast<std::uint32_t>(owned_.size());
  const auto& text = *owned_.emplace_back(std::make_unique<const std::string>(name));
  numbers_.emplace(text, number);
  texts_[number].store(&text, std::memory_order_release);
  return number;
}

const std::string* Names::text(std::uint32_t number) const {
  return number < kMaxNames ? texts_[number].load(std::memory_order_acquire) : nullptr;
}

}  // namespace podpass::store
