// The keys of one Podpass: the master key in a file, which seals secrets in the store, and the session keys in the
// store, which seal session tokens.
//
// <data dir>/master.key: 64 hex digits, mode 0600, made on first start. Without it the store's secrets cannot be read.
// Session keys are made anew every kSessionKeyAge; the older ones go on opening tokens until no token of theirs can be
// alive.
#pragma once

#include <filesystem>
#include <memory>

#include "aws/deployment.h"
#include "base/result.h"
#include "crypto/seal.h"
#include "store/store.h"

namespace podpass::server {

inline constexpr std::chrono::hours kSessionKeyAge{30 * 24};
inline constexpr std::size_t kSessionKeysKept = 4;  // sessions live 36 hours at most

Result<std::shared_ptr<const crypto::KeyRing>> open_master_key(const std::filesystem::path& data_directory,
                                                               Random& random);

// The ring as it should be now: made if there is none, with a fresh key if the newest is old.
Result<std::shared_ptr<const crypto::KeyRing>> current_session_keys(store::Store& store, const crypto::KeyRing& master,
                                                                    Random& random, Time now);

}  // namespace podpass::server
