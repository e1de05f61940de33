#include "crypto/seal.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "crypto/openssl_handles.h"
#include "crypto/random.h"

namespace podpass::crypto {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kHeaderBytes = 5, kNonceBytes = 12, kTagBytes = 16;
constexpr std::string_view kRingPurpose = "podpass key ring";

std::uint64_t next_serial() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

void put_u32(std::uint32_t value, char* out) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<char>(value >> (24 - 8 * i));
}

std::uint32_t get_u32(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

// What one thread keeps for one key: contexts with the key schedule in them, and where its nonces are.
struct Cipher {
  std::uint64_t serial = 0;
  CipherContext sealing, opening;
  std::array<unsigned char, 8> nonce_prefix{};
  std::uint64_t nonces_left = 0;

  void take(const KeyRing::Key& key) {
    serial = key.serial;
    sealing.reset(EVP_CIPHER_CTX_new());
    opening.reset(EVP_CIPHER_CTX_new());
    const auto* bytes = bytes_of(key.bytes.reveal().data());
    CHECK(sealing && opening);
    CHECK(EVP_EncryptInit_ex(sealing.get(), EVP_aes_256_gcm(), nullptr, bytes, nullptr) == 1);
    CHECK(EVP_DecryptInit_ex(opening.get(), EVP_aes_256_gcm(), nullptr, bytes, nullptr) == 1);
    nonces_left = 0;
  }

  void next_nonce(char* out) {
    if (nonces_left == 0) {
      SystemRandom().fill(nonce_prefix);
      nonces_left = std::uint64_t{1} << 32;
    }
    std::memcpy(out, nonce_prefix.data(), nonce_prefix.size());
    put_u32(static_cast<std::uint32_t>(--nonces_left), out + nonce_prefix.size());
  }
};

Cipher& cipher_of(const KeyRing::Key& key) {
  static thread_local std::array<Cipher, 16> ciphers;
  auto& cipher = ciphers[key.serial % ciphers.size()];
  if (cipher.serial != key.serial) cipher.take(key);
  return cipher;
}

int length_of(std::string_view text) {
  CHECK(text.size() <= INT_MAX);
  return static_cast<int>(text.size());
}

Error refused() {
  return {ErrorKind::unauthenticated, {}, 0, "The sealed text cannot be opened.", {}, {}};
}

KeyRing::Key new_key(Random& random, const std::vector<KeyRing::Key>& beside) {
  std::uint32_t id = 0;
  auto taken = [&] { return id == 0 || std::ranges::any_of(beside, [&](const auto& key) { return key.id == id; }); };
  while (taken()) id = static_cast<std::uint32_t>(random.number());
  std::string bytes(KeyRing::kKeyBytes, '\0');
  random.fill({bytes_of(bytes.data()), bytes.size()});
  return {id, next_serial(), Secret(std::move(bytes))};
}

}  // namespace

std::shared_ptr<const KeyRing> KeyRing::generate(Random& random) {
  std::vector<Key> keys;
  keys.push_back(new_key(random, keys));
  return std::shared_ptr<const KeyRing>(new KeyRing(std::move(keys)));
}

Result<std::shared_ptr<const KeyRing>> KeyRing::from_key(std::uint32_t id, const Secret& bytes) {
  if (bytes.reveal().size() != kKeyBytes) return Error::invalid("A sealing key has 32 bytes.");
  std::vector<Key> keys;
  keys.push_back({id, next_serial(), bytes});
  return std::shared_ptr<const KeyRing>(new KeyRing(std::move(keys)));
}

std::shared_ptr<const KeyRing> KeyRing::rotated(Random& random, std::size_t keep) const {
  CHECK(keep >= 1);
  auto keys = keys_;
  keys.push_back(new_key(random, keys));
  auto most = std::min(keep, kMaxKeys);
  if (keys.size() > most) keys.erase(keys.begin(), keys.end() - static_cast<std::ptrdiff_t>(most));
  return std::shared_ptr<const KeyRing>(new KeyRing(std::move(keys)));
}

Result<std::shared_ptr<const KeyRing>> KeyRing::without(std::uint32_t id) const {
  auto keys = keys_;
  if (std::erase_if(keys, [&](const Key& key) { return key.id == id; }) == 0)
    return Error::not_found("No such sealing key.");
  if (keys.empty()) return Error::invalid("The only sealing key cannot be dropped.");
  return std::shared_ptr<const KeyRing>(new KeyRing(std::move(keys)));
}

