#include "policy/context.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/check.h"

namespace podpass::policy {
namespace {

// Names are mostly written alike, and comparing bytes is the faster.
bool texts_equal(std::string_view a, std::string_view b) {
  return a == b || iequals(a, b);
}

bool names_equal(const Context::Entry& entry, std::string_view name) {
  const auto split_at = entry.prefix.size();
  if (name.size() != split_at + entry.name.size()) return false;
  return texts_equal(name.substr(0, split_at), entry.prefix) && texts_equal(name.substr(split_at), entry.name);
}

bool same_key(const Context::Entry& a, const Context::Entry& b) {
  const auto size = a.prefix.size() + a.name.size();
  if (size != b.prefix.size() + b.name.size()) return false;
  const auto at = [](const Context::Entry& entry, std::size_t i) {
    return ascii_lower(i < entry.prefix.size() ? entry.prefix[i] : entry.name[i - entry.prefix.size()]);
  };
  for (std::size_t i = 0; i < size; ++i) {
    if (at(a, i) != at(b, i)) return false;
  }
  return true;
}

}  // namespace

template <class Same>
const Context::Entry* Context::search(std::uint32_t hash, Same same) const {
  for (auto slot = slot_of(hash); slots_[slot] != 0; slot = (slot + 1) % kSlots) {
    const std::size_t i = slots_[slot] - 1U;
    if (hashes_[i] == hash && same(entries()[i])) return entries() + i;
  }
  for (std::size_t i = kIndexed; i < size_; ++i) {
    if (hashes_[i] == hash && same(entries()[i])) return entries() + i;
  }
  return nullptr;
}

const Context::Entry* Context::find(std::uint32_t hash, std::string_view name) const {
  return search(hash, [&](const Entry& entry) { return names_equal(entry, name); });
}

void Context::put(std::uint32_t hash, const Entry& entry) {
  if (const auto* known = search(hash, [&](const Entry& each) { return same_key(each, entry); })) {
    entries()[known - entries()] = entry;
    return;
  }
  if (size_ == kMaxContextKeys) {
    overflowed_ = true;
    return;
  }
  if (size_ < kIndexed) {
    auto slot = slot_of(hash);
    while (slots_[slot] != 0) slot = (slot + 1) % kSlots;
    slots_[slot] = static_cast<std::uint8_t>(size_ + 1);
  }
  hashes_[size_] = hash;
  new (entries() + size_) Entry(entry);
  ++size_;
}

// The keys added last leave first, so what is left is as it was before they came.
void Context::truncate(std::size_t size) {
  while (size_ > size) {
    --size_;
    if (size_ >= kIndexed) continue;
    auto slot = slot_of(hashes_[size_]);
    while (slots_[slot] != size_ + 1) slot = (slot + 1) % kSlots;
    slots_[slot] = 0;
  }
}

void Context::add_list(std::string_view key, std::span<const std::string_view> values) {
  auto* copy = reinterpret_cast<std::string_view*>(allocate(values.size_bytes()));
  std::uninitialized_copy(values.begin(), values.end(), copy);
  put(fold_hash(key), {{}, key, {}, {copy, values.size()}, true});
}

std::string_view Context::keep(std::string_view text) {
  if (text.empty()) return {};
  auto* copy = allocate(text.size());
  std::memcpy(copy, text.data(), text.size());
  return {reinterpret_cast<const char*>(copy), text.size()};
}

std::byte* Context::allocate(std::size_t size) {
  const auto rounded = (size + alignof(std::max_align_t) - 1) / alignof(std::max_align_t) * alignof(std::max_align_t);
  if (rounded <= arena_.size() - used_) {
    auto* place = arena_.data() + used_;
    used_ += rounded;
    return place;
  }
  return overflow_.emplace_back(std::make_unique<std::byte[]>(rounded)).get();
}

}  // namespace podpass::policy
