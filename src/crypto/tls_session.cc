#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/strings.h"
#include "crypto/openssl_x509.h"
#include "crypto/tls.h"
#include "crypto/tls_context.h"

namespace podpass::crypto {

using SslHandle = std::unique_ptr<SSL, FreeBy<SSL_free>>;

struct TlsSession::State {
  enum class Side : unsigned char { server, client };
  Side side;
  int socket;
  SslHandle ssl;
  std::shared_ptr<ClientTls::State> client;  // null for a server
  std::string name;                          // what the server's certificate must name
  std::string peer;                          // host and port: what a session may be resumed with
  int socket_error = 0;
  bool established = false;
  bool over = false;        // failed
  bool plain_http = false;  // the other side's
  std::string verdict;      // what is wrong with the other side's certificate
  std::string failure;

  Progress progress_of(int result);
  bool is_cut() const;  // as far as the errors that are queued tell
  std::string words();
};

namespace {

using State = TlsSession::State;

// --- the socket, as OpenSSL sees it: send(2) without SIGPIPE -----------------------------------------------------

State& state_of(BIO* bio) {
  return *static_cast<State*>(BIO_get_data(bio));
}

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int send_bytes(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = ::send(state_of(bio).socket, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<int>(sent);
  if (would_block()) {
    BIO_set_retry_write(bio);
  } else {
    state_of(bio).socket_error = errno;
  }
  return -1;
}

int receive_bytes(BIO* bio, char* room, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t got = ::recv(state_of(bio).socket, room, static_cast<std::size_t>(size), 0);
  if (got >= 0) return static_cast<int>(got);
  if (would_block()) {
    BIO_set_retry_read(bio);
  } else {
    state_of(bio).socket_error = errno;
  }
  return -1;
}

long control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* make_socket_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
  CHECK(method != nullptr && BIO_meth_set_write(method, send_bytes) == 1 &&
        BIO_meth_set_read(method, receive_bytes) == 1 && BIO_meth_set_ctrl(method, control) == 1);
  return method;
}

SslHandle make_ssl(SSL_CTX* context, State& state) {
  static BIO_METHOD* const method = make_socket_method();
  SslHandle ssl(SSL_new(context));
  BIO* const bio = BIO_new(method);
  CHECK(ssl && bio != nullptr);
  BIO_set_data(bio, &state);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl.get(), bio, bio);
  SSL_set_app_data(ssl.get(), &state);
  return ssl;
}

// --- what is wrong, in plain words ---------------------------------------------------------------------------------

struct Words {
  int reason;
  std::string_view text;
};

// By OpenSSL's reason code. Those with "refuses" are alerts that the other side sent.
constexpr std::array kWords = {
    Words{SSL_R_TLSV1_ALERT_UNKNOWN_CA, "the other side refuses our certificate: it does not trust who issued it"},
    Words{SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "the other side refuses our certificate: it has expired"},
    Words{SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "the other side refuses our certificate: it finds it bad"},
    Words{SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "the other side refuses our certificate"},
    Words{SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, "the other side refuses our certificate: it was revoked"},
    Words{SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, "the other side refuses our certificate: it is not for this use"},
    Words{SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, "the server demands a client certificate"},
    Words{SSL_R_TLSV1_ALERT_ACCESS_DENIED, "the other side refuses our certificate: access denied"},
    Words{SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "the other side speaks no version of TLS that is accepted here"},
    Words{SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
          "the other side refuses the handshake: it may demand a certificate, or "
          "there is no cipher in common"},
    Words{SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL, "the other side does not speak HTTP/1.1"},
    Words{SSL_R_TLSV1_UNRECOGNIZED_NAME, "the server does not know itself by that name"},
    Words{SSL_R_TLSV1_ALERT_INTERNAL_ERROR, "the other side had an internal error"},
    Words{SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "the client showed no certificate"},
    Words{SSL_R_NO_SHARED_CIPHER, "there is no cipher in common"},
    Words{SSL_R_UNSUPPORTED_PROTOCOL, "the other side speaks no version of TLS that is accepted here"},
    Words{SSL_R_UNKNOWN_PROTOCOL, "the other side speaks no TLS"},
    Words{SSL_R_NO_APPLICATION_PROTOCOL, "the client does not speak HTTP/1.1"},
    Words{SSL_R_HTTP_REQUEST, "the client speaks plain HTTP to a TLS port"},
    Words{SSL_R_HTTPS_PROXY_REQUEST, "the client takes this for a proxy"},
    Words{SSL_R_UNEXPECTED_EOF_WHILE_READING, "the connection was cut off"},
};

std::string in_words(int reason) {
  const auto found = std::ranges::find(kWords, reason, &Words::reason);
  if (found != kWords.end()) return std::string(found->text);
  const char* text = ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, reason));
  return "TLS failed: " + std::string(text != nullptr ? text : "for an unknown reason");
}

