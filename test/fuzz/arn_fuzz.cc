// Any bytes as an ARN: what parses is written back as it was.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "aws/arn.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto arn = podpass::aws::parse_arn(text)) {
    CHECK(arn->str() == text);
    podpass::aws::ArnView view = *arn;
    CHECK(view.resource_type().size() + view.resource_name().size() <= view.resource.size());
  }
  return 0;
}
