// Who signed a request: from its signature to a Caller with all that binds it.
//
// Callers are remembered by thread, for as long as the store's snapshot stands, so that a repeated caller costs a
// look-up and one signature. Nothing of the memory is trusted beyond that: the signature is verified every time, and
// expiry looked at every time. Threads: safe from any. Errors: as AWS names them in the service's dialect.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "aws/caller.h"
#include "aws/deployment.h"
#include "aws/sigv4.h"
#include "base/per_thread.h"
#include "store/store.h"

namespace podpass::gateway {

inline constexpr std::size_t kMaxCallersKept = 4'096;  // a thread

// An authenticated caller and the key that its signature was made with.
struct Authenticated {
  std::shared_ptr<const aws::Caller> caller;
  const aws::DerivedKey* key = nullptr;                // until the thread's next look-up; null if anonymous
  std::optional<crypto::Sha256Digest> body_hash = {};  // not for S3
};

class Authenticator {
 public:
  Authenticator(store::Store& store, const aws::Deployment& deployment) : store_(store), deployment_(deployment) {}

  // `credentialed` is not anonymous. The body must be in request.body, but for S3.
  Result<Authenticated> authenticate(const aws::Credentialed& credentialed, const http::Request& request,
                                     std::string_view service, Time now);
  static std::shared_ptr<const aws::Caller> anonymous();

  // The caller whose credentials these are, for whom something else vouches: no signature is there to be verified.
  Result<std::shared_ptr<const aws::Caller>> recall(const aws::Credentialed& credentialed, Time now);
  // The same, if `secret` is that of the credentials.
  Result<std::shared_ptr<const aws::Caller>> prove(const aws::Credentialed& credentialed, const Secret& secret,
                                                   Time now);

 private:
  struct Known {
    std::uint64_t version = 0;
    std::string session_token;
    Secret secret;
    std::shared_ptr<const aws::Caller> caller;
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using Callers = std::unordered_map<std::string, Known, Hash, std::equal_to<>>;  // by access key id

  // Until the thread's next look-up.
  Result<const Known*> find(const aws::Credentialed& credentialed, Time now);
  Result<Known> look_up(const aws::Credentialed& credentialed, Time now);
  Result<Known> from_session(store::Transaction& tx, const aws::Credentialed& credentialed);
  Result<Known> from_access_key(store::Transaction& tx, const aws::Credentialed& credentialed);

  store::Store& store_;
  const aws::Deployment& deployment_;
  PerThread<Callers> callers_;
};

}  // namespace podpass::gateway
