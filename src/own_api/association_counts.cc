#include "own_api/association_counts.h"

#include <algorithm>

namespace podpass::own_api {
namespace {

Time newest(const AssociationCounts::Counts& counts) {
  return std::max(counts.last_used.value_or(Time{}), counts.last_denied.value_or(Time{}));
}

}  // namespace

std::int64_t hour_of(Time time) {
  return std::chrono::floor<std::chrono::hours>(time).time_since_epoch().count();
}

Time start_of_hour(std::int64_t number) {
  return Time{std::chrono::hours{number}};
}

void AssociationCounts::count(std::string_view association, Time when, Kind kind) {
  auto found = associations_.find(association);
  if (found == associations_.end()) {
    if (associations_.size() == kAssociationsKept) make_room();
    found = associations_.emplace(association, Counts{since_, {}, {}, {}}).first;
  }
  auto& counts = found->second;
  auto& last = kind == Kind::exchange ? counts.last_used : counts.last_denied;
  last = std::max(last.value_or(when), when);
  auto& hours = counts.hours;
  const auto number = hour_of(when);
  // Threads write their lines one after the other, so an hour may come behind the next one.
  auto at = std::ranges::lower_bound(hours, number, {}, &Hour::number);
  if (at == hours.end() || at->number != number) at = hours.insert(at, Hour{number, 0, 0});
  ++(kind == Kind::exchange ? at->exchanges : at->denials);
  while (hours.front().number <= hours.back().number - kHoursKept) hours.pop_front();
}

// Of what is forgotten nothing is known up to its newest count.
void AssociationCounts::make_room() {
  const auto oldest = std::ranges::min_element(associations_, {}, [](const auto& each) { return newest(each.second); });
  since_ = std::max(since_, newest(oldest->second));
  associations_.erase(oldest);
}

AssociationCounts::Counts AssociationCounts::of(std::string_view association) const {
  const auto found = associations_.find(association);
  return found == associations_.end() ? Counts{since_, {}, {}, {}} : found->second;
}

}  // namespace podpass::own_api