std::string list(const CertificateInfo& info) {
  std::string text;
  std::size_t listed = 0;
  for (const auto* names : {&info.dns_names, &info.ip_addresses}) {
    for (const std::string& name : *names) {
      if (++listed > 10) return text + ", ...";
      text += (text.empty() ? "" : ", ") + printable(name);
    }
  }
  return text.empty() ? "no name at all" : text;
}

// Why OpenSSL does not take a chain of certificates.
std::string verdict_of(X509_STORE_CTX* chain, const State& state) {
  const bool client = state.side == State::Side::client;
  const std::string whose = client ? "the certificate of " + state.name : "the client's certificate";
  const X509* const at = X509_STORE_CTX_get_current_cert(chain);
  const X509* const leaf = X509_STORE_CTX_get0_cert(chain);
  const int error = X509_STORE_CTX_get_error(chain);
  const bool of_authority = at != nullptr && X509_STORE_CTX_get_error_depth(chain) > 0;
  const std::string which = of_authority ? "the authority's certificate '" +
                                               printable(name_in_words(X509_get_subject_name(at))) + "' behind " + whose
                                         : whose;
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return which + " expired at " + format_iso8601(time_of(X509_get0_notAfter(at)));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return which + " is valid only from " + format_iso8601(time_of(X509_get0_notBefore(at)));
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return whose + " is self-signed and not trusted here";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return whose + " was issued by an authority that is not trusted here: '" +
             printable(name_in_words(X509_get_issuer_name(at != nullptr ? at : leaf))) + "'";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the certificate is not for " + state.name + " but for " + list(info_of(*leaf));
    case X509_V_ERR_INVALID_PURPOSE:
      return which + " is not for this use";
    case X509_V_ERR_APPLICATION_VERIFICATION:
      return whose + " does not have the pinned certificate in its chain";
    default:
      return which + " is not acceptable: " + X509_verify_cert_error_string(error);
  }
}

bool has_pinned(X509_STORE_CTX* chain, std::string_view pin) {
  STACK_OF(X509)* const certificates = X509_STORE_CTX_get0_chain(chain);
  for (int i = 0; i < sk_X509_num(certificates); ++i) {
    if (info_of(*sk_X509_value(certificates, i)).sha256 == pin) return true;
  }
  return false;
}

bool is_address(const std::string& name) {
  std::array<char, 16> bytes{};
  return ::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

void expect_name(SSL* ssl, const std::string& name) {
  X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (is_address(name)) {
    CHECK(X509_VERIFY_PARAM_set1_ip_asc(expected, name.c_str()) == 1);
    return;
  }
  CHECK(X509_VERIFY_PARAM_set1_host(expected, name.data(), name.size()) == 1);
  SSL_set_tlsext_host_name(ssl, name.c_str());
}

}  // namespace

int verify_certificate(X509_STORE_CTX* chain, void*) {
  const auto* ssl = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  State& state = *static_cast<State*>(SSL_get_app_data(ssl));
  bool good = X509_verify_cert(chain) == 1;
  if (good && state.client && !state.client->options.pinned_sha256.empty() &&
      !has_pinned(chain, state.client->options.pinned_sha256)) {
    X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
    good = false;
  }
  if (!good) state.verdict = verdict_of(chain, state);
  return good ? 1 : 0;
}

// Keeps a copy: this one is the running connection's, which marks it as it goes.
int save_session(SSL* ssl, SSL_SESSION* session) {
  const State& state = *static_cast<State*>(SSL_get_app_data(ssl));
  if (SavedSession copy{SSL_SESSION_dup(session)}) state.client->keep(state.peer, std::move(copy));
  return 0;
}

