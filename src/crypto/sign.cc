#include "crypto/sign.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <atomic>
#include <climits>
#include <optional>

#include "base/check.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/hash.h"
#include "crypto/openssl_handles.h"

namespace podpass::crypto {

struct PublicKey::State {
  PkeyHandle key;
  KeyType type;
  std::uint64_t serial;  // names this key in the threads' memories; unique in the process
  std::string thumbprint;
};

struct SigningKey::State {
  PkeyHandle key;
  KeyType type;
  std::shared_ptr<const PublicKey::State> public_state;
};

namespace {

using ParamsBuilder = std::unique_ptr<OSSL_PARAM_BLD, FreeBy<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, FreeBy<OSSL_PARAM_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, FreeBy<ECDSA_SIG_free>>;

constexpr int kMinRsaBits = 2048, kMaxRsaBits = 8192;
constexpr std::size_t kCoordinateBytes = 32;
constexpr char kCurve[] = "prime256v1";  // what OpenSSL calls P-256

BigNumber number_of(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  CHECK(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  return BigNumber(number);
}

std::string big_endian(const BIGNUM* number, std::size_t width) {
  std::string bytes(width, '\0');
  CHECK(BN_bn2binpad(number, bytes_of(bytes.data()), static_cast<int>(width)) >= 0);
  return bytes;
}

// The members of RFC 7638 in its order, which is also the order of names.
codec::Value jwk_of(const EVP_PKEY* key, KeyType type) {
  auto member = [&](const char* name, std::optional<std::size_t> width) {
    auto number = number_of(key, name);
    return codec::base64url_encode(
        big_endian(number.get(), width.value_or(static_cast<std::size_t>(BN_num_bytes(number.get())))));
  };
  if (type == KeyType::rsa) {
    return codec::Value::map({{"e", member(OSSL_PKEY_PARAM_RSA_E, std::nullopt)},
                              {"kty", "RSA"},
                              {"n", member(OSSL_PKEY_PARAM_RSA_N, std::nullopt)}});
  }
  return codec::Value::map({{"crv", "P-256"},
                            {"kty", "EC"},
                            {"x", member(OSSL_PKEY_PARAM_EC_PUB_X, kCoordinateBytes)},
                            {"y", member(OSSL_PKEY_PARAM_EC_PUB_Y, kCoordinateBytes)}});
}

Result<KeyType> acceptable_type(const EVP_PKEY* key) {
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
    auto bits = EVP_PKEY_get_bits(key);
    if (bits < kMinRsaBits || bits > kMaxRsaBits) return unacceptable("An RSA key must have 2048 to 8192 bits.");
    auto exponent = number_of(key, OSSL_PKEY_PARAM_RSA_E);
    auto modulus = number_of(key, OSSL_PKEY_PARAM_RSA_N);
    if (!BN_is_odd(exponent.get()) || BN_is_one(exponent.get()) || BN_num_bits(exponent.get()) > 33 ||
        !BN_is_odd(modulus.get())) {
      return unacceptable("The RSA key's modulus or exponent is not acceptable.");
    }
    return KeyType::rsa;
  }
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
    std::array<char, 64> group{};
    std::size_t length = 0;
    if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &length) != 1 ||
        std::string_view(group.data(), length) != kCurve) {
      return unacceptable("An EC key must be on the curve P-256.");
    }
    return KeyType::ec_p256;
  }
  return unacceptable("The key is neither RSA nor EC.");
}

Result<std::shared_ptr<const PublicKey::State>> adopt_public(PkeyHandle key) {
  static std::atomic<std::uint64_t> last_serial{0};
  if (!key) return unacceptable("The public key cannot be read.");
  auto type = TRY(acceptable_type(key.get()));
  auto thumbprint = codec::base64url_encode(sha256(codec::write_json(jwk_of(key.get(), type))));
  return std::make_shared<const PublicKey::State>(std::move(key), type, ++last_serial, std::move(thumbprint));
}

Result<SigningKey> adopt_private(PkeyHandle key) {
  if (!key) return unacceptable("The private key cannot be read.");
  auto type = TRY(acceptable_type(key.get()));
  unsigned char* der = nullptr;
  auto length = i2d_PUBKEY(key.get(), &der);
  CHECK(length > 0);
  const unsigned char* at = der;
  PkeyHandle public_half(d2i_PUBKEY(nullptr, &at, length));
  OPENSSL_free(der);
  auto public_state = TRY(adopt_public(std::move(public_half)));
  return SigningKey(std::make_shared<const SigningKey::State>(std::move(key), type, std::move(public_state)));
}

