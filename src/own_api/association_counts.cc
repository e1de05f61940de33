#include "own_api/association_counts.h"

#include <algorithm>
#include <vector>

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

// Of what is forgotten nothing is known up to its newest count. An eighth at once, so that room for one costs little
// when more associations are in use than are kept.
void AssociationCounts::make_room() {
  std::vector<Time> times;
  times.reserve(associations_.size());
  for (const auto& [id, counts] : associations_) times.push_back(newest(counts));
  const auto last = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 8);
  std::ranges::nth_element(times, last);
  since_ = std::max(since_, *last);
  std::size_t as_old = 0;  // as the newest of those that go: not all of them do
  std::erase_if(associations_, [&](const auto& each) {
    const auto time = newest(each.second);
    return time < *last || (time == *last && as_old++ < times.size() / 8);
  });
}

AssociationCounts::Counts AssociationCounts::of(std::string_view association) const {
  const auto found = associations_.find(association);
  return found == associations_.end() ? Counts{since_, {}, {}, {}} : found->second;
}

}  // namespace podpass::own_api
