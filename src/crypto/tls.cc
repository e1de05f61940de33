#include "crypto/tls.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/strings.h"
#include "crypto/openssl_x509.h"
#include "crypto/tls_context.h"

namespace podpass::crypto {
namespace {

using NameList =
    std::unique_ptr<STACK_OF(X509_NAME),
                    decltype([](STACK_OF(X509_NAME) * names) { sk_X509_NAME_pop_free(names, X509_NAME_free); })>;

constexpr std::array<unsigned char, 9> kProtocols = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
constexpr char kCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";  // of TLS 1.2; those of TLS 1.3 are all good
constexpr unsigned char kSessionContext[] = "podpass";

Error of_what(std::string what, Error error) {
  error.message = std::move(what) + ": " + error.message;
  return error;
}

// What OpenSSL says of a certificate or key that it does not take, e.g. "ee key too small".
Error refused(const std::string& what) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  Error error = Error::invalid(what + " cannot be used" + (reason != nullptr ? ": " + std::string(reason) : ""));
  ERR_clear_error();
  return error;
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, size, kProtocols.data(), kProtocols.size(), offered, offered_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// The certificate, those of the authorities in between, and the key. Returns when the certificate ends.
Result<Time> use_pair(SSL_CTX* context, std::string_view certificate_pem, const Secret& key_pem,
                      const std::string& certificate_name, const std::string& key_name) {
  auto certificates = parse_certificates(certificate_pem);
  if (!certificates) return of_what(certificate_name, std::move(certificates).error());
  auto key = parse_private_key(key_pem);
  if (!key) return of_what(key_name, std::move(key).error());
  X509* const own = certificates->front().get();
  if (X509_check_private_key(own, key->get()) != 1) {
    ERR_clear_error();
    return Error::invalid(key_name + " is not the key of the certificate in " + certificate_name);
  }
  if (SSL_CTX_use_certificate(context, own) != 1) return refused(certificate_name);
  for (std::size_t i = 1; i < certificates->size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, (*certificates)[i].get()) != 1) return refused(certificate_name);
  }
  if (SSL_CTX_use_PrivateKey(context, key->get()) != 1) return refused(key_name);
  return time_of(X509_get0_notAfter(own));
}

Result<std::vector<Certificate>> trust(SSL_CTX* context, std::string_view pem, const std::string& name) {
  auto authorities = parse_certificates(pem);
  if (!authorities) return of_what(name, std::move(authorities).error());
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (const Certificate& authority : *authorities) {
    if (X509_STORE_add_cert(store, authority.get()) != 1) return refused(name);
  }
  return authorities;
}

Result<void> demand_client_certificate(SSL_CTX* context, std::string_view pem, const std::string& name) {
  const std::vector<Certificate> authorities = TRY(trust(context, pem, name));
  NameList names(sk_X509_NAME_new_null());
  CHECK(names);
  for (const Certificate& authority : authorities) {
    CHECK(sk_X509_NAME_push(names.get(), X509_NAME_dup(X509_get_subject_name(authority.get()))) > 0);
  }
  SSL_CTX_set_client_CA_list(context, names.release());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return Result<void>(std::in_place);
}

struct ServerContext {
  SslContext context;
  Time not_after;
};

Result<ServerContext> make_server(const ServerTls::Pems& pems, const ServerTls::Files& files, TlsVersion minimum) {
  const auto named = [](const std::string& file, std::string_view other) {
    return file.empty() ? std::string(other) : file;
  };
  ServerContext made{make_context(TLS_server_method()), {}};
  SSL_CTX* const context = made.context.get();
  if (minimum == TlsVersion::tls13) CHECK(SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1);
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // all that a server remembers is in the tickets
  SSL_CTX_set_num_tickets(context, 1);
  CHECK(SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext) == 1);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  made.not_after = TRY(use_pair(context, pems.certificate, pems.key, named(files.certificate_file, "the certificate"),
                                named(files.key_file, "the key")));
  if (!pems.client_ca.empty()) {
    TRY(demand_client_certificate(context, pems.client_ca, named(files.client_ca_file, "the clients' authority")));
  }
  return made;
}