std::string drain(BIO* bio) {
  char* data = nullptr;
  auto length = BIO_get_mem_data(bio, &data);
  CHECK(length >= 0);
  return {data, static_cast<std::size_t>(length)};
}

// A verify context for a key, ready to use; a thread keeps some, since making one costs more than the small rest of a
// verification. The key is a copy of the thread's own, so that threads share nothing that is counted or locked.
EVP_PKEY_CTX* verifier(const PublicKey::State& state) {
  struct Slot {
    std::uint64_t serial = 0;
    PkeyHandle key;
    PkeyContext context;
  };
  static thread_local std::array<Slot, 64> slots;
  auto& slot = slots[state.serial % slots.size()];
  if (slot.serial != state.serial) {
    slot.context.reset();
    slot.key.reset(EVP_PKEY_dup(state.key.get()));
    CHECK(slot.key);
    slot.context.reset(EVP_PKEY_CTX_new(slot.key.get(), nullptr));
    auto* context = slot.context.get();
    CHECK(context && EVP_PKEY_verify_init(context) == 1 && EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1);
    if (state.type == KeyType::rsa) CHECK(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1);
    slot.serial = state.serial;
  }
  return slot.context.get();
}

// A DER INTEGER of 32 big-endian bytes.
void put_integer(std::string_view bytes, std::string& der) {
  while (bytes.size() > 1 && bytes[0] == 0) bytes.remove_prefix(1);
  bool pad = (bytes[0] & 0x80) != 0;
  der += '\x02';
  der += static_cast<char>(bytes.size() + (pad ? 1 : 0));
  if (pad) der += '\0';
  der += bytes;
}

std::string der_of_jose(std::string_view signature) {
  std::string body;
  put_integer(signature.substr(0, kCoordinateBytes), body);
  put_integer(signature.substr(kCoordinateBytes), body);
  std::string der = "\x30";
  der += static_cast<char>(body.size());  // at most 70
  return der + body;
}

std::string jose_of_der(std::string_view der) {
  const auto* at = bytes_of(der.data());
  EcdsaSignature signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  CHECK(signature);
  return big_endian(ECDSA_SIG_get0_r(signature.get()), kCoordinateBytes) +
         big_endian(ECDSA_SIG_get0_s(signature.get()), kCoordinateBytes);
}

PkeyHandle from_params(const char* type, ParamsBuilder builder) {
  Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  CHECK(params && context && EVP_PKEY_fromdata_init(context.get()) == 1);
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) return nullptr;
  return PkeyHandle(key);
}

std::optional<std::string> jwk_bytes(const codec::Value& jwk, std::string_view name, std::size_t most) {
  auto bytes = codec::base64url_decode(jwk.text(name));
  if (!bytes || bytes->empty() || bytes->size() > most) return std::nullopt;
  return bytes;
}

PkeyHandle rsa_of_jwk(const codec::Value& jwk) {
  auto n = jwk_bytes(jwk, "n", kMaxRsaBits / 8 + 1), e = jwk_bytes(jwk, "e", 8);
  if (!n || !e) return nullptr;
  BigNumber modulus(BN_bin2bn(bytes_of(n->data()), static_cast<int>(n->size()), nullptr));
  BigNumber exponent(BN_bin2bn(bytes_of(e->data()), static_cast<int>(e->size()), nullptr));
  ParamsBuilder builder(OSSL_PARAM_BLD_new());
  CHECK(modulus && exponent && builder);
  CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1);
  CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1);
  return from_params("RSA", std::move(builder));
}

PkeyHandle ec_of_jwk(const codec::Value& jwk) {
  auto x = jwk_bytes(jwk, "x", kCoordinateBytes), y = jwk_bytes(jwk, "y", kCoordinateBytes);
  if (!x || !y || x->size() != kCoordinateBytes || y->size() != kCoordinateBytes) return nullptr;
  auto point = "\x04" + *x + *y;
  ParamsBuilder builder(OSSL_PARAM_BLD_new());
  CHECK(builder);
  CHECK(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, kCurve, 0) == 1);
  CHECK(OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) == 1);
  return from_params("EC", std::move(builder));  // refuses a point that is not on the curve
}

}  // namespace

std::string_view algorithm_name(KeyType type) {
  return type == KeyType::rsa ? "RS256" : "ES256";
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  auto bio = reading(pem);
  if (!bio) return unacceptable("The public key cannot be read.");
  return PublicKey(TRY(adopt_public(PkeyHandle(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_pass_phrase, nullptr)))));
}

