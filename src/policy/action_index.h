// ActionIndex: which statements of a policy may be about an action, so that a decision looks at those only.
//
// Action patterns are grouped by the service they name, and told apart by their first eight bytes; what is found is a
// few statements too many at times, never one too few. Made for policies of some size; of smaller ones every statement
// is looked at. Immutable; safe from any thread; finding does not allocate. For the engine only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace podpass::policy {

struct Compiled;

inline constexpr std::size_t kFewStatements = 4;             // up to here there is no index
inline constexpr std::size_t kMaxIndexedStatements = 4'096;  // nor beyond

// A bit for each statement of a policy; only the first words() words are used.
using StatementBits = std::array<std::uint64_t, kMaxIndexedStatements / 64>;

class ActionIndex {
 public:
  // Null where no index is worth it.
  static std::unique_ptr<const ActionIndex> make(const Compiled& compiled);

  std::size_t words() const { return always_.size(); }
  std::span<const std::uint64_t> allows() const { return allows_; }  // the statements of that effect

  // `head` is head_of() the action in lower case, `service` the fold_hash() of what is before its colon.
  void find(std::uint64_t head, std::uint32_t service, StatementBits& out) const;

 private:
  struct Entry {
    std::uint64_t head = 0, mask = 0;  // the first bytes of a pattern, and which of them count
    std::uint32_t statement = 0;
  };
  struct Group {
    std::uint32_t service = 0;
    std::uint32_t first = 0, count = 0;  // entries; none: a free slot
  };

  void make_groups(std::vector<std::pair<std::uint32_t, Entry>> found);

  std::vector<std::uint64_t> allows_, always_;  // always: those that an action of any service may meet
  std::vector<Group> groups_;                   // slots by service, their number a power of two
  std::vector<Entry> entries_;
};

}  // namespace podpass::policy
