#include "console/sessions.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "codec/base64.h"
#include "console/records.h"
#include "crypto/hash.h"

namespace podpass::console {
namespace {

constexpr std::size_t kMaxTokenBytes = 64;  // of what a browser sends; ours have 43

std::string key_of(std::string_view token) {
  return std::string(crypto::sha256_hex(token).bytes.data(), 64);
}

Secret new_token(Random& random) {
  std::array<unsigned char, 32> bytes{};
  random.fill(bytes);
  return Secret(codec::base64url_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
}

Time end_of(const SessionRecord& record) {
  return std::min(record.used + kIdle, record.created + kLongest);
}

// Makes room for one more of `access_key_id`: without those that have ended and, of one access key, the one that was
// used least lately. unavailable: there are kMaxSessions.
template <class T, class Used, class Ended>
Result<void> make_room(store::Transaction& tx, const store::Table<T>& table, std::string_view access_key_id, Used used,
                       Ended ended) {
  std::size_t left = 0, of_key = 0;
  std::optional<store::Row<T>> oldest;
  for (auto& row : tx.scan(table, {}, 2 * kMaxSessions)) {
    if (ended(*row.record)) {
      tx.erase(table, {row.key[0]});
      continue;
    }
    ++left;
    if (row.record->access_key_id != access_key_id) continue;
    ++of_key;
    if (!oldest || used(*row.record) < used(*oldest->record)) oldest = std::move(row);
  }
  if (of_key >= kMaxOfOneKey) {
    tx.erase(table, {oldest->key[0]});
    --left;
  }
  if (left >= kMaxSessions) return Error::unavailable("Too many are signed in to the console. Try again later.");
  return {};
}

}  // namespace

Result<Secret> open_session(store::Transaction& tx, Random& random, const Identity& identity, Time now) {
  TRY(make_room(
      tx, kSessions, identity.access_key_id, [](const auto& each) { return each.used; },
      [&](const auto& each) { return end_of(each) <= now; }));
  auto cookie = new_token(random);
  tx.put(kSessions, {key_of(cookie.reveal())}, SessionRecord{identity.access_key_id, identity.session_token, now, now});
  return cookie;
}

std::optional<Session> find_session(store::Transaction& tx, std::string_view cookie, Time now) {
  if (cookie.empty() || cookie.size() > kMaxTokenBytes) return std::nullopt;
  const auto* record = tx.find(kSessions, {key_of(cookie)});
  if (!record || end_of(*record) <= now) return std::nullopt;
  return Session{{record->access_key_id, record->session_token}, end_of(*record), now - record->used >= kTouchAfter};
}

void touch_session(store::Transaction& tx, std::string_view cookie, Time now) {
  const auto key = key_of(cookie);
  const auto* record = tx.find(kSessions, {key});
  if (!record) return;
  auto used = *record;
  used.used = now;
  tx.put(kSessions, {key}, std::move(used));
}

void end_session(store::Transaction& tx, std::string_view cookie) {
  tx.erase(kSessions, {key_of(cookie)});
}

std::string csrf_token(std::string_view cookie) {
  return codec::base64url_encode(crypto::hmac_sha256(cookie, "podpass console csrf"));
}

Result<Secret> make_code(store::Transaction& tx, Random& random, const Identity& identity, Time now) {
  TRY(make_room(
      tx, kCodes, identity.access_key_id, [](const auto& each) { return each.created; },
      [&](const auto& each) { return each.created + kCodeLifetime <= now; }));
  auto code = new_token(random);
  tx.put(kCodes, {key_of(code.reveal())}, CodeRecord{identity.access_key_id, identity.session_token, now});
  return code;
}

std::optional<Identity> take_code(store::Transaction& tx, std::string_view code, Time now) {
  if (code.empty() || code.size() > kMaxTokenBytes) return std::nullopt;
  const auto key = key_of(code);
  const auto* record = tx.find(kCodes, {key});
  if (!record || record->created + kCodeLifetime <= now) return std::nullopt;
  Identity identity{record->access_key_id, record->session_token};
  tx.erase(kCodes, {key});
  return identity;
}

std::string sign_in_url(std::string_view endpoint, const Secret& code) {
  return concat({endpoint, "/console/#sign-in=", code.reveal()});
}

}  // namespace podpass::console
