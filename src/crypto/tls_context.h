// What a ServerTls and a ClientTls are made of, for tls.cc and tls_session.cc only. Threads: the mutexes are over what
// stands below them; an SSL_CTX is not changed once sessions are made of it.
#pragma once

#include <openssl/ssl.h>

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/openssl_handles.h"
#include "crypto/tls.h"

namespace podpass::crypto {

using SslContext = std::unique_ptr<SSL_CTX, FreeBy<SSL_CTX_free>>;
using SavedSession = std::unique_ptr<SSL_SESSION, FreeBy<SSL_SESSION_free>>;

struct ServerTls::State {
  Files files;  // empty without files
  TlsVersion minimum = TlsVersion::tls12;

  std::mutex reloading;  // one at a time
  std::string stamps;    // of the files as last tried

  mutable std::mutex mutex;
  SslContext context;
  Time not_after;
};

struct ClientTls::State {
  Options options;  // without the PEMs
  SslContext context;

  // Sessions that can be resumed, one for each host and port, each used once (RFC 8446 appendix C.4).
  void keep(std::string_view peer, SavedSession session);
  SavedSession take(std::string_view peer);

 private:
  struct Kept {
    std::string peer;
    SavedSession session;
    std::chrono::steady_clock::time_point since;
  };
  std::mutex mutex_;
  std::vector<Kept> kept_;  // oldest first
};

// Sets up what both sides' contexts have in common. Verification is prepared for certificate_verifier().
SslContext make_context(const SSL_METHOD* method);

// OpenSSL's callbacks that belong to sessions, in tls_session.cc.
int verify_certificate(X509_STORE_CTX* chain, void*);
int save_session(SSL* ssl, SSL_SESSION* session);

}  // namespace podpass::crypto
