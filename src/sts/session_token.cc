#include "sts/session_token.h"

#include <cstring>

#include "codec/base64.h"

namespace podpass::sts {
namespace {

constexpr char kVersion = 1;
constexpr std::string_view kPurpose = "podpass session";

void put(std::string& out, std::string_view text) {
  auto length = static_cast<std::uint32_t>(text.size());
  char bytes[4];
  std::memcpy(bytes, &length, 4);
  out.append(bytes, 4);
  out += text;
}

void put(std::string& out, Time time) {
  auto millis = static_cast<std::int64_t>(time.time_since_epoch().count());
  char bytes[8];
  std::memcpy(bytes, &millis, 8);
  out.append(bytes, 8);
}

void put_count(std::string& out, std::size_t count) {
  auto number = static_cast<std::uint32_t>(count);
  char bytes[4];
  std::memcpy(bytes, &number, 4);
  out.append(bytes, 4);
}

// Reads what put() wrote. What is sealed was written here, yet nothing is read beyond the end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::string text() {
    auto length = number();
    if (length > rest_.size()) return fail();
    std::string out(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return out;
  }

  Time time() {
    std::int64_t millis = 0;
    if (rest_.size() < 8) {
      fail();
      return {};
    }
    std::memcpy(&millis, rest_.data(), 8);
    rest_.remove_prefix(8);
    return Time{Milliseconds{millis}};
  }

  std::size_t number() {
    std::uint32_t value = 0;
    if (rest_.size() < 4) {
      fail();
      return 0;
    }
    std::memcpy(&value, rest_.data(), 4);
    rest_.remove_prefix(4);
    return value;
  }

  bool good() const { return good_; }

 private:
  std::string fail() {
    good_ = false;
    rest_ = {};
    return {};
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
  std::string plain;
  plain.reserve(1024);
  plain += kVersion;
  plain += session.kind == aws::Session::Kind::role ? 'r' : 'u';
  for (std::string_view text :
       {std::string_view(session.access_key_id), session.secret.reveal(), std::string_view(session.account),
        std::string_view(session.role_name), std::string_view(session.role_id), std::string_view(session.user_name),
        std::string_view(session.session_name), std::string_view(session.source_identity),
        std::string_view(session.policy)}) {
    put(plain, text);
  }
  put(plain, session.issued);
  put(plain, session.expires);
  put_count(plain, session.tags.size());
  for (const auto& [key, value] : session.tags) {
    put(plain, key);
    put(plain, value);
  }
  put_count(plain, session.transitive_keys.size());
  for (const auto& key : session.transitive_keys) put(plain, key);
  put_count(plain, session.policy_arns.size());
  for (const auto& arn : session.policy_arns) put(plain, arn);
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
  if (bytes.size() < 2 || bytes[0] != kVersion) return not_ours();
  aws::Session session;
  session.kind = bytes[1] == 'r' ? aws::Session::Kind::role : aws::Session::Kind::user;
  Reader reader(bytes.substr(2));
  session.access_key_id = reader.text();
  session.secret = Secret(reader.text());
  for (auto* field : {&session.account, &session.role_name, &session.role_id, &session.user_name, &session.session_name,
                      &session.source_identity, &session.policy}) {
    *field = reader.text();
  }
  session.issued = reader.time();
  session.expires = reader.time();
  for (auto left = reader.number(); left > 0 && reader.good(); --left) {
    auto key = reader.text();
    session.tags[key] = reader.text();
  }
  for (auto left = reader.number(); left > 0 && reader.good(); --left) session.transitive_keys.push_back(reader.text());
  for (auto left = reader.number(); left > 0 && reader.good(); --left) session.policy_arns.push_back(reader.text());
  if (!reader.good()) return not_ours();
  return session;
}

}  // namespace podpass::sts
