// How often each pod identity association was exchanged and refused, by the hour, for the last kHoursKept hours.
// One thread at a time. Limits: kAssociationsKept; where there are more, the ones longest not used are forgotten, and
// what is told of an association that was met after that says since when it counts.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace podpass::own_api {

class AssociationCounts {
 public:
  static constexpr std::size_t kAssociationsKept = 10'000;
  static constexpr std::int64_t kHoursKept = 168;

  explicit AssociationCounts(Time since) : since_(since) {}
  void count_since(Time since) { since_ = std::min(since_, since); }  // before the first count

  enum class Kind { exchange, denial };
  void count(std::string_view association, Time when, Kind kind);

  struct Hour {
    std::int64_t number = 0;  // of the hour, from the epoch
    std::int64_t exchanges = 0, denials = 0;
  };
  struct Counts {
    Time since{};  // before it nothing was counted
    std::optional<Time> last_used, last_denied;
    std::deque<Hour> hours;  // with something in them, oldest first
  };
  Counts of(std::string_view association) const;

 private:
  void make_room();

  Time since_;
  std::map<std::string, Counts, std::less<>> associations_;
};

std::int64_t hour_of(Time time);
Time start_of_hour(std::int64_t number);

}  // namespace podpass::own_api