bool TlsSession::State::is_cut() const {
  const unsigned long error = ERR_peek_error();
  return socket_error != 0 || error == 0 || ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

std::string TlsSession::State::words() {
  const unsigned long error = ERR_peek_error();
  const int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
  plain_http = side == Side::server && reason == SSL_R_HTTP_REQUEST;
  if (!verdict.empty()) return verdict;
  if (socket_error != 0) {
    std::string text = std::generic_category().message(socket_error);
    text[0] = ascii_lower(text[0]);
    return text;
  }
  if (is_cut()) return established ? "the connection was cut off" : "the connection ended during the TLS handshake";
  if (side == Side::client && (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST)) {
    return "the server speaks no TLS; it may be one for plain HTTP";
  }
  return in_words(reason);
}

TlsSession::Progress TlsSession::State::progress_of(int result) {
  switch (SSL_get_error(ssl.get(), result)) {
    case SSL_ERROR_NONE:
      return Progress::done;
    case SSL_ERROR_WANT_READ:
      return Progress::want_read;
    case SSL_ERROR_WANT_WRITE:
      return Progress::want_write;
    case SSL_ERROR_ZERO_RETURN:
      return Progress::closed;
    default:
      over = true;
      failure = words();
      const bool gone = !established && verdict.empty() && is_cut();
      ERR_clear_error();
      return gone ? Progress::closed : Progress::failed;
  }
}

TlsSession::TlsSession(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsSession::TlsSession(TlsSession&&) noexcept = default;
TlsSession& TlsSession::operator=(TlsSession&&) noexcept = default;
TlsSession::~TlsSession() = default;

TlsSession TlsSession::accept(const ServerTls& tls, int socket) {
  auto state = std::make_unique<State>();
  state->side = State::Side::server;
  state->socket = socket;
  {
    const std::lock_guard lock(tls.state_->mutex);
    state->ssl = make_ssl(tls.state_->context.get(), *state);
  }
  SSL_set_accept_state(state->ssl.get());
  return TlsSession(std::move(state));
}

TlsSession TlsSession::connect(const ClientTls& tls, int socket, std::string_view host, std::uint16_t port) {
  auto state = std::make_unique<State>();
  state->side = State::Side::client;
  state->socket = socket;
  state->client = tls.state_;
  const std::string& override_name = tls.state_->options.server_name;
  state->name = override_name.empty() ? std::string(host.substr(0, host.find('%'))) : override_name;
  state->peer = concat({host, " ", std::to_string(port)});
  state->ssl = make_ssl(tls.state_->context.get(), *state);
  SSL* const ssl = state->ssl.get();
  expect_name(ssl, state->name);
  if (const SavedSession saved = tls.state_->take(state->peer)) SSL_set_session(ssl, saved.get());
  SSL_set_connect_state(ssl);
  return TlsSession(std::move(state));
}

TlsSession::Progress TlsSession::handshake() {
  if (state_->over) return Progress::failed;
  ERR_clear_error();
  SSL* const ssl = state_->ssl.get();
  const Progress progress = state_->progress_of(SSL_do_handshake(ssl));
  if (progress != Progress::done || state_->established) return progress;
  state_->established = true;
  // Tickets of TLS 1.2 may be used again, and no new one came with this session.
  if (state_->client && SSL_session_reused(ssl) == 1 && SSL_version(ssl) == TLS1_2_VERSION) {
    save_session(ssl, SSL_get0_session(ssl));
  }
  return progress;
}

TlsSession::Step TlsSession::read(std::span<char> room) {
  if (state_->over) return {Progress::failed};
  ERR_clear_error();
  std::size_t got = 0;
  const int result = SSL_read_ex(state_->ssl.get(), room.data(), room.size(), &got);
  return {state_->progress_of(result), got};
}

TlsSession::Step TlsSession::write(std::string_view bytes) {
  if (state_->over) return {Progress::failed};
  ERR_clear_error();
  std::size_t sent = 0;
  const int result = SSL_write_ex(state_->ssl.get(), bytes.data(), bytes.size(), &sent);
  const Progress progress = state_->progress_of(result);
  // The reason why the other side has gone may lie unread.
  if (progress == Progress::failed && std::exchange(state_->socket_error, 0) != 0) state_->over = false;
  return {progress, sent};
}

void TlsSession::say_end() {
  if (state_->over || !state_->established) return;
  ERR_clear_error();
  SSL_shutdown(state_->ssl.get());
  ERR_clear_error();
}

void TlsSession::leave_socket() {
  state_->socket = -1;
  state_->over = true;
}

const std::string& TlsSession::failure() const {
  return state_->failure;
}

bool TlsSession::met_plain_http() const {
  return state_->plain_http;
}

bool TlsSession::is_resumed() const {
  return SSL_session_reused(state_->ssl.get()) == 1;
}

std::string_view TlsSession::version() const {
  return SSL_get_version(state_->ssl.get());
}

std::string TlsSession::peer_name() const {
  const X509* const certificate = SSL_get0_peer_certificate(state_->ssl.get());
  return certificate != nullptr ? common_name_of(X509_get_subject_name(certificate)) : std::string();
}

}  // namespace podpass::crypto
