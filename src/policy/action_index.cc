#include "policy/action_index.h"

#include <algorithm>
#include <bit>

#include "policy/compiled.h"

namespace podpass::policy {
namespace {

void set_bit(std::vector<std::uint64_t>& bits, std::uint32_t at) {
  bits[at / 64] |= std::uint64_t{1} << (at % 64);
}

std::uint64_t mask_of(std::uint8_t head_size) {
  return head_size >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * head_size)) - 1;
}

}  // namespace

std::unique_ptr<const ActionIndex> ActionIndex::make(const Compiled& compiled) {
  const auto count = compiled.statements.size();
  if (count <= kFewStatements || count > kMaxIndexedStatements) return nullptr;
  auto index = std::make_unique<ActionIndex>();
  const auto words = (count + 63) / 64;
  index->allows_.resize(words);
  index->always_.resize(words);
  for (const auto statement : compiled.allows) set_bit(index->allows_, statement);
  std::vector<std::pair<std::uint32_t, Entry>> found;  // by service
  found.reserve(compiled.pool.patterns.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto& statement = compiled.statements[i];
    if (statement.action_form != ListForm::listed) set_bit(index->always_, i);
    for (const auto& pattern : run_of(compiled.pool.patterns, statement.actions)) {
      if (pattern.type == PatternType::never) continue;
      const auto front = compiled.pool.literal_front(pattern);
      const auto colon = front.find(':');
      if (colon == std::string_view::npos) {
        set_bit(index->always_, i);
      } else {
        found.push_back({fold_hash(front.substr(0, colon)), {pattern.head, mask_of(pattern.head_size), i}});
      }
    }
  }
  index->make_groups(std::move(found));
  return index;
}

void ActionIndex::make_groups(std::vector<std::pair<std::uint32_t, Entry>> found) {
  std::ranges::sort(found, {}, [](const auto& each) { return std::pair(each.first, each.second.statement); });
  std::size_t services = 0;
  for (std::size_t i = 0; i < found.size(); ++i) services += i == 0 || found[i].first != found[i - 1].first ? 1 : 0;
  groups_.resize(std::bit_ceil(services * 2 + 1));
  entries_.reserve(found.size());
  for (std::size_t i = 0; i < found.size();) {
    const auto service = found[i].first;
    auto slot = service & (groups_.size() - 1);
    while (groups_[slot].count != 0) slot = (slot + 1) & (groups_.size() - 1);
    const auto first = static_cast<std::uint32_t>(entries_.size());
    for (; i < found.size() && found[i].first == service; ++i) entries_.push_back(found[i].second);
    groups_[slot] = {service, first, static_cast<std::uint32_t>(entries_.size()) - first};
  }
}

void ActionIndex::find(std::uint64_t head, std::uint32_t service, StatementBits& out) const {
  std::ranges::copy(always_, out.begin());
  auto slot = service & (groups_.size() - 1);
  while (groups_[slot].count != 0 && groups_[slot].service != service) slot = (slot + 1) & (groups_.size() - 1);
  for (const auto& entry : std::span(entries_).subspan(groups_[slot].first, groups_[slot].count)) {
    if (((head ^ entry.head) & entry.mask) == 0) {
      out[entry.statement / 64] |= std::uint64_t{1} << (entry.statement % 64);
    }
  }
}

}  // namespace podpass::policy
