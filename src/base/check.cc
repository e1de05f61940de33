#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace podpass {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "podpass: internal error at %s:%d: CHECK(%s) failed\n", file, line, condition);
  std::abort();
}

}  // namespace podpass
