// Asymmetric keys: RSA with 2048 to 8192 bits (RS256) and EC P-256 (ES256). Sign, verify, PEM, DER, JWK.
//
// Threads: both key types are immutable handles, cheap to copy, const use from any thread without a lock: each thread
// keeps its own contexts for the keys that it used last. Signatures are as JOSE has them: PKCS#1 v1.5 of SHA-256, or r
// and s of 32 bytes each. Errors: invalid (unreadable or unacceptable key); no text ever holds key bytes. Sources: RFC
// 7517, RFC 7518, RFC 7638, RFC 8017.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "codec/value.h"
#include "crypto/hash.h"

namespace podpass::crypto {

enum class KeyType : unsigned char { rsa, ec_p256 };

std::string_view algorithm_name(KeyType type);  // RS256, ES256

class PublicKey {
 public:
  static Result<PublicKey> from_pem(std::string_view pem);     // SubjectPublicKeyInfo
  static Result<PublicKey> from_der(std::string_view der);     // SubjectPublicKeyInfo
  static Result<PublicKey> from_jwk(const codec::Value& jwk);  // kty RSA, or EC with crv P-256

  KeyType type() const;
  std::string to_pem() const;
  std::string to_der() const;
  codec::Value to_jwk() const;            // kty and the key's own members, nothing else
  const std::string& thumbprint() const;  // RFC 7638 with SHA-256, base64url
  // Does the key's algorithm find `signature` good for `message`?
  bool verify(std::string_view message, std::string_view signature) const;

  struct State;
  explicit PublicKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}

 private:
  std::shared_ptr<const State> state_;
};

class SigningKey {
 public:
  static SigningKey generate_rsa();                       // 2048 bits, e = 65537; some 50 ms
  static SigningKey generate_ec();                        // P-256
  static Result<SigningKey> from_pem(const Secret& pem);  // PKCS#8 or the older forms; no pass phrase
  static Result<SigningKey> from_der(const Secret& der);

  KeyType type() const;
  Secret to_pem() const;  // PKCS#8
  Secret to_der() const;
  PublicKey public_key() const;
  std::string sign(std::string_view message) const;

  struct State;
  explicit SigningKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}

 private:
  std::shared_ptr<const State> state_;
};

}  // namespace podpass::crypto