std::vector<std::uint32_t> KeyRing::ids() const {
  std::vector<std::uint32_t> ids;
  for (const auto& key : keys_) ids.push_back(key.id);
  return ids;
}

std::string KeyRing::seal(std::string_view plain, std::string_view associated_data) const {
  const auto& key = keys_.back();
  auto& cipher = cipher_of(key);
  std::string sealed(plain.size() + kOverhead, '\0');
  sealed[0] = kVersion;
  put_u32(key.id, sealed.data() + 1);
  char* nonce = sealed.data() + kHeaderBytes;
  cipher.next_nonce(nonce);
  auto* context = cipher.sealing.get();
  int written = 0;
  CHECK(EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, bytes_of(nonce)) == 1);
  CHECK(EVP_EncryptUpdate(context, nullptr, &written, bytes_of(sealed.data()), kHeaderBytes) == 1);
  if (!associated_data.empty()) {
    CHECK(EVP_EncryptUpdate(context, nullptr, &written, bytes_of(associated_data.data()), length_of(associated_data)) ==
          1);
  }
  auto* at = bytes_of(nonce) + kNonceBytes;
  if (!plain.empty()) CHECK(EVP_EncryptUpdate(context, at, &written, bytes_of(plain.data()), length_of(plain)) == 1);
  at += plain.size();
  CHECK(EVP_EncryptFinal_ex(context, at, &written) == 1);
  CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, kTagBytes, at) == 1);
  return sealed;
}

Result<Secret> KeyRing::open(std::string_view sealed, std::string_view associated_data) const {
  if (sealed.size() < kOverhead || sealed.size() > INT_MAX || associated_data.size() > INT_MAX ||
      sealed[0] != kVersion) {
    return refused();
  }
  auto id = get_u32(sealed.data() + 1);
  auto key = std::ranges::find_if(keys_, [&](const Key& candidate) { return candidate.id == id; });
  if (key == keys_.end()) return refused();
  auto* context = cipher_of(*key).opening.get();
  const auto* nonce = bytes_of(sealed.data() + kHeaderBytes);
  auto body = sealed.substr(kHeaderBytes + kNonceBytes, sealed.size() - kOverhead);
  std::array<unsigned char, kTagBytes> tag;
  std::memcpy(tag.data(), sealed.data() + sealed.size() - kTagBytes, kTagBytes);
  std::string plain(body.size(), '\0');
  int written = 0;
  CHECK(EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, nonce) == 1);
  bool good = EVP_DecryptUpdate(context, nullptr, &written, bytes_of(sealed.data()), kHeaderBytes) == 1;
  if (good && !associated_data.empty()) {
    good = EVP_DecryptUpdate(context, nullptr, &written, bytes_of(associated_data.data()),
                             length_of(associated_data)) == 1;
  }
  if (good && !body.empty()) {
    good = EVP_DecryptUpdate(context, bytes_of(plain.data()), &written, bytes_of(body.data()), length_of(body)) == 1;
  }
  std::array<unsigned char, 16> rest;
  good = good && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
         EVP_DecryptFinal_ex(context, rest.data(), &written) == 1;
  Secret opened(std::move(plain));  // wiped if it turns out to be forged
  if (!good) return refused();
  return opened;
}

// A key is its id (4 bytes) and its bytes, oldest first.
std::string KeyRing::sealed_by(const KeyRing& master) const {
  std::string plain(keys_.size() * (4 + kKeyBytes), '\0');
  char* at = plain.data();
  for (const auto& key : keys_) {
    put_u32(key.id, at);
    std::memcpy(at + 4, key.bytes.reveal().data(), kKeyBytes);
    at += 4 + kKeyBytes;
  }
  Secret secret(std::move(plain));
  return master.seal(secret.reveal(), kRingPurpose);
}

Result<std::shared_ptr<const KeyRing>> KeyRing::unsealed_by(const KeyRing& master, std::string_view sealed) {
  auto plain = TRY(master.open(sealed, kRingPurpose));
  auto bytes = plain.reveal();
  constexpr auto kEntry = 4 + kKeyBytes;
  if (bytes.empty() || bytes.size() % kEntry != 0 || bytes.size() / kEntry > kMaxKeys) return refused();
  std::vector<Key> keys;
  for (; !bytes.empty(); bytes.remove_prefix(kEntry)) {
    keys.push_back({get_u32(bytes.data()), next_serial(), Secret(std::string(bytes.substr(4, kKeyBytes)))});
  }
  return std::shared_ptr<const KeyRing>(new KeyRing(std::move(keys)));
}

}  // namespace podpass::crypto
