// CHECK(condition): states what must hold. If it does not, that is a bug of ours: the process says where and stops.
// Never reachable from input; for input there is Result.
#pragma once

namespace podpass {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}  // namespace podpass

#define CHECK(condition) \
  (static_cast<bool>(condition) ? void() : ::podpass::check_failed(#condition, __FILE__, __LINE__))
