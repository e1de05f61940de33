// Any bytes as choices of the reference's grammar (test/policy_reference): policies in every layer and requests. The
// engine must decide them as the reference does, and keep the laws.
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "policy_reference/laws.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace podpass::reference;
  Choices choices{std::span(data, size)};
  const auto wrong = fault(choices, nullptr);
  if (!wrong.empty()) fmt::print(stderr, "{}\n", wrong);
  CHECK(wrong.empty());
  return 0;
}
