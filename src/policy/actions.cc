#include "policy/actions.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>

#include "base/strings.h"
#include "policy/actions_table.h"
#include "policy/byte_search.h"
#include "policy/pattern.h"

namespace podpass::policy {
namespace {

constexpr std::uint32_t kServiceCount = std::size(table::kServiceKeys);
constexpr std::uint32_t kActionCount = std::size(table::kActionLevel);
constexpr std::uint32_t kKeyCount = std::size(table::kKeyType);

// --- reading the table -----------------------------------------------------------------------------------------------

std::string_view text_of(const char* text, const auto& starts, std::uint32_t number) {
  return {text + starts[number], static_cast<std::size_t>(starts[number + 1] - starts[number])};
}

template <class T>
Made<T> made(std::uint32_t first, std::uint32_t end, T (*make)(std::uint32_t)) {
  return {std::views::iota(first, end), make};
}

ConditionKey key_at(std::uint32_t number) {
  return {text_of(table::kKeyText, table::kKeyStart, number), KeyType{table::kKeyType[number]}};
}

ConditionKey listed_key(std::uint32_t place) {
  return key_at(table::kKeyListItems[place]);
}

Made<ConditionKey> keys_of_list(std::uint32_t list) {
  return made(table::kKeyListStart[list], table::kKeyListStart[list + 1], listed_key);
}

ResourceType type_at(std::uint32_t number) {
  return {text_of(table::kTypeNameText, table::kTypeNameStart, number),
          text_of(table::kTypeArnText, table::kTypeArnStart, number), keys_of_list(table::kTypeKeys[number])};
}

// `pair` counts pairs: a type and a list of keys.
ActionResource listed_resource(std::uint32_t pair) {
  const std::uint32_t type = table::kResourceListItems[2 * pair];
  return {type_at(type & ~std::uint32_t{table::kRequired}), (type & table::kRequired) != 0,
          keys_of_list(table::kResourceListItems[2 * pair + 1])};
}

std::string_view action_name(ActionId id) {
  return text_of(table::kActionText, table::kActionStart, id);
}

Service service_at(std::uint32_t number) {
  return {text_of(table::kPrefixText, table::kPrefixStart, number),
          text_of(table::kServiceNameText, table::kServiceNameStart, number),
          table::kServiceResourceControl[number] != 0,
          made(table::kServiceFirstAction[number], table::kServiceFirstAction[number + 1], action),
          made(table::kServiceFirstType[number], table::kServiceFirstType[number + 1], type_at),
          keys_of_list(table::kServiceKeys[number])};
}

// --- names in lower case, eight bytes at a time
// --------------------------------------------------------------------------

constexpr std::size_t kWord = sizeof(std::uint64_t);

// A shorter text is filled with zeros.
std::uint64_t word_at(const char* text, std::size_t size = kWord) {
  std::uint64_t word = 0;
  std::memcpy(&word, text, size);
  if constexpr (std::endian::native == std::endian::big) word = std::byteswap(word);
  return word;
}

// ASCII only, as the table is.
std::uint64_t lower_word(std::uint64_t word) {
  constexpr std::uint64_t kEach = 0x0101010101010101;
  const auto from_a = word + (0x80 - 'A') * kEach;
  const auto beyond_z = word + (0x7f - 'Z') * kEach;
  return word | ((from_a & ~beyond_z & (0x80 * kEach)) >> 2);
}

// The same as name_hash in tools/generate_actions.py.
std::uint64_t name_hash(std::string_view name) {
  constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15;
  std::uint64_t hash = name.size() * kFactor;
  const auto mix = [&](std::uint64_t word) {
    hash = (hash ^ word) * kFactor;
    hash ^= hash >> 32;
  };
  if (name.size() < kWord) {
    mix(word_at(name.data(), name.size()));
    return hash;
  }
  const char* last = name.data() + name.size() - kWord;
  for (const char* at = name.data(); at < last; at += kWord) mix(word_at(at));
  mix(word_at(last));
  return hash;
}

bool equals_lowered(std::string_view stored, std::string_view lower) {
  if (stored.size() != lower.size()) return false;
  if (stored.size() < kWord) {
    return lower_word(word_at(stored.data(), stored.size())) == word_at(lower.data(), lower.size());
  }
  std::uint64_t difference = 0;
  const auto last = stored.size() - kWord;
  for (std::size_t at = 0; at < last; at += kWord) {
    difference |= lower_word(word_at(stored.data() + at)) ^ word_at(lower.data() + at);
  }
  return (difference | (lower_word(word_at(stored.data() + last)) ^ word_at(lower.data() + last))) == 0;
}

// An action's name in lower case, without allocating.
class LowerName {
 public:
  explicit LowerName(std::string_view name) : size_(std::min(name.size(), bytes_.size())) {
    std::ranges::transform(name.substr(0, size_), bytes_.begin(), ascii_lower);
  }
  operator std::string_view() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, table::kLongestAction + 1> bytes_;  // one more, so that what is cut is too long for any action
  std::size_t size_;
};

// --- condition keys --------------------------------------------------------------------------------------------------

bool comes_before(std::string_view a, std::string_view b) {
  return std::ranges::lexicographical_compare(a, b, {}, ascii_lower, ascii_lower);
}

// How much of the name is fixed, if it is the template's with something in its free part; else 0.
std::size_t fixed_size(std::string_view pattern, std::string_view name) {
  const auto is_free = [&](std::size_t at) { return pattern[at] == '$' || pattern[at] == '<'; };
  std::size_t front = 0;  // most templates differ in the first few characters
  while (!is_free(front)) {
    if (front == name.size() || ascii_lower(name[front]) != ascii_lower(pattern[front])) return 0;
    ++front;
  }
  const auto back = pattern.substr(pattern.find_first_of("}>", front) + 1);
  const auto fixed = front + back.size();
  return name.size() > fixed && iequals(name.substr(name.size() - back.size()), back) ? fixed : 0;
}

}  // namespace

Made<Service> services() {
  return made(0, kServiceCount, service_at);
}

std::uint32_t action_count() {
  return kActionCount;
}

Action action(ActionId id) {
  const auto resources = table::kActionResources[id];
  return {
      id, action_name(id), AccessLevel{table::kActionLevel[id]},
      made(table::kResourceListStart[resources] / 2U, table::kResourceListStart[resources + 1] / 2U, listed_resource),
      keys_of_list(table::kActionKeys[id])};
}

std::optional<ActionId> action_id(std::string_view lower_case_action) {
  if (lower_case_action.size() > table::kLongestAction) return std::nullopt;
  const auto hash = name_hash(lower_case_action);
  const auto displacement = table::kDisplacements[hash >> (64 - table::kBucketBits)];
  const auto step = (hash >> table::kSlotBits) | 1;
  const ActionId id = table::kSlots[(hash + displacement * step) & (std::size(table::kSlots) - 1)];
  if (id == table::kEmptySlot || !equals_lowered(action_name(id), lower_case_action)) return std::nullopt;
  return id;
}

std::optional<Service> find_service(std::string_view prefix) {
  const auto all = services();
  const auto found = std::ranges::lower_bound(all, prefix, comes_before, &Service::prefix);
  if (found == all.end() || !iequals((*found).prefix, prefix)) return std::nullopt;
  return *found;
}

std::optional<Action> find_action(std::string_view name) {
  const auto id = action_id(LowerName(name));
  if (!id) return std::nullopt;
  return action(*id);
}

std::optional<ConditionKey> find_condition_key(std::string_view name) {
  const auto all = made(0, kKeyCount, key_at);
  const auto found = std::ranges::lower_bound(all, name, comes_before, &ConditionKey::name);
  if (found != all.end() && iequals((*found).name, name)) return *found;

  std::optional<ConditionKey> best;
  std::size_t best_size = 0;
  for (const auto number : table::kKeyTemplates) {
    const auto key = key_at(number);
    if (const auto size = fixed_size(key.name, name); size > best_size) {
      best = key;
      best_size = size;
    }
  }
  return best;
}

std::vector<ActionId> matching_actions(std::string_view pattern) {
  const auto lower = to_lower(pattern);
  auto all = made(0, kActionCount, action);
  const auto prefix = std::string_view(lower).substr(0, lower.find(':'));
  if (prefix.size() < lower.size() && prefix.find_first_of("*?") == npos) {
    const auto service = find_service(prefix);
    if (!service) return {};
    all = service->actions;
  }
  std::vector<ActionId> ids;
  for (const auto& each : all) {
    if (glob_matches(lower, LowerName(each.name))) ids.push_back(each.id);
  }
  return ids;
}

std::string_view actions_version() {
  return table::kVersion;
}

}  // namespace podpass::policy
