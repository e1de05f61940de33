#include "cli/duration.h"

#include <charconv>

namespace podpass::cli {

Result<Seconds> parse_duration(std::string_view text) {
  constexpr std::int64_t kMost = 366 * 24 * 3'600;
  const auto wrong =
      Error::invalid("'" + std::string(text) + "' is not a duration. Give one as 3h, 90m, 1h30m or 45s.");
  std::int64_t total = 0;
  std::int64_t unit_before = kMost;
  auto rest = text;
  do {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc() || number < 0 || number > kMost) return wrong;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const char unit = rest.empty() ? 0 : rest.front();
    const std::int64_t seconds = unit == 'h' ? 3'600 : unit == 'm' ? 60 : 1;
    const bool known = unit == 'h' || unit == 'm' || unit == 's' || (unit == 0 && unit_before == kMost);
    if (!known || seconds >= unit_before) return wrong;  // 1h30m, not 30m1h
    unit_before = seconds;
    total += number * seconds;
    if (unit != 0) rest.remove_prefix(1);
  } while (!rest.empty());
  if (total > kMost) return wrong;
  return Seconds{total};
}

}  // namespace podpass::cli
