// Context: the condition keys of one request and their values. Built per request on the stack (it is some 50 KiB); what
// the views given to it show must outlive it.
//
// Key names are case-insensitive (ASCII), tag keys behind the slash too. A key is absent, single-valued or multivalued;
// the latter is how it is added, not how many values it has. Not thread-safe while it is built; const use is safe from
// any thread. Limit: kMaxContextKeys, far above 50 tags each of principal, request and resource; beyond it the
// context says so and nothing is allowed. Building allocates only when keep() and add_list() need more than
// kContextArena bytes; lookups never do.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/strings.h"

namespace podpass::policy {

inline constexpr std::size_t kMaxContextKeys = 512;
inline constexpr std::size_t kContextArena = 1024;

// FNV-1a over the lower-cased text. Goes on from `seed`, so that the hash of a prefix and a name is the hash of their
// concatenation.
constexpr std::uint32_t fold_hash(std::string_view text, std::uint32_t seed = 2166136261U) {
  for (const char c : text) seed = (seed ^ static_cast<unsigned char>(ascii_lower(c))) * 16777619U;
  return seed;
}

// A key whose hash is known at compile time: context.add("aws:SourceIp"_key, ip).
struct Key {
  std::string_view name;
  std::uint32_t hash;
};
consteval Key operator""_key(const char* text, std::size_t size) {
  return {{text, size}, fold_hash({text, size})};
}

class Context {
 public:
  // One key: its name is prefix + name.
  struct Entry {
    std::string_view prefix;
    std::string_view name;
    std::string_view value;
    std::span<const std::string_view> values;  // of a multivalued key
    bool multivalued = false;

    std::span<const std::string_view> all() const {
      return multivalued ? values : std::span<const std::string_view>(&value, 1);
    }
  };

  Context() {}  // NOLINT: leaves the storage uninitialised on purpose
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // `key` as AWS writes it, e.g. "aws:SourceIp". A later value for the same key replaces the earlier one.
  void add(std::string_view key, std::string_view value) { put(fold_hash(key), {{}, key, value, {}, false}); }
  void add(Key key, std::string_view value) { put(key.hash, {{}, key.name, value, {}, false}); }
  // The list itself is copied; the texts in it are not.
  void add_list(std::string_view key, std::span<const std::string_view> values);
  // A key with a tag's name behind the slash: add_tag("aws:PrincipalTag/", "team", "blue").
  void add_tag(std::string_view prefix, std::string_view tag, std::string_view value) {
    put(fold_hash(tag, fold_hash(prefix)), {prefix, tag, value, {}, false});
  }
  // Text made for this context; the view returned lives as long as the context.
  std::string_view keep(std::string_view text);

  // Null if the key is absent. `hash` is fold_hash(name).
  const Entry* find(std::uint32_t hash, std::string_view name) const;
  const Entry* find(std::string_view name) const { return find(fold_hash(name), name); }
  std::size_t size() const { return size_; }
  // Calls `visit(const Entry&)` for every key, in the order of adding.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0; i < size_; ++i) visit(entries()[i]);
  }
  // Whether a key found no room. Then nothing may be decided: evaluate() denies, since a condition might have needed
  // it.
  bool overflowed() const { return overflowed_; }
  // Forgets the keys added since size() was `size`. Earlier keys that were replaced since keep their later value.
  void truncate(std::size_t size);
  // As new: nothing is in it, and texts and lists that it kept are gone.
  void clear() {
    size_ = used_ = 0;
    overflowed_ = false;
    slots_.fill(0);
    overflow_.clear();
  }

 private:
  // The first keys are found by a table of slots, with linear probing; the few requests with more keys scan the rest.
  static constexpr std::size_t kSlots = 128;
  static constexpr std::size_t kIndexed = 64;
  static std::size_t slot_of(std::uint32_t hash) { return (hash ^ (hash >> 15)) % kSlots; }

  void put(std::uint32_t hash, const Entry& entry);
  template <class Same>
  const Entry* search(std::uint32_t hash, Same same) const;
  std::byte* allocate(std::size_t size);
  Entry* entries() { return reinterpret_cast<Entry*>(storage_.data()); }
  const Entry* entries() const { return reinterpret_cast<const Entry*>(storage_.data()); }

  std::size_t size_ = 0;
  bool overflowed_ = false;
  std::size_t used_ = 0;
  std::vector<std::unique_ptr<std::byte[]>> overflow_;
  std::array<std::uint8_t, kSlots> slots_{};  // one more than the index of an entry; zero: free
  alignas(std::max_align_t) std::array<std::byte, kContextArena> arena_;
  // Last, since most of them is never touched.
  std::array<std::uint32_t, kMaxContextKeys> hashes_;
  alignas(Entry) std::array<std::byte, sizeof(Entry) * kMaxContextKeys> storage_;
};

}  // namespace podpass::policy
