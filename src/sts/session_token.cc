#include "sts/session_token.h"

#include <algorithm>
#include <cstring>

#include "codec/base64.h"

namespace podpass::sts {
namespace {

constexpr char kVersion = 5;
// Read still; none is left 36 hours after an upgrade. In 4 no tag's key is a place in the table, and 3 has its fields
// in another order besides.
constexpr char kVersionFour = 4, kVersionThree = 3;
constexpr std::string_view kPurpose = "podpass session";

// Tag keys that most sessions have: as an empty text and their place here. New ones go to the end.
constexpr std::string_view kUsualKeys[] = {"eks-cluster-arn",      "eks-cluster-name",
                                           "kubernetes-namespace", "kubernetes-service-account",
                                           "kubernetes-pod-name",  "kubernetes-pod-uid"};

// Seven bits a byte, the lowest first; the eighth says that more follow.
void put_number(std::string& out, std::size_t number) {
  for (; number >= 128; number >>= 7) out += static_cast<char>(number | 128);
  out += static_cast<char>(number);
}

void put(std::string& out, std::string_view text) {
  put_number(out, text.size());
  out += text;
}

void put(std::string& out, Time time) {
  auto millis = static_cast<std::int64_t>(time.time_since_epoch().count());
  char bytes[8];
  std::memcpy(bytes, &millis, 8);
  out.append(bytes, 8);
}

void put_key(std::string& out, std::string_view key) {
  const auto usual = std::ranges::find(kUsualKeys, key);
  if (usual == std::end(kUsualKeys)) return put(out, key);
  put(out, std::string_view());
  put_number(out, static_cast<std::size_t>(usual - std::begin(kUsualKeys)));
}

// Reads what put() wrote. What is sealed was written here, yet nothing is read beyond the end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::string text() { return std::string(take(number())); }

  Time time() {
    std::int64_t millis = 0;
    if (const auto bytes = take(8); good_) std::memcpy(&millis, bytes.data(), 8);
    return Time{Milliseconds{millis}};
  }

  std::size_t number() {
    std::size_t number = 0;
    for (unsigned shift = 0; shift < 32; shift += 7) {
      const auto byte = take(1);
      if (!good_) return 0;
      number |= static_cast<std::size_t>(byte[0] & 127) << shift;
      if ((byte[0] & 128) == 0) return number;
    }
    good_ = false;
    return 0;
  }

  // No tag has an empty key.
  std::string key(bool may_be_a_place) {
    auto key = text();
    if (!key.empty()) return key;
    const auto place = may_be_a_place ? number() : std::size(kUsualKeys);
    good_ = good_ && place < std::size(kUsualKeys);
    return good_ ? std::string(kUsualKeys[place]) : std::string();
  }

  bool flag() { return number() != 0; }
  bool good() const { return good_; }

 private:
  std::string_view take(std::size_t count) {
    good_ = good_ && count <= rest_.size();
    if (!good_) return {};
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  std::string_view rest_;
  bool good_ = true;
};

Error not_ours() {
  return {ErrorKind::unauthenticated,
          "InvalidClientTokenId",
          403,
          "The security token included in the request is invalid.",
          {},
          {}};
}

}  // namespace

std::string seal_session(const aws::Session& session, const crypto::KeyRing& keys) {
  return seal_session(session, encode_shared_part(session), keys);
}

std::string encode_shared_part(const aws::Session& session) {
  constexpr std::size_t kUsualSize = 512;
  std::string out;
  out.reserve(kUsualSize);
  put_number(out, session.kind == aws::Session::Kind::role ? 1 : 0);
  for (const auto* text : {&session.account, &session.role_name, &session.role_id, &session.user_name,
                           &session.source_identity, &session.policy, &session.node}) {
    put(out, *text);
  }
  put_number(out, session.tags.size());
  for (const auto& tag : session.tags) {
    put_key(out, tag.key);
    put(out, tag.value);
    put_number(out, tag.transitive ? 1 : 0);
  }
  put_number(out, session.policy_arns.size());
  for (const auto& arn : session.policy_arns) put(out, arn);
  return out;
}

std::string seal_session(const aws::Session& session, std::string_view shared_part, const crypto::KeyRing& keys) {
  constexpr std::size_t kRoom = 256;  // for the other part, so that the secret is not left behind where it moved from
  std::string plain;
  plain.reserve(shared_part.size() + kRoom);
  plain += kVersion;
  put(plain, session.access_key_id);
  put(plain, session.secret.reveal());
  put(plain, session.session_name);
  put(plain, session.issued);
  put(plain, session.expires);
  plain += shared_part;
  auto sealed = keys.seal(plain, kPurpose);
  explicit_bzero(plain.data(), plain.size());
  return codec::base64_encode(sealed);
}

Result<aws::Session> open_session(std::string_view token, const crypto::KeyRing& keys) {
  if (token.empty() || token.size() > kMaxSessionTokenBytes) return not_ours();
  auto sealed = codec::base64_decode(token);
  if (!sealed) return not_ours();
  auto opened = keys.open(*sealed, kPurpose);
  if (!opened) return not_ours();
  auto bytes = opened->reveal();
  const auto version = bytes.empty() ? '\0' : bytes[0];
  if (version != kVersion && version != kVersionFour && version != kVersionThree) return not_ours();
  aws::Session session;
  Reader reader(bytes.substr(1));
  const auto read_times = [&] {
    session.issued = reader.time();
    session.expires = reader.time();
  };
  const auto read_texts = [&](std::initializer_list<std::string*> fields) {
    for (auto* field : fields) *field = reader.text();
  };
  if (version != kVersionThree) {
    session.access_key_id = reader.text();
    session.secret = Secret(reader.text());
    session.session_name = reader.text();
    read_times();
    session.kind = reader.flag() ? aws::Session::Kind::role : aws::Session::Kind::user;
    read_texts({&session.account, &session.role_name, &session.role_id, &session.user_name, &session.source_identity,
                &session.policy, &session.node});
  } else {
    session.kind = reader.number() == 'r' ? aws::Session::Kind::role : aws::Session::Kind::user;
    session.access_key_id = reader.text();
    session.secret = Secret(reader.text());
    read_texts({&session.account, &session.role_name, &session.role_id, &session.user_name, &session.session_name,
                &session.source_identity, &session.policy, &session.node});
    read_times();
  }
  for (auto left = reader.number(); left > 0 && reader.good(); --left) {
    aws::SessionTag tag{reader.key(version == kVersion), reader.text(), false};  // braces: from left to right
    tag.transitive = reader.flag();
    session.tags.push_back(std::move(tag));
  }
  for (auto left = reader.number(); left > 0 && reader.good(); --left) session.policy_arns.push_back(reader.text());
  if (!reader.good()) return not_ours();
  return session;
}

}  // namespace podpass::sts
