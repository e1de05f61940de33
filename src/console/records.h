// The console's records. Neither holds a secret: a record's key is the hash of what the browser has.
#pragma once

#include <boost/describe.hpp>
#include <string>

#include "base/time.h"
#include "store/transaction.h"

namespace podpass::console {

// Whose credentials the browser acts with. They are looked up at every request: a key that is gone ends the session.
struct SessionRecord {
  std::string access_key_id, session_token;  // the token is empty for a key that lasts
  Time created{}, used{};
};
BOOST_DESCRIBE_STRUCT(SessionRecord, (), (access_key_id, session_token, created, used))

struct CodeRecord {
  std::string access_key_id, session_token;
  Time created{};
};
BOOST_DESCRIBE_STRUCT(CodeRecord, (), (access_key_id, session_token, created))

inline constexpr store::Table<SessionRecord> kSessions{"console_session"};  // by SHA-256 of the cookie, hex
inline constexpr store::Table<CodeRecord> kCodes{"console_code"};           // by SHA-256 of the code, hex

}  // namespace podpass::console

namespace podpass::store {

extern template struct RecordCodec<console::SessionRecord>;
extern template struct RecordCodec<console::CodeRecord>;

}  // namespace podpass::store
