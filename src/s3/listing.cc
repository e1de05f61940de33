#include "s3/listing.h"

#include <algorithm>

namespace podpass::s3 {
namespace {

// Behind every key that begins with `prefix`: keys are UTF-8, which has no such byte.
std::string behind_all(std::string prefix) {
  return prefix += '\xff';
}

// The least text such that every key behind it is at or behind `prefix`.
std::string just_before(std::string prefix) {
  if (prefix.empty()) return prefix;
  const auto last = static_cast<unsigned char>(prefix.back());
  prefix.pop_back();
  if (last == 0) return prefix;
  return behind_all(prefix += static_cast<char>(last - 1));
}

constexpr std::size_t kFirstBatch = 4;
constexpr std::size_t kLargestBatch = 256;

}  // namespace

Listing list_objects(store::Transaction& tx, std::string_view bucket, const ListQuery& query) {
  Listing listing;
  if (query.limit == 0) return listing;
  auto after = std::max(query.after, just_before(query.prefix));
  // A batch whose rest was hidden by a common prefix was too large: begin small again.
  auto batch = query.delimiter.empty() ? std::min(query.limit + 1, kLargestBatch) : kFirstBatch;
  for (bool more = true; more;) {
    store::KeyParts from;
    if (!after.empty()) from = {bucket, after};
    auto rows = tx.scan(kObjects, {bucket}, batch, from);
    more = rows.size() == batch;
    batch = std::min(batch * 2, kLargestBatch);
    for (auto& row : rows) {
      auto& key = row.key.back();
      if (!key.starts_with(query.prefix)) return listing;
      const auto end = query.delimiter.empty() ? std::string::npos : key.find(query.delimiter, query.prefix.size());
      ListEntry entry{end == std::string::npos ? key : key.substr(0, end + query.delimiter.size()), row.record};
      const bool rolled_up = end != std::string::npos;
      after = rolled_up ? behind_all(entry.name) : key;
      if (!rolled_up || entry.name != query.after) {
        if (listing.entries.size() == query.limit) {
          listing.truncated = true;
          return listing;
        }
        if (rolled_up) entry.object = nullptr;
        listing.entries.push_back(std::move(entry));
      }
      if (rolled_up) {
        more = true;  // go on behind the common prefix
        batch = kFirstBatch;
        break;
      }
    }
  }
  return listing;
}

}  // namespace podpass::s3
