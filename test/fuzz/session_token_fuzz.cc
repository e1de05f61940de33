// Any bytes as a session token, and as what is sealed in one. Nothing that wasn't sealed by the ring opens; what opens
// seals and opens again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "codec/base64.h"
#include "crypto/seal.h"
#include "sts/session_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace podpass;
  static SeededRandom random(1);
  static const auto ring = crypto::KeyRing::generate(random);
  std::string_view text(reinterpret_cast<const char*>(data), size);
  CHECK(!sts::open_session(text, *ring));
  auto session = sts::open_session(codec::base64_encode(ring->seal(text, "podpass session")), *ring);
  if (!session) return 0;
  auto again = sts::open_session(sts::seal_session(*session, *ring), *ring);
  CHECK(again);
  CHECK(again->tags == session->tags);
  CHECK(again->policy == session->policy && again->policy_arns == session->policy_arns);
  return 0;
}
