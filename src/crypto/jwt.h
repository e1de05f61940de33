// JSON Web Tokens: compact JWS with RS256 or ES256, and the key sets (JWKS) that verify them.
//
// Strict: three base64url parts without padding, at most kMaxJwtBytes, a JSON object each for header and claims, no
// name twice in an object, no `crit`. The algorithm must be on the caller's list; the key is the one that the header's
// `kid` names and must be of the algorithm's type, so neither `none` nor HS256 with a public key passes. What the
// claims say (iss, aud, exp, ...) is for the caller to check.
//
// Threads: pure functions; KeySet is immutable, shared by pointer. Sources: RFC 7515, RFC 7517, RFC 7519, RFC 8725.
#pragma once

#include <array>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "codec/value.h"
#include "crypto/sign.h"

namespace podpass::crypto {

inline constexpr std::size_t kMaxJwtBytes = 20'000;
inline constexpr std::size_t kMaxKeysInSet = 64;

// Algorithms are named by the type of their key: rsa is RS256, ec_p256 is ES256.
using AllowedAlgorithms = std::span<const KeyType>;
inline constexpr std::array<KeyType, 2> kAllAlgorithms = {KeyType::rsa, KeyType::ec_p256};

struct JwtError {
  enum class Kind : unsigned char { malformed, disallowed_algorithm, unknown_key, bad_signature };
  Kind kind;
  std::string message;  // a clause without a full stop; holds nothing of the token but its kid or alg

  Error error() const { return {ErrorKind::unauthenticated, {}, 0, message, {}, {}}; }
};

class KeySet {
 public:
  // A JWKS document. Keys that can't verify RS256 or ES256 (other kty, crv, alg or use) are passed over; those that
  // should but are malformed, too short or share a kid are an error, and so is a set without any usable key. A key
  // without kid goes by its thumbprint.
  static Result<std::shared_ptr<const KeySet>> from_jwks(const codec::Value& document);
  static std::shared_ptr<const KeySet> of(const std::vector<PublicKey>& keys);  // kid: the thumbprint

  static codec::Value to_jwks(const std::vector<PublicKey>& keys);  // with kid, alg and use
  codec::Value to_jwks() const;

  const PublicKey* find(std::string_view kid, KeyType type) const;
  bool knows(std::string_view kid) const;
  std::size_t size() const { return keys_.size(); }
  // Equal for sets of equal keys and kids, in any order.
  const Sha256Digest& fingerprint() const { return fingerprint_; }

 private:
  struct Entry {
    std::string kid;
    PublicKey key;
  };
  explicit KeySet(std::vector<Entry> keys);

  std::vector<Entry> keys_;
  Sha256Digest fingerprint_;
};

// A token taken apart; nothing is verified. The views point into the token.
struct Jwt {
  std::string algorithm, kid;  // of the header; kid empty if it has none
  codec::Value claims;
  std::string_view signing_input;
  std::string signature;
};
[[nodiscard]] std::expected<Jwt, JwtError> parse_jwt(std::string_view token);

// The claims, if a key of the set signed them with an allowed algorithm.
[[nodiscard]] std::expected<codec::Value, JwtError> verify_jwt(std::string_view token, const KeySet& keys,
                                                               AllowedAlgorithms allowed = kAllAlgorithms);

// Claims that RFC 7519 4.1 gives more than one form. NumericDate: nothing if it is absent, no number, or no time of
// ours.
std::optional<Time> numeric_date(const codec::Value& claims, std::string_view name);
// `aud`: one text or a list of them, as views; what is no text is passed over.
std::vector<std::string_view> audiences(const codec::Value& claims);

// Signs claims; the header is alg and kid (the key's thumbprint).
std::string mint_jwt(const codec::Value& claims, const SigningKey& key);

}  // namespace podpass::crypto
