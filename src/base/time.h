// Points in time: milliseconds since the Unix epoch, UTC. Formats and parses the forms that AWS uses.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace podpass {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Seconds = std::chrono::seconds;
using Milliseconds = std::chrono::milliseconds;

// A text without an allocation.
struct TimeText {
  std::array<char, 20> characters;
  operator std::string_view() const { return {characters.data(), characters.size()}; }  // NOLINT: implicit on purpose
};
TimeText iso8601_text(Time time);  // as format_iso8601() has it

std::string format_iso8601(Time time);         // 2023-12-12T12:50:44Z (seconds; what query/XML and the agent write)
std::string format_iso8601_millis(Time time);  // 2023-12-12T12:50:44.000Z (S3 listings)
std::string format_amz_date(Time time);        // 20231212T125044Z (SigV4)
std::string format_http_date(Time time);       // Tue, 12 Dec 2023 12:50:44 GMT (RFC 9110 5.6.7)

std::optional<Time> parse_iso8601(std::string_view text);    // YYYY-MM-DDThh:mm:ss[.fff](Z|+hh:mm)
std::optional<Time> parse_amz_date(std::string_view text);   // 20231212T125044Z only
std::optional<Time> parse_http_date(std::string_view text);  // IMF-fixdate only

inline double epoch_seconds(Time time) {
  return static_cast<double>(time.time_since_epoch().count()) / 1000.0;
}
inline Time from_epoch_seconds(long long seconds) {
  return Time{std::chrono::seconds{seconds}};
}
inline long long to_epoch_seconds(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace podpass
