// TLS for servers and clients, over sockets that don't block. TLS 1.2 or newer, ALPN http/1.1, resumption by tickets.
// ServerTls and ClientTls hold what is configured, a TlsSession is one connection's state.
//
// Threads: ServerTls and ClientTls from any thread, reload() included: sessions that run keep what they began with, new
// ones take the new certificate. A TlsSession is for one thread at a time. A session keeps alive what it needs of the
// ServerTls or ClientTls that made it; the socket is the caller's and must outlive the session.
//
// Verification cannot be switched off: a client's session succeeds only if the certificate is valid now, for that host
// name or IP address, and of a trusted authority. A resumed session was verified at most kMaxSessionAge ago, by the
// same ClientTls for the same host and port.
//
// Limits: kMaxPemBytes a file, kMaxSessionsKept sessions that a ClientTls can resume. Errors: invalid (certificate, key
// or CA that cannot be read or don't fit), not_found and unavailable for files. Texts say in plain words what is wrong
// and name files and names of certificates, never key bytes. Sources: RFC 5246, RFC 8446, RFC 6125, RFC 7301.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace podpass::crypto {

inline constexpr std::size_t kMaxPemBytes = 1024 * 1024;
inline constexpr std::size_t kMaxSessionsKept = 64;
inline constexpr std::chrono::minutes kMaxSessionAge{30};

enum class TlsVersion : unsigned char { tls12, tls13 };

class ServerTls {
 public:
  struct Files {
    std::string certificate_file;  // PEM: the server's certificate, then those of the authorities in between
    std::string key_file;          // PEM
    std::string client_ca_file;    // PEM; if given, clients must show a certificate of one of these authorities
  };
  struct Pems {
    std::string certificate;
    Secret key;
    std::string client_ca;
  };

  static Result<std::shared_ptr<ServerTls>> load(Files files, TlsVersion minimum = TlsVersion::tls12);
  static Result<std::shared_ptr<ServerTls>> of(Pems pems, TlsVersion minimum = TlsVersion::tls12);  // without files
  ~ServerTls();
  ServerTls(const ServerTls&) = delete;
  ServerTls& operator=(const ServerTls&) = delete;

  // Reads the files again. What cannot be used changes nothing: the error says why, the old pair stays in force.
  Result<void> reload();
  // The same if a file is another one than at the last attempt (by inode, size and time of change): whether there is a
  // new pair in force. Costs a stat(2) a file. An error is told once for each change.
  Result<bool> reload_if_changed();
  Result<void> replace(Pems pems);  // for one made without files

  Time not_after() const;  // of the server's certificate in force

  struct State;

 private:
  friend class TlsSession;
  explicit ServerTls(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class ClientTls {
 public:
  struct Options {
    std::string ca_pem;           // one or more authorities; empty: the system's
    std::string certificate_pem;  // shown to servers that ask; with those of the authorities in between
    Secret key_pem;               // of that certificate
    std::string server_name;      // what the certificate must name; empty: the host connected to
    std::string pinned_sha256;    // hex, of a certificate (DER) that must be in the verified chain; empty: none
  };

  static Result<std::shared_ptr<const ClientTls>> make(Options options);
  static Result<std::shared_ptr<const ClientTls>> trusting(const std::string& ca_file);  // empty: the system's
  static std::shared_ptr<const ClientTls> of_system();
  ~ClientTls();
  ClientTls(const ClientTls&) = delete;
  ClientTls& operator=(const ClientTls&) = delete;

  struct State;

 private:
  friend class TlsSession;
  explicit ClientTls(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

// One connection. Nothing here waits: where the socket has to become ready first, the caller is told, waits, and calls
// again - write() with the same bytes, or those and more.
class TlsSession {
 public:
  enum class Progress : unsigned char {
    done,
    want_read,   // call again when the socket can be read
    want_write,  // call again when it can be written
    closed,      // the other side said that it sends no more
    failed,      // why: failure(); the session is over
  };
  static bool wants_more(Progress progress) {
    return progress == Progress::want_read || progress == Progress::want_write;
  }
  struct Step {
    Progress progress;
    std::size_t bytes = 0;  // with done: how many were read or written, at least one
  };

  static TlsSession accept(const ServerTls& tls, int socket);
  static TlsSession connect(const ClientTls& tls, int socket, std::string_view host, std::uint16_t port);
  TlsSession(TlsSession&&) noexcept;
  TlsSession& operator=(TlsSession&&) noexcept;
  ~TlsSession();

  Progress handshake();  // closed: the other side has gone, failure() says how
  Step read(std::span<char> room);
  Step write(std::string_view bytes);  // failed because the connection is cut: read() may yet tell why
  void say_end();                      // tells the other side that no more comes, if the socket takes it now
  void leave_socket();                 // it is about to be closed: nothing touches it any more

  const std::string& failure() const;  // a clause without a full stop
  bool met_plain_http() const;         // failed because the other side speaks HTTP without TLS
  bool is_resumed() const;
  std::string_view version() const;  // TLSv1.3
  std::string peer_name() const;     // the common name of the certificate that a client showed; empty if none

  struct State;

 private:
  explicit TlsSession(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace podpass::crypto