Result<PublicKey> PublicKey::from_der(std::string_view der) {
  const auto* at = bytes_of(der.data());
  PkeyHandle key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (key && at != bytes_of(der.data()) + der.size()) key.reset();
  return PublicKey(TRY(adopt_public(std::move(key))));
}

Result<PublicKey> PublicKey::from_jwk(const codec::Value& jwk) {
  auto kty = jwk.text("kty");
  if (kty == "RSA") return PublicKey(TRY(adopt_public(rsa_of_jwk(jwk))));
  if (kty == "EC" && jwk.text("crv") == "P-256") return PublicKey(TRY(adopt_public(ec_of_jwk(jwk))));
  return Error::invalid("The JWK is neither an RSA key nor an EC key on P-256.");
}

KeyType PublicKey::type() const {
  return state_->type;
}
const std::string& PublicKey::thumbprint() const {
  return state_->thumbprint;
}
codec::Value PublicKey::to_jwk() const {
  return jwk_of(state_->key.get(), state_->type);
}

std::string PublicKey::to_pem() const {
  Bio bio(BIO_new(BIO_s_mem()));
  CHECK(bio && PEM_write_bio_PUBKEY(bio.get(), state_->key.get()) == 1);
  return drain(bio.get());
}

std::string PublicKey::to_der() const {
  Bio bio(BIO_new(BIO_s_mem()));
  CHECK(bio && i2d_PUBKEY_bio(bio.get(), state_->key.get()) == 1);
  return drain(bio.get());
}

bool PublicKey::verify(std::string_view message, std::string_view signature) const {
  const auto hash = sha256(message);
  std::string der;
  if (state_->type == KeyType::ec_p256) {
    if (signature.size() != 2 * kCoordinateBytes) return false;
    der = der_of_jose(signature);
    signature = der;
  }
  bool good = EVP_PKEY_verify(verifier(*state_), bytes_of(signature.data()), signature.size(),
                              bytes_of(hash.bytes.data()), hash.bytes.size()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

SigningKey SigningKey::generate_rsa() {
  PkeyHandle key(EVP_RSA_gen(2048));
  CHECK(key);
  auto adopted = adopt_private(std::move(key));
  CHECK(adopted.has_value());
  return *std::move(adopted);
}

SigningKey SigningKey::generate_ec() {
  PkeyHandle key(EVP_EC_gen(kCurve));
  CHECK(key);
  auto adopted = adopt_private(std::move(key));
  CHECK(adopted.has_value());
  return *std::move(adopted);
}

Result<SigningKey> SigningKey::from_pem(const Secret& pem) {
  auto bio = reading(pem.reveal());
  if (!bio) return unacceptable("The private key cannot be read.");
  return adopt_private(PkeyHandle(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr)));
}

Result<SigningKey> SigningKey::from_der(const Secret& der) {
  const auto* at = bytes_of(der.reveal().data());
  return adopt_private(PkeyHandle(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.reveal().size()))));
}

KeyType SigningKey::type() const {
  return state_->type;
}
PublicKey SigningKey::public_key() const {
  return PublicKey(state_->public_state);
}

Secret SigningKey::to_pem() const {
  Bio bio(BIO_new(BIO_s_secmem()));
  CHECK(bio && PEM_write_bio_PKCS8PrivateKey(bio.get(), state_->key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return Secret(drain(bio.get()));
}

Secret SigningKey::to_der() const {
  Bio bio(BIO_new(BIO_s_secmem()));
  CHECK(bio && i2d_PKCS8PrivateKey_bio(bio.get(), state_->key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return Secret(drain(bio.get()));
}

std::string SigningKey::sign(std::string_view message) const {
  auto hash = sha256(message);
  PkeyContext context(EVP_PKEY_CTX_new(state_->key.get(), nullptr));
  CHECK(context && EVP_PKEY_sign_init(context.get()) == 1);
  CHECK(EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) == 1);
  if (state_->type == KeyType::rsa) CHECK(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1);
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(state_->key.get())), '\0');
  auto length = signature.size();
  CHECK(EVP_PKEY_sign(context.get(), bytes_of(signature.data()), &length, bytes_of(hash.bytes.data()),
                      hash.bytes.size()) == 1);
  signature.resize(length);
  return state_->type == KeyType::rsa ? signature : jose_of_der(signature);
}

}  // namespace podpass::crypto
