// Keeps the process from huge pages, before any library takes memory: docs/decisions/073. What a process starts
// inherits that, so `podpass exec` is left as it is.
#include <sys/prctl.h>

#include <string_view>

namespace {

[[gnu::section(".preinit_array"), gnu::used]] void (*const kTakeSmallPages)(int, char**) = [](int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "exec") return;
  ::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
};

}  // namespace
