#include "base/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace podpass {
namespace {

using std::chrono::days;
using std::chrono::floor;

constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Parts {
  int year;
  unsigned month, day;
  std::chrono::hh_mm_ss<Milliseconds> clock;
  std::chrono::weekday weekday;
};

Parts split(Time time) {
  auto day = floor<days>(time);
  std::chrono::year_month_day date{day};
  return {static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
          std::chrono::hh_mm_ss<Milliseconds>{time - day}, std::chrono::weekday{day}};
}

char* put_digits(unsigned value, int count, char* to) {
  for (int i = count - 1; i >= 0; --i, value /= 10) to[i] = static_cast<char>('0' + value % 10);
  return to + count;
}

// 2023-12-12T12:50:44 with these separators. Years of four digits: what Time is used for lies within.
char* put_date_and_clock(const Parts& p, std::string_view between_date, std::string_view between_clock, char* to) {
  const auto separate = [&](std::string_view separator) { to = std::ranges::copy(separator, to).out; };
  to = put_digits(static_cast<unsigned>(p.year), 4, to);
  separate(between_date);
  to = put_digits(p.month, 2, to);
  separate(between_date);
  to = put_digits(p.day, 2, to);
  *to++ = 'T';
  to = put_digits(static_cast<unsigned>(p.clock.hours().count()), 2, to);
  separate(between_clock);
  to = put_digits(static_cast<unsigned>(p.clock.minutes().count()), 2, to);
  separate(between_clock);
  return put_digits(static_cast<unsigned>(p.clock.seconds().count()), 2, to);
}

// Reads exactly `count` digits at the front of `text` and drops them.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

std::optional<Time> assemble(int year, int month, int day, int hour, int minute, int second) {
  std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                   std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return Time{std::chrono::sys_days{date}} + std::chrono::hours{hour} + std::chrono::minutes{minute} + Seconds{second};
}

// hh:mm:ss or hhmmss
struct Clock {
  int hour, minute, second;
};
std::optional<Clock> take_clock(std::string_view& text, std::string_view separator) {
  auto hour = take_digits(text, 2);
  if (!hour || !take(text, separator)) return std::nullopt;
  auto minute = take_digits(text, 2);
  if (!minute || !take(text, separator)) return std::nullopt;
  auto second = take_digits(text, 2);
  if (!second) return std::nullopt;
  return Clock{*hour, *minute, *second};
}

std::optional<Milliseconds> take_fraction(std::string_view& text) {
  if (!take(text, ".")) return Milliseconds{0};
  int value = 0, digits = 0;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    if (digits < 3) value = value * 10 + (text[0] - '0');
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  for (int i = digits; i < 3; ++i) value *= 10;
  return Milliseconds{value};
}

std::optional<std::chrono::minutes> take_zone(std::string_view& text) {
  if (take(text, "Z")) return std::chrono::minutes{0};
  int sign = 0;
  if (take(text, "+"))
    sign = 1;
  else if (take(text, "-"))
    sign = -1;
  else
    return std::nullopt;
  auto hour = take_digits(text, 2);
  if (!hour || !take(text, ":")) return std::nullopt;
  auto minute = take_digits(text, 2);
  if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
  return std::chrono::minutes{sign * (*hour * 60 + *minute)};
}

}  // namespace

std::string format_iso8601(Time time) {
  return std::string(iso8601_text(time));
}

TimeText iso8601_text(Time time) {
  // Most are of the second that it is.
  static thread_local struct {
    std::chrono::sys_seconds second = std::chrono::sys_seconds::min();
    TimeText text;
  } last;
  if (const auto second = floor<Seconds>(time); second != last.second) {
    last.second = second;
    *put_date_and_clock(split(time), "-", ":", last.text.characters.data()) = 'Z';
  }
  return last.text;
}

std::string format_iso8601_millis(Time time) {
  auto p = split(time);
  std::string out(24, 'Z');
  auto* end = put_date_and_clock(p, "-", ":", out.data());
  *end++ = '.';
  put_digits(static_cast<unsigned>(p.clock.subseconds().count()), 3, end);
  return out;
}

std::string format_amz_date(Time time) {
  auto p = split(time);
  std::string out(16, 'Z');
  put_date_and_clock(p, "", "", out.data());
  return out;
}

std::string format_http_date(Time time) {
  auto p = split(time);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[p.weekday.c_encoding()], p.day,
                     kMonths[p.month - 1], p.year, p.clock.hours().count(), p.clock.minutes().count(),
                     p.clock.seconds().count());
}

std::optional<Time> parse_iso8601(std::string_view text) {
  auto year = take_digits(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  auto month = take_digits(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  auto day = take_digits(text, 2);
  if (!day || !take(text, "T")) return std::nullopt;
  auto clock = take_clock(text, ":");
  if (!clock) return std::nullopt;
  auto fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  auto zone = take_zone(text);
  if (!zone || !text.empty()) return std::nullopt;
  auto time = assemble(*year, *month, *day, clock->hour, clock->minute, clock->second);
  if (!time) return std::nullopt;
  return *time + *fraction - *zone;
}

std::optional<Time> parse_amz_date(std::string_view text) {
  auto year = take_digits(text, 4);
  auto month = year ? take_digits(text, 2) : std::nullopt;
  auto day = month ? take_digits(text, 2) : std::nullopt;
  if (!day || !take(text, "T")) return std::nullopt;
  auto clock = take_clock(text, "");
  if (!clock || text != "Z") return std::nullopt;
  return assemble(*year, *month, *day, clock->hour, clock->minute, clock->second);
}

std::optional<Time> parse_http_date(std::string_view text) {
  if (text.size() != 29) return std::nullopt;
  text.remove_prefix(5);  // the weekday adds nothing
  auto day = take_digits(text, 2);
  if (!day || !take(text, " ")) return std::nullopt;
  int month = 0;
  for (int i = 0; i < 12; ++i) {
    if (text.starts_with(kMonths[static_cast<std::size_t>(i)])) month = i + 1;
  }
  if (month == 0) return std::nullopt;
  text.remove_prefix(3);
  if (!take(text, " ")) return std::nullopt;
  auto year = take_digits(text, 4);
  if (!year || !take(text, " ")) return std::nullopt;
  auto clock = take_clock(text, ":");
  if (!clock || text != " GMT") return std::nullopt;
  return assemble(*year, month, *day, clock->hour, clock->minute, clock->second);
}

}  // namespace podpass
