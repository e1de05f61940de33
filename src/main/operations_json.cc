// What `podpass operations --json` prints, as a program of its own: the console, which is part of podpass, is built
// from it.
#include <fmt/format.h>

#include "codec/json.h"
#include "gateway/services.h"

int main() {
  fmt::print("{}\n", podpass::codec::write_json(podpass::gateway::describe_services()));
  return 0;
}
