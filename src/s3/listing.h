// Listing a bucket: keys in order, those that share a part up to the delimiter rolled up into common prefixes.
//
// Pointers live as long as the transaction. Cost: a few records read for each entry given, however many keys a common
// prefix hides.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "s3/records.h"

namespace podpass::s3 {

inline constexpr std::size_t kMaxListedKeys = 1'000;

struct ListQuery {
  std::string prefix, delimiter;
  std::string after;  // keys and common prefixes up to and including this one are left out
  std::size_t limit = kMaxListedKeys;
};

struct ListEntry {
  std::string name;                      // a key or a common prefix
  const ObjectRecord* object = nullptr;  // null: a common prefix
};

struct Listing {
  std::vector<ListEntry> entries;  // in order
  bool truncated = false;          // there are more
};

Listing list_objects(store::Transaction& tx, std::string_view bucket, const ListQuery& query);

}  // namespace podpass::s3
