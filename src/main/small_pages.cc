// Keeps the process from huge pages, before any library takes memory: docs/decisions/073. Inherited by what it starts.
#include <sys/prctl.h>

namespace {

[[gnu::section(".preinit_array"), gnu::used]] void (*const kTakeSmallPages)() = [] {
  ::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
};

}  // namespace
