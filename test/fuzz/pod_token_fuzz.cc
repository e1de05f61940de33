// Any bytes as a pod's token, and any JSON as the claims of one that the cluster signed. Nothing unsigned verifies, and
// what verifies is whole.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "codec/json.h"
#include "crypto/jwt.h"
#include "kube/service_account_tokens.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace podpass;
  static const auto key = crypto::SigningKey::generate_ec();
  static const auto keys = crypto::KeySet::of({key.public_key()});
  const auto now = from_epoch_seconds(1'700'000'000);
  std::string_view text(reinterpret_cast<const char*>(data), size);
  CHECK(!kube::verify(text, *keys, "issuer", kube::kPodIdentityAudience, now));
  auto claims = codec::parse_json(text);
  if (!claims || !claims->as<codec::Value::Map>()) return 0;
  auto token = kube::verify(crypto::mint_jwt(*claims, key), *keys, "issuer", kube::kPodIdentityAudience, now);
  if (!token) return 0;
  CHECK((*token)->issuer == "issuer" && (*token)->expires > now);
  CHECK(!(*token)->namespace_.empty() && !(*token)->service_account.empty());
  CHECK(!(*token)->pod_name.empty() && !(*token)->pod_uid.empty());
  return 0;
}
