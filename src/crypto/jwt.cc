#include "crypto/jwt.h"

#include <algorithm>

#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/hash.h"

namespace podpass::crypto {
namespace {

using codec::Value;
using Kind = JwtError::Kind;

std::unexpected<JwtError> fail(Kind kind, std::string message) {
  return std::unexpected(JwtError{kind, std::move(message)});
}

// An object in base64url, without any name twice.
std::expected<Value, JwtError> read_object(std::string_view part, std::string_view what) {
  auto json = codec::base64url_decode(part);
  if (!json) return fail(Kind::malformed, "its " + std::string(what) + " is not base64url");
  auto value = codec::parse_json(*json, codec::DuplicateKeys::refuse);
  if (!value) return fail(Kind::malformed, "its " + std::string(what) + " is not JSON with each name once");
  if (!value->as<Value::Map>()) return fail(Kind::malformed, "its " + std::string(what) + " is not a JSON object");
  return *std::move(value);
}

struct Parts {
  std::string_view header, claims, signature, signing_input;
};

std::expected<Parts, JwtError> split_token(std::string_view token) {
  if (token.size() > kMaxJwtBytes) return fail(Kind::malformed, "it is longer than 20000 bytes");
  auto first = token.find('.');
  auto second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) {
    return fail(Kind::malformed, "it does not have three parts");
  }
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
               token.substr(0, second)};
}

struct Header {
  std::string algorithm, kid;
};

std::expected<Header, JwtError> read_header(std::string_view part) {
  auto header = read_object(part, "header");
  if (!header) return std::unexpected(std::move(header).error());
  if (header->find("crit")) return fail(Kind::malformed, "its header has critical extensions");
  for (std::string_view name : {"alg", "kid", "typ"}) {
    const auto* member = header->find(name);
    if (member && !member->as_text()) return fail(Kind::malformed, "a member of its header is not text");
  }
  auto algorithm = header->text("alg");
  if (algorithm.empty()) return fail(Kind::malformed, "its header names no algorithm");
  return Header{std::string(algorithm), std::string(header->text("kid"))};
}

// All tokens of one key have the same header, so each thread keeps the one that it read last.
std::expected<Header, JwtError> remembered_header(std::string_view part) {
  static thread_local std::string last_part;
  static thread_local Header last;
  if (part != last_part) {
    auto header = read_header(part);
    if (!header) return header;
    last = *std::move(header);
    last_part = part;
  }
  return last;
}

// A name from a token, fit for a message.
std::string shown(std::string_view name) {
  constexpr std::size_t kMost = 64;
  std::string text = "\"";
  for (char c : name.substr(0, kMost)) text += c >= ' ' && c <= '~' ? c : '?';
  return text + (name.size() > kMost ? "...\"" : "\"");
}

bool usable(const Value& jwk, KeyType& type) {
  if (jwk.text("kty") == "RSA") {
    type = KeyType::rsa;
  } else if (jwk.text("kty") == "EC" && jwk.text("crv") == "P-256") {
    type = KeyType::ec_p256;
  } else {
    return false;
  }
  return (!jwk.find("use") || jwk.text("use") == "sig") &&
         (!jwk.find("alg") || jwk.text("alg") == algorithm_name(type));
}

Value with_names(const PublicKey& key, std::string_view kid) {
  auto jwk = Value::map({{"use", "sig"}, {"kid", kid}, {"alg", algorithm_name(key.type())}});
  auto members = key.to_jwk();
  for (auto& [name, value] : *members.as<Value::Map>()) jwk.add(name, std::move(value));
  return jwk;
}

}  // namespace

KeySet::KeySet(std::vector<Entry> keys) : keys_(std::move(keys)) {
  std::vector<std::string> names;
  for (const auto& entry : keys_) names.push_back(entry.key.thumbprint() + entry.kid);
  std::ranges::sort(names);
  Sha256 hash;
  for (const auto& name : names) {
    hash.update(std::to_string(name.size()) + ":");
    hash.update(name);
  }
  fingerprint_ = hash.finish();
}

Result<std::shared_ptr<const KeySet>> KeySet::from_jwks(const Value& document) {
  const auto* keys = document.find("keys");
  const auto* list = keys ? keys->as<Value::List>() : nullptr;
  if (!list) return Error::invalid("A JWKS document has a member \"keys\" with a list.");
  if (list->size() > kMaxKeysInSet) return Error::invalid("A JWKS document may hold 64 keys at most.");
  std::vector<Entry> entries;
  for (const auto& jwk : *list) {
    KeyType type{};
    if (!usable(jwk, type)) continue;
    auto key = TRY(PublicKey::from_jwk(jwk));
    auto kid = jwk.find("kid") ? std::string(jwk.text("kid")) : key.thumbprint();
    bool taken = std::ranges::any_of(entries, [&](const Entry& e) { return e.kid == kid && e.key.type() == type; });
    if (taken) return Error::invalid("Two keys of the JWKS document have the same kid.");
    entries.push_back({std::move(kid), std::move(key)});
  }
  if (entries.empty()) return Error::invalid("The JWKS document holds no key for RS256 or ES256.");
  return std::shared_ptr<const KeySet>(new KeySet(std::move(entries)));
}

