// Session tokens: a Session sealed into text that only holders of the session keys can read or make. Issuing and
// verifying need no store. The format (inside the seal) is a version byte and length-prefixed fields. Pure but for the
// sealing nonce; safe from any thread.
#pragma once

#include <string>
#include <string_view>

#include "aws/caller.h"
#include "base/result.h"
#include "crypto/seal.h"

namespace podpass::sts {

inline constexpr std::size_t kMaxSessionTokenBytes = 16'384;

std::string seal_session(const aws::Session& session, const crypto::KeyRing& keys);

// For sessions that differ in nothing but keys, name and times: `shared_part` is encode_shared_part() of any of them.
std::string encode_shared_part(const aws::Session& session);
std::string seal_session(const aws::Session& session, std::string_view shared_part, const crypto::KeyRing& keys);

// Anything but a token of ours: ErrorKind::unauthenticated. Its expiry is not looked at.
Result<aws::Session> open_session(std::string_view token, const crypto::KeyRing& keys);

}  // namespace podpass::sts
