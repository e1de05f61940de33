// Sign-in to the console: sessions, which a browser holds by a cookie, and codes, which open one session each.
//
// Both are records, so that they survive a restart and hold for every replica, and a code that two browsers bring at
// once opens one session: the other's commit conflicts. Pure functions over a transaction. Cookies and codes are 256
// random bits; the store has their hashes only. Limits: below; what has expired is removed at sign-in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/secret.h"
#include "base/time.h"
#include "store/store.h"

namespace podpass::console {

inline constexpr Seconds kIdle{3'600};          // a session ends so long after its last use
inline constexpr Seconds kLongest{12 * 3'600};  // and so long after its start
inline constexpr Seconds kTouchAfter{60};       // use is written down no more often than this
inline constexpr Seconds kCodeLifetime{900};
inline constexpr std::size_t kMaxSessions = 10'000;
inline constexpr std::size_t kMaxOfOneKey = 20;  // access key: one more ends the one that was used least lately

struct Identity {
  std::string access_key_id, session_token;  // of its credentials
};

// The session's cookie. unavailable: there are kMaxSessions.
Result<Secret> open_session(store::Transaction& tx, Random& random, const Identity& identity, Time now);

struct Session {
  Identity identity;
  Time expires{};
  bool touch = false;  // touch_session() is due
};
std::optional<Session> find_session(store::Transaction& tx, std::string_view cookie, Time now);
void touch_session(store::Transaction& tx, std::string_view cookie, Time now);
void end_session(store::Transaction& tx, std::string_view cookie);

// What a page of ours sends along with the cookie and no other page can know.
std::string csrf_token(std::string_view cookie);

Result<Secret> make_code(store::Transaction& tx, Random& random, const Identity& identity, Time now);
// The code is used up by this, if the transaction is committed.
std::optional<Identity> take_code(store::Transaction& tx, std::string_view code, Time now);

// Where a browser signs in with the code, which stands behind '#': browsers send that to no server.
std::string sign_in_url(std::string_view endpoint, const Secret& code);

}  // namespace podpass::console
