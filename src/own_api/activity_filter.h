// Which audit records somebody wants to see, and what of a record says so. Pure; const use is safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "codec/value.h"

namespace podpass::own_api {

// How a request ended, as gateway/audit.cc writes it. denied: it was not allowed, or did not prove who asks; failed:
// anything else went wrong.
enum class ActivityOutcome { success, denied, failed };
std::optional<ActivityOutcome> read_activity_outcome(std::string_view name);

// What is set must fit; nothing set: every record.
struct ActivityFilter {
  std::optional<std::string> cluster_name = {}, association_id = {};
  std::optional<std::string> role_arn = {};  // used by the caller, of an association, or named by the request
  std::optional<std::string> pod = {};       // its name, or namespace/name
  std::optional<ActivityOutcome> outcome = {};
  std::optional<std::string> event_name = {}, principal_arn = {};  // the principal, or the role of its session
  std::optional<std::string> text = {};                            // anywhere in the record, in any case
};

class ActivityMatcher {
 public:
  explicit ActivityMatcher(const ActivityFilter& filter);
  // The record, if it fits. A line that is no record never does.
  std::optional<codec::Value> match(std::string_view line) const;

 private:
  const ActivityFilter& filter_;
  std::vector<std::string> needles_;  // what the line of a record that fits has in it
  std::string text_;                  // in lower case, as JSON writes it
};

// An exchange of an association's pod, read from its line without reading all of it: there may be 100,000 in a second.
// Nothing: another record, or an exchange that found no association. Views into the line.
struct ExchangeSeen {
  std::string_view association_id, time;  // time: 2023-11-14T22:13:20Z
  ActivityOutcome outcome;
};
std::optional<ExchangeSeen> read_exchange(std::string_view line);
std::string_view event_time_of(std::string_view line);  // empty: there is none

}  // namespace podpass::own_api
