// Marker and MaxItems: IAM's pages. A marker is where the last page ended (aws/paging.h). 100 items a page unless told,
// 1,000 at most. Functions of a transaction; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/paging.h"
#include "base/result.h"
#include "store/store.h"

namespace podpass::iam {

inline constexpr std::size_t kUsualPage = 100;
inline constexpr std::size_t kMaxPage = 1'000;
inline constexpr std::string_view kInvalidMarker = "Invalid Marker.";

using Marker = std::optional<std::string>;
using MaxItems = std::optional<std::int64_t>;

template <class Item>
struct Page {
  std::vector<Item> items;
  bool more = false;
  Marker marker;  // if there is more
};

inline Result<std::size_t> page_items(MaxItems wanted) {
  return aws::page_size(wanted, kUsualPage, kMaxPage, "maxItems");
}

// The records below `prefix` that `keep` wants. Looks at most at all of them; the quotas bound how many there are.
template <class Record, class Keep>
Result<Page<const Record*>> record_page(store::Transaction& tx, const store::Table<Record>& table,
                                        const store::KeyParts& prefix, const Marker& marker, MaxItems max_items,
                                        Keep keep) {
  auto size = TRY(page_items(max_items));
  Page<const Record*> page;
  std::vector<std::string> last;
  if (marker) {
    last = TRY(aws::read_page_token(*marker, kInvalidMarker));
    if (last.size() <= prefix.size() || !std::equal(prefix.begin(), prefix.end(), last.begin())) {
      return Error::invalid(std::string(kInvalidMarker));
    }
  }
  while (true) {
    store::KeyParts after(last.begin(), last.end());
    auto rows = tx.scan(table, prefix, kMaxPage, after);
    for (auto& row : rows) {
      if (keep(*row.record)) {
        if (page.items.size() == size) {
          page.more = true;
          page.marker = aws::make_page_token(last);
          return page;
        }
        page.items.push_back(row.record);
      }
      last = std::move(row.key);
    }
    if (rows.size() < kMaxPage) return page;
  }
}

// Of a list in memory that is sorted by key_of(item), upwards.
template <class Item, class KeyOf>
Result<Page<Item>> list_page(std::vector<Item> all, const Marker& marker, MaxItems max_items, KeyOf key_of) {
  auto size = TRY(page_items(max_items));
  Page<Item> page;
  std::string after;
  if (marker) {
    auto key = TRY(aws::read_page_token(*marker, kInvalidMarker));
    if (key.size() != 1) return Error::invalid(std::string(kInvalidMarker));
    after = std::move(key[0]);
  }
  for (auto& item : all) {
    if (marker && std::string_view(key_of(item)) <= after) continue;
    if (page.items.size() == size) {
      page.more = true;
      page.marker = aws::make_page_token({std::string(key_of(page.items.back()))});
      break;
    }
    page.items.push_back(std::move(item));
  }
  return page;
}

}  // namespace podpass::iam