Result<ServerTls::Pems> read_files(const ServerTls::Files& files) {
  ServerTls::Pems pems;
  pems.certificate = TRY(read_small_file(files.certificate_file, kMaxPemBytes));
  pems.key = Secret(TRY(read_small_file(files.key_file, kMaxPemBytes)));
  if (!files.client_ca_file.empty()) {
    pems.client_ca = TRY(read_small_file(files.client_ca_file, kMaxPemBytes));
    if (pems.client_ca.empty()) return Error::invalid(files.client_ca_file + " is empty");
  }
  return pems;
}

// Differs when a file is another one, follows symbolic links: Kubernetes exchanges a mounted secret by a link.
std::string stamps_of(const ServerTls::Files& files) {
  std::string stamps;
  for (const std::string* path : {&files.certificate_file, &files.key_file, &files.client_ca_file}) {
    struct stat about{};
    if (path->empty() || ::stat(path->c_str(), &about) != 0) about = {};
    for (const auto part : {static_cast<std::int64_t>(about.st_ino), static_cast<std::int64_t>(about.st_size),
                            static_cast<std::int64_t>(about.st_mtim.tv_sec), about.st_mtim.tv_nsec}) {
      stamps += std::to_string(part) + ' ';
    }
  }
  return stamps;
}

// Puts a new context into force, unless that would exchange a good certificate for an expired one.
Result<void> put_in_force(ServerTls::State& state, ServerContext made) {
  const Time now = SystemClock().now();
  const std::lock_guard lock(state.mutex);
  if (state.context && made.not_after <= now && state.not_after > now) {
    return Error::invalid("the new certificate expired at " + format_iso8601(made.not_after));
  }
  state.context = std::move(made.context);
  state.not_after = made.not_after;
  return Result<void>(std::in_place);
}

Result<void> load_files(ServerTls::State& state) {
  state.stamps = stamps_of(state.files);  // before reading: what changes meanwhile is seen the next time
  const ServerTls::Pems pems = TRY(read_files(state.files));
  ServerContext made = TRY(make_server(pems, state.files, state.minimum));
  return put_in_force(state, std::move(made));
}

}  // namespace

SslContext make_context(const SSL_METHOD* method) {
  SslContext made(SSL_CTX_new(method));
  SSL_CTX* const context = made.get();
  CHECK(context != nullptr && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
  CHECK(SSL_CTX_set_cipher_list(context, kCiphers) == 1);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);  // a record in one read instead of two
  SSL_CTX_set_timeout(context, std::chrono::seconds(kMaxSessionAge).count());
  SSL_CTX_set_cert_verify_callback(context, verify_certificate, nullptr);
  // As Go has it: whatever is in the bundle is trusted, be it an authority in between.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  return made;
}

ServerTls::ServerTls(std::unique_ptr<State> state) : state_(std::move(state)) {}
ServerTls::~ServerTls() = default;

Result<std::shared_ptr<ServerTls>> ServerTls::load(Files files, TlsVersion minimum) {
  auto state = std::make_unique<State>();
  state->files = std::move(files);
  state->minimum = minimum;
  TRY(load_files(*state));
  return std::shared_ptr<ServerTls>(new ServerTls(std::move(state)));
}

Result<std::shared_ptr<ServerTls>> ServerTls::of(Pems pems, TlsVersion minimum) {
  auto state = std::make_unique<State>();
  state->minimum = minimum;
  TRY(put_in_force(*state, TRY(make_server(pems, {}, minimum))));
  return std::shared_ptr<ServerTls>(new ServerTls(std::move(state)));
}

Result<void> ServerTls::reload() {
  CHECK(!state_->files.certificate_file.empty());
  const std::lock_guard lock(state_->reloading);
  return load_files(*state_);
}

