// KeyRing: AES-256-GCM keys with ids. The newest seals, all open. It seals secrets in the store and session tokens.
//
// A sealed text: version (1 byte, 1), key id (4, big endian), nonce (12), ciphertext, tag (16). Version and key id are
// authenticated together with the associated data. A nonce is a random 64-bit prefix, drawn anew by each thread for
// each key and after 2^32 uses, and a 32-bit count: it doesn't repeat however many texts a key seals. (A process that
// forks must not go on sealing on both sides.)
//
// Threads: a ring is immutable and shared by pointer; const use from any thread, without a lock: every thread keeps its
// own cipher contexts for the keys that it used last. Limits: kMaxKeys keys. Errors: open() answers every failure alike
// (unauthenticated), so it tells nothing about why. Source: NIST SP 800-38D.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace podpass::crypto {

class KeyRing {
 public:
  static constexpr std::size_t kMaxKeys = 64;
  static constexpr std::size_t kKeyBytes = 32;
  static constexpr std::size_t kOverhead = 1 + 4 + 12 + 16;  // sealed size less plain size

  struct Key {
    std::uint32_t id;
    std::uint64_t serial;  // names these key bytes in per-thread memories; unique in the process
    Secret bytes;          // kKeyBytes of them
  };

  static std::shared_ptr<const KeyRing> generate(Random& random);  // one new key
  // A ring of one given key, e.g. the master key from a file.
  static Result<std::shared_ptr<const KeyRing>> from_key(std::uint32_t id, const Secret& bytes);

  // A ring with one more key, which seals from now on. The oldest go if there would be more than `keep`.
  std::shared_ptr<const KeyRing> rotated(Random& random, std::size_t keep = kMaxKeys) const;
  // A ring without that key. Not found: no such key; invalid: it is the only one.
  Result<std::shared_ptr<const KeyRing>> without(std::uint32_t id) const;
  std::vector<std::uint32_t> ids() const;  // oldest first
  std::uint32_t newest_id() const { return keys_.back().id; }

  std::string seal(std::string_view plain, std::string_view associated_data) const;
  Result<Secret> open(std::string_view sealed, std::string_view associated_data) const;

  // The whole ring as a text sealed by another one, and back.
  std::string sealed_by(const KeyRing& master) const;
  static Result<std::shared_ptr<const KeyRing>> unsealed_by(const KeyRing& master, std::string_view sealed);

 private:
  explicit KeyRing(std::vector<Key> keys) : keys_(std::move(keys)) {}

  std::vector<Key> keys_;  // oldest first, never empty
};

}  // namespace podpass::crypto
