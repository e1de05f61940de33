#include "sts/credentials.h"

#include "sts/session_token.h"

namespace podpass::sts {

Credentials credentials_of(const aws::Session& session, const crypto::KeyRing& keys) {
  return {session.access_key_id, std::string(session.secret.reveal()), seal_session(session, keys), session.expires};
}

}  // namespace podpass::sts
