// Durations as flags take them: 3h, 90m, 1h30m, 45s, or a bare number of seconds. Pure; safe from any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace podpass::cli {

Result<Seconds> parse_duration(std::string_view text);  // at most a year

}  // namespace podpass::cli