std::shared_ptr<const KeySet> KeySet::of(const std::vector<PublicKey>& keys) {
  std::vector<Entry> entries;
  for (const auto& key : keys) entries.push_back({key.thumbprint(), key});
  return std::shared_ptr<const KeySet>(new KeySet(std::move(entries)));
}

Value KeySet::to_jwks(const std::vector<PublicKey>& keys) {
  return of(keys)->to_jwks();
}

Value KeySet::to_jwks() const {
  auto list = Value::list();
  for (const auto& entry : keys_) list.push(with_names(entry.key, entry.kid));
  return Value::map({{"keys", std::move(list)}});
}

const PublicKey* KeySet::find(std::string_view kid, KeyType type) const {
  for (const auto& entry : keys_) {
    if (entry.kid == kid && entry.key.type() == type) return &entry.key;
  }
  return nullptr;
}

bool KeySet::knows(std::string_view kid) const {
  return std::ranges::any_of(keys_, [&](const Entry& entry) { return entry.kid == kid; });
}

std::expected<Jwt, JwtError> parse_jwt(std::string_view token) {
  auto parts = split_token(token);
  if (!parts) return std::unexpected(std::move(parts).error());
  auto header = read_header(parts->header);
  if (!header) return std::unexpected(std::move(header).error());
  auto claims = read_object(parts->claims, "payload");
  if (!claims) return std::unexpected(std::move(claims).error());
  auto signature = codec::base64url_decode(parts->signature);
  if (!signature) return fail(Kind::malformed, "its signature is not base64url");
  return Jwt{std::move(header->algorithm), std::move(header->kid), *std::move(claims), parts->signing_input,
             *std::move(signature)};
}

std::expected<Value, JwtError> verify_jwt(std::string_view token, const KeySet& keys, AllowedAlgorithms allowed) {
  auto parts = split_token(token);
  if (!parts) return std::unexpected(std::move(parts).error());
  auto header = remembered_header(parts->header);
  if (!header) return std::unexpected(std::move(header).error());
  auto type = std::ranges::find_if(allowed, [&](KeyType t) { return algorithm_name(t) == header->algorithm; });
  if (type == allowed.end()) {
    return fail(Kind::disallowed_algorithm, "its algorithm " + shown(header->algorithm) + " is not allowed");
  }
  const auto* key = keys.find(header->kid, *type);
  if (!key && keys.knows(header->kid)) {
    return fail(Kind::disallowed_algorithm, "its algorithm does not go with its key " + shown(header->kid));
  }
  if (!key) return fail(Kind::unknown_key, "its issuer has no key " + shown(header->kid));
  auto signature = codec::base64url_decode(parts->signature);
  if (!signature) return fail(Kind::malformed, "its signature is not base64url");
  // The claims aren't looked at before the signature is known to be good.
  if (!key->verify(parts->signing_input, *signature)) return fail(Kind::bad_signature, "its signature is wrong");
  return read_object(parts->claims, "payload");
}

std::optional<Time> numeric_date(const Value& claims, std::string_view name) {
  const auto* value = claims.find(name);
  if (!value) return std::nullopt;
  constexpr double kMost = 1e11;  // far beyond any token's life, far below overflow
  if (const auto* whole = value->as<std::int64_t>(); whole && *whole >= 0 && static_cast<double>(*whole) < kMost) {
    return from_epoch_seconds(*whole);
  }
  if (const auto* real = value->as<double>(); real && *real >= 0 && *real < kMost) {
    return Time{Milliseconds{static_cast<long long>(*real * 1000)}};
  }
  return std::nullopt;
}

std::vector<std::string_view> audiences(const Value& claims) {
  const auto* value = claims.find("aud");
  if (!value) return {};
  if (const auto* text = value->as_text()) return {*text};
  std::vector<std::string_view> all;
  const auto* list = value->as<Value::List>();
  if (!list) return all;
  for (const auto& item : *list) {
    if (const auto* text = item.as_text()) all.push_back(*text);
  }
  return all;
}

std::string mint_jwt(const Value& claims, const SigningKey& key) {
  auto header = Value::map({{"alg", algorithm_name(key.type())}, {"kid", key.public_key().thumbprint()}});
  auto token = codec::base64url_encode(codec::write_json(header));
  token += '.';
  token += codec::base64url_encode(codec::write_json(claims));
  auto signature = key.sign(token);
  token += '.';
  return token += codec::base64url_encode(signature);
}

}  // namespace podpass::crypto
