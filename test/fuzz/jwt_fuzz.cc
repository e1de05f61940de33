// Any bytes as a token, a JWKS document and a key. Nothing that wasn't signed may verify.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "codec/json.h"
#include "crypto/jwt.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace podpass;
  static const auto keys = crypto::KeySet::of({crypto::SigningKey::generate_ec().public_key()});
  std::string_view text(reinterpret_cast<const char*>(data), size);
  CHECK(!crypto::verify_jwt(text, *keys));
  if (auto token = crypto::parse_jwt(text)) CHECK(token->signing_input.size() < text.size());
  if (auto document = codec::parse_json(text)) {
    if (auto set = crypto::KeySet::from_jwks(*document)) {
      auto again = crypto::KeySet::from_jwks((*set)->to_jwks());
      CHECK(again && (*again)->fingerprint() == (*set)->fingerprint());
    }
  }
  if (auto key = crypto::PublicKey::from_pem(text))
    CHECK(crypto::PublicKey::from_jwk(key->to_jwk())->thumbprint() == key->thumbprint());
  if (auto key = crypto::PublicKey::from_der(text))
    CHECK(crypto::PublicKey::from_jwk(key->to_jwk())->thumbprint() == key->thumbprint());
  return 0;
}
