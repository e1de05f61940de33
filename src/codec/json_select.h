// JSON (RFC 8259) to Value, but only what is asked for: for documents of which a small part matters and whose reader
// has no time for the rest. The whole text is checked as parse_json() checks it; what was not asked for is not built.
//
// Pure functions; safe from any thread. Errors: ErrorKind::invalid, says at which byte. Limits: as parse_json().
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "codec/value.h"

namespace podpass::codec {

// What is wanted at one place of a document:
//
//   Selection()                          a text, number, boolean or null. A list or map that stands there is left empty
//   Selection::of({{"name", {}}})        of a map those members; of a name that stands twice the last one
//   Selection::each(item)                of a list every item, of each what `item` says
//
// What has another kind than the selection expects keeps its kind, and is empty if it is a list or a map.
class Selection {
 public:
  using Members = std::vector<std::pair<std::string, Selection>>;

  Selection() = default;
  static Selection of(std::initializer_list<Members::value_type> members);
  static Selection each(Selection item);

  const Selection* member(std::string_view name) const;  // null: not wanted
  std::size_t size() const { return members_.size(); }
  const Selection* item() const { return items_.empty() ? nullptr : items_.data(); }

 private:
  Members members_;
  std::vector<Selection> items_;  // one, or none
};

Result<Value> parse_json(std::string_view text, const Selection& wanted);

}  // namespace podpass::codec
