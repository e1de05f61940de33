// The program's log: one line an event on stderr. Never a secret, never a token. Safe from any thread.
#pragma once

#include <string_view>

namespace podpass::log {

enum class Level { debug, info, warn, error, off };

void set_level(Level level);  // info unless told
void debug(std::string_view message);
void info(std::string_view message);
void warn(std::string_view message);
void error(std::string_view message);

}  // namespace podpass::log