Result<bool> ServerTls::reload_if_changed() {
  if (state_->files.certificate_file.empty()) return false;
  const std::lock_guard lock(state_->reloading);
  if (stamps_of(state_->files) == state_->stamps) return false;
  TRY(load_files(*state_));
  return true;
}

Result<void> ServerTls::replace(Pems pems) {
  CHECK(state_->files.certificate_file.empty());
  const std::lock_guard lock(state_->reloading);
  ServerContext made = TRY(make_server(pems, {}, state_->minimum));
  return put_in_force(*state_, std::move(made));
}

Time ServerTls::not_after() const {
  const std::lock_guard lock(state_->mutex);
  return state_->not_after;
}

ClientTls::ClientTls(std::shared_ptr<State> state) : state_(std::move(state)) {}
ClientTls::~ClientTls() = default;

Result<std::shared_ptr<const ClientTls>> ClientTls::make(Options options) {
  auto state = std::make_shared<State>();
  state->context = make_context(TLS_client_method());
  SSL_CTX* const context = state->context.get();
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, save_session);
  CHECK(SSL_CTX_set_alpn_protos(context, kProtocols.data(), kProtocols.size()) == 0);
  if (options.ca_pem.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    ERR_clear_error();  // where the system has none, no server is trusted
  } else {
    TRY(trust(context, options.ca_pem, "the authority's certificate"));
  }
  if (options.certificate_pem.empty() != options.key_pem.empty()) {
    return Error::invalid("a client certificate and its key go together; one is missing");
  }
  if (!options.certificate_pem.empty()) {
    TRY(use_pair(context, options.certificate_pem, options.key_pem, "the client certificate", "the client key"));
  }
  std::string& pin = options.pinned_sha256;
  std::erase(pin, ':');
  pin = to_lower(pin);
  const bool hexadecimal = std::ranges::all_of(pin, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
  if (!pin.empty() && (pin.size() != 64 || !hexadecimal)) {
    return Error::invalid("a pinned certificate is named by its SHA-256, 64 hexadecimal digits");
  }
  state->options.server_name = std::move(options.server_name);
  state->options.pinned_sha256 = std::move(pin);
  return std::shared_ptr<const ClientTls>(new ClientTls(std::move(state)));
}

Result<std::shared_ptr<const ClientTls>> ClientTls::trusting(const std::string& ca_file) {
  if (ca_file.empty()) return of_system();
  Options options;
  options.ca_pem = TRY(read_small_file(ca_file, kMaxPemBytes));
  if (options.ca_pem.empty()) return Error::invalid(ca_file + " is empty");
  auto made = make(std::move(options));
  if (!made) return of_what(ca_file, std::move(made).error());
  return made;
}

std::shared_ptr<const ClientTls> ClientTls::of_system() {
  auto made = make({});
  CHECK(made.has_value());
  return *std::move(made);
}

void ClientTls::State::keep(std::string_view peer, SavedSession session) {
  const std::lock_guard lock(mutex_);
  std::erase_if(kept_, [peer](const Kept& kept) { return kept.peer == peer; });
  if (kept_.size() >= kMaxSessionsKept) kept_.erase(kept_.begin());
  kept_.push_back({std::string(peer), std::move(session), std::chrono::steady_clock::now()});
}

SavedSession ClientTls::State::take(std::string_view peer) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(kept_, peer, &Kept::peer);
  if (found == kept_.end()) return nullptr;
  Kept kept = std::move(*found);
  kept_.erase(found);
  // What was verified counts as long as the certificate does, and not for ever.
  X509* const certificate = SSL_SESSION_get0_peer(kept.session.get());
  const bool old = std::chrono::steady_clock::now() - kept.since > kMaxSessionAge;
  const bool expired = certificate == nullptr || time_of(X509_get0_notAfter(certificate)) <= SystemClock().now();
  return old || expired ? nullptr : std::move(kept.session);
}

}  // namespace podpass::crypto
