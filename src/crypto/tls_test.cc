#include "crypto/tls.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "crypto/openssl_x509.h"
#include "crypto/x509.h"

namespace podpass::crypto {
namespace {

using testing::HasSubstr;
using testing::Not;
using Progress = TlsSession::Progress;
using namespace std::chrono_literals;

Time now() {
  return SystemClock().now();
}

struct Times {
  Seconds from = -1h, to = 24h;  // from now
};

CertificateAuthority test_authority(const std::string& name = "Test CA", Times times = {}) {
  return CertificateAuthority::create(name, {now() + times.from, now() + times.to}).value();
}

IssuedCertificate issue(const CertificateAuthority& ca, std::vector<std::string> names,
                        std::vector<std::string> addresses = {}, Times times = {},
                        CertificateRequest::Use use = CertificateRequest::Use::server) {
  CertificateRequest request;
  request.common_name = use == CertificateRequest::Use::client ? "client" : "server";
  request.dns_names = std::move(names);
  request.ip_addresses = std::move(addresses);
  request.validity = {now() + times.from, now() + times.to};
  request.use = use;
  return ca.issue(request).value();
}

std::shared_ptr<ServerTls> server_of(const IssuedCertificate& pair, std::string client_ca = {}) {
  auto made = ServerTls::of({pair.certificate_pem, pair.key_pem, std::move(client_ca)});
  EXPECT_TRUE(made) << made.error().message;
  return *made;
}

std::shared_ptr<const ClientTls> client_of(ClientTls::Options options) {
  auto made = ClientTls::make(std::move(options));
  EXPECT_TRUE(made) << made.error().message;
  return *made;
}

std::shared_ptr<const ClientTls> client_trusting(const CertificateAuthority& ca) {
  ClientTls::Options options;
  options.ca_pem = ca.certificate_pem();
  return client_of(std::move(options));
}

class Sockets {
 public:
  Sockets() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0); }
  ~Sockets() {
    for (const int end : ends) ::close(end);
  }
  Sockets(const Sockets&) = delete;
  Sockets& operator=(const Sockets&) = delete;
  std::array<int, 2> ends{};
};

// Two sessions that talk to each other, as far as they get.
struct Talk {
  Talk(const ServerTls& server_tls, const ClientTls& client_tls, std::string_view host = "server.example",
       std::uint16_t port = 443)
      : server(TlsSession::accept(server_tls, sockets.ends[0])),
        client(TlsSession::connect(client_tls, sockets.ends[1], host, port)) {
    for (int i = 0; i < 20; ++i) {
      if (client_progress != Progress::done) client_progress = client.handshake();
      if (server_progress != Progress::done) server_progress = server.handshake();
    }
    if (!met()) return;
    // Tickets and refusals of TLS 1.3 come after the client's handshake.
    server.write("hello");
    client_progress = read_from(client) == "hello" ? Progress::done : Progress::failed;
  }
  static std::string read_from(TlsSession& session) {
    std::array<char, 64> room;
    const TlsSession::Step step = session.read(room);
    return {room.data(), step.bytes};
  }
  bool met() const { return client_progress == Progress::done && server_progress == Progress::done; }

  Sockets sockets;
  TlsSession server, client;
  Progress client_progress = Progress::want_read, server_progress = Progress::want_read;
};

class TlsTest : public testing::Test {
 protected:
  const CertificateAuthority ca = test_authority();
  const IssuedCertificate pair = issue(ca, {"server.example", "*.wild.example"}, {"127.0.0.1", "fd00::1"});
  const std::shared_ptr<ServerTls> server = server_of(pair);
  const std::shared_ptr<const ClientTls> client = client_trusting(ca);
};

TEST_F(TlsTest, CarriesBytesBothWays) {
  Talk talk(*server, *client);
  ASSERT_TRUE(talk.met()) << talk.client.failure();
  EXPECT_EQ(talk.client.version(), "TLSv1.3");
  EXPECT_EQ(talk.server.peer_name(), "");
  const std::string large(1'000'000, 'x');
  std::size_t sent = 0;
  std::string received;
  std::array<char, 10'000> room;
  while (received.size() < large.size()) {
    if (sent < large.size()) {
      const TlsSession::Step step = talk.client.write(std::string_view(large).substr(sent));
      ASSERT_TRUE(step.progress == Progress::done || step.progress == Progress::want_write);
      sent += step.bytes;
    }
    const TlsSession::Step step = talk.server.read(room);
    ASSERT_TRUE(step.progress == Progress::done || step.progress == Progress::want_read);
    received.append(room.data(), step.bytes);
  }
  EXPECT_EQ(received, large);
  EXPECT_EQ(talk.server.read(room).progress, Progress::want_read);
  talk.client.say_end();
  EXPECT_EQ(talk.server.read(room).progress, Progress::closed);
  EXPECT_EQ(talk.server.failure(), "");
}

TEST_F(TlsTest, TellsAnEndFromACut) {
  Talk talk(*server, *client);
  ::shutdown(talk.sockets.ends[1], SHUT_RDWR);
  std::array<char, 8> room;
  EXPECT_EQ(talk.server.read(room).progress, Progress::failed);
  EXPECT_EQ(talk.server.failure(), "the connection was cut off");
  EXPECT_EQ(talk.server.read(room).progress, Progress::failed);
  EXPECT_EQ(talk.server.write("x").progress, Progress::failed);
}

TEST_F(TlsTest, DoesNotTouchASocketThatItHasLeft) {
  Talk talk(*server, *client);
  talk.server.leave_socket();
  std::array<char, 8> room;
  EXPECT_EQ(talk.server.write("x").progress, Progress::failed);
  EXPECT_EQ(talk.server.read(room).progress, Progress::failed);
  talk.server.say_end();
  EXPECT_EQ(talk.client.read(room).progress, Progress::want_read);
}

TEST_F(TlsTest, ChecksTheName) {
  struct Row {
    std::string_view host;
    bool good;
  };
  for (const Row& row :
       {Row{"server.example", true}, Row{"SERVER.example", true}, Row{"a.wild.example", true}, Row{"127.0.0.1", true},
        Row{"fd00::1", true}, Row{"fd00:0::1", true}, Row{"wild.example", false}, Row{"a.b.wild.example", false},
        Row{"example", false}, Row{"server", false}, Row{"127.0.0.2", false}, Row{"fd00::2", false},
        Row{"server.example.evil", false}}) {
    Talk talk(*server, *client, row.host);
    EXPECT_EQ(talk.met(), row.good) << row.host << ": " << talk.client.failure();
    if (row.good) continue;
    EXPECT_EQ(talk.client.failure(), "the certificate is not for " + std::string(row.host) +
                                         " but for server.example, *.wild.example, 127.0.0.1, fd00::1");
  }
}

TEST_F(TlsTest, DoesNotTakeTheCommonNameForAName) {
  const IssuedCertificate nameless = issue(ca, {});
  Talk talk(*server_of(nameless), *client, "server");
  EXPECT_EQ(talk.client.failure(), "the certificate is not for server but for no name at all");
}

TEST_F(TlsTest, TakesAnotherNameThanTheHostIfTold) {
  ClientTls::Options options;
  options.ca_pem = ca.certificate_pem();
  options.server_name = "server.example";
  EXPECT_TRUE(Talk(*server, *client_of(options), "10.0.0.1").met());
  options.server_name = "other.example";
  EXPECT_FALSE(Talk(*server, *client_of(options), "server.example").met());
}

TEST_F(TlsTest, SaysWhatIsWrongWithACertificate) {
  const CertificateAuthority other = test_authority("Other CA");
  const CertificateAuthority old = test_authority("Old CA", {-48h, -24h});
  const Times past{-48h, -24h}, future{24h, 48h};
  struct Row {
    IssuedCertificate pair;
    std::string_view why;
  };
  const auto client_pair = issue(ca, {"server.example"}, {}, {}, CertificateRequest::Use::client);
  for (const Row& row : {
           Row{issue(other, {"server.example"}),
               "the certificate of server.example was issued by an authority that is not trusted here: 'CN=Other CA'"},
           Row{issue(ca, {"server.example"}, {}, past), "the certificate of server.example expired at "},
           Row{issue(ca, {"server.example"}, {}, future), "the certificate of server.example is valid only from "},
           Row{{other.certificate_pem(), other.key_pem()},
               "the certificate of server.example is self-signed and not trusted here"},
           Row{client_pair, "the certificate of server.example is not for this use"},
       }) {
    Talk talk(*server_of(row.pair), *client);
    EXPECT_EQ(talk.client_progress, Progress::failed);
    EXPECT_THAT(talk.client.failure(), testing::StartsWith(row.why));
    EXPECT_EQ(talk.server_progress, Progress::failed);
    EXPECT_THAT(talk.server.failure(), HasSubstr("the other side refuses our certificate"));
  }
  Talk talk(*server_of(issue(old, {"server.example"})), *client_trusting(old));
  EXPECT_THAT(talk.client.failure(), HasSubstr("the authority's certificate 'CN=Old CA' behind the certificate of "
                                               "server.example expired at "));
}

TEST_F(TlsTest, ThePinnedCertificateMustBeInTheChain) {
  ClientTls::Options options;
  options.ca_pem = ca.certificate_pem();
  const std::string of_ca = read_certificates(ca.certificate_pem())->front().sha256;
  const std::string of_leaf = read_certificates(pair.certificate_pem)->front().sha256;
  for (const std::string& pin : {of_ca, of_leaf}) {
    options.pinned_sha256 = pin;
    EXPECT_TRUE(Talk(*server, *client_of(options)).met());
  }
  options.pinned_sha256 = "AA:" + of_ca.substr(2);
  const auto pinning = client_of(options);
  for (int i = 0; i < 2; ++i) {  // and nothing of the failed one is resumed
    Talk talk(*server, *pinning);
    EXPECT_EQ(talk.client.failure(),
              "the certificate of server.example does not have the pinned certificate in its chain");
  }
}

TEST_F(TlsTest, DemandsClientCertificates) {
  const auto strict = server_of(pair, ca.certificate_pem());
  Talk without(*strict, *client);
  EXPECT_FALSE(without.met());
  EXPECT_EQ(without.server.failure(), "the client showed no certificate");
  Talk::read_from(without.client);
  EXPECT_EQ(without.client.failure(), "the server demands a client certificate");

  const auto shown = [this](const IssuedCertificate& own) {
    ClientTls::Options options;
    options.ca_pem = ca.certificate_pem();
    options.certificate_pem = own.certificate_pem;
    options.key_pem = own.key_pem;
    return client_of(std::move(options));
  };
  using Use = CertificateRequest::Use;
  const auto good = shown(issue(ca, {}, {}, {}, Use::client));
  for (const bool resumed : {false, true}) {
    Talk with(*strict, *good);
    ASSERT_TRUE(with.met()) << with.client.failure() << with.server.failure();
    EXPECT_EQ(with.client.is_resumed(), resumed);
    EXPECT_EQ(with.server.peer_name(), "client");
  }
  Talk foreign(*strict, *shown(issue(test_authority("Other CA"), {}, {}, {}, Use::client)));
  EXPECT_EQ(foreign.server.failure(),
            "the client's certificate was issued by an authority that is not trusted here: 'CN=Other CA'");
  Talk expired(*strict, *shown(issue(ca, {}, {}, {-48h, -24h}, Use::client)));
  EXPECT_THAT(expired.server.failure(), testing::StartsWith("the client's certificate expired at "));
  Talk::read_from(expired.client);
  EXPECT_EQ(expired.client.failure(), "the other side refuses our certificate: it has expired");
  Talk wrong_use(*strict, *shown(issue(ca, {}, {}, {}, Use::server)));
  EXPECT_EQ(wrong_use.server.failure(), "the client's certificate is not for this use");
}

TEST_F(TlsTest, ResumesWithTheSameHostAndPortOnly) {
  EXPECT_FALSE(Talk(*server, *client).client.is_resumed());
  for (int i = 0; i < 3; ++i) {
    Talk again(*server, *client);
    ASSERT_TRUE(again.met());
    EXPECT_TRUE(again.client.is_resumed());
    EXPECT_TRUE(again.server.is_resumed());
  }
  EXPECT_FALSE(Talk(*server, *client, "a.wild.example").client.is_resumed());
  EXPECT_FALSE(Talk(*server, *client, "server.example", 444).client.is_resumed());
  EXPECT_FALSE(Talk(*server, *client_trusting(ca)).client.is_resumed());
  EXPECT_FALSE(Talk(*server_of(pair), *client).client.is_resumed());  // another server cannot read the ticket
}

TEST_F(TlsTest, KeepsABoundedNumberOfSessions) {
  for (std::uint16_t port = 1; port <= kMaxSessionsKept + 1; ++port) {
    EXPECT_TRUE(Talk(*server, *client, "server.example", port).met());
  }
  EXPECT_FALSE(Talk(*server, *client, "server.example", 1).client.is_resumed());
  EXPECT_TRUE(Talk(*server, *client, "server.example", kMaxSessionsKept + 1).client.is_resumed());
}

// A server or client of OpenSSL's own, for what ours don't do.
struct Raw {
  Raw(const SSL_METHOD* method, int version, int socket) : context(SSL_CTX_new(method)) {
    SSL_CTX_set_security_level(context.get(), 0);
    EXPECT_EQ(SSL_CTX_set_min_proto_version(context.get(), version), 1);
    EXPECT_EQ(SSL_CTX_set_max_proto_version(context.get(), version), 1);
    attach(socket);
  }
  void attach(int socket) {
    ssl.reset(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), socket);
  }
  std::unique_ptr<SSL_CTX, FreeBy<SSL_CTX_free>> context;
  std::unique_ptr<SSL, FreeBy<SSL_free>> ssl;
};

TEST_F(TlsTest, ResumesTls12) {
  Sockets first;
  Raw raw(TLS_server_method(), TLS1_2_VERSION, first.ends[0]);
  SSL_CTX_use_certificate(raw.context.get(), parse_certificates(pair.certificate_pem)->front().get());
  SSL_CTX_use_PrivateKey(raw.context.get(), parse_private_key(pair.key_pem)->get());
  for (const bool resumed : {false, true, true}) {
    const Sockets sockets;
    raw.attach(sockets.ends[0]);
    TlsSession session = TlsSession::connect(*client, sockets.ends[1], "server.example", 443);
    Progress progress = Progress::want_read;
    for (int i = 0; i < 10; ++i) {
      progress = session.handshake();
      SSL_accept(raw.ssl.get());
    }
    ASSERT_EQ(progress, Progress::done) << session.failure();
    EXPECT_EQ(session.version(), "TLSv1.2");
    EXPECT_EQ(session.is_resumed(), resumed);
  }
}

TEST_F(TlsTest, RefusesOldVersions) {
  const auto newest = ServerTls::of({pair.certificate_pem, pair.key_pem, {}}, TlsVersion::tls13).value();
  struct Row {
    const ServerTls& tls;
    int version;
    bool good;
  };
  for (const Row& row : {Row{*server, TLS1_1_VERSION, false}, Row{*server, TLS1_2_VERSION, true},
                         Row{*newest, TLS1_2_VERSION, false}, Row{*newest, TLS1_3_VERSION, true}}) {
    const Sockets sockets;
    TlsSession session = TlsSession::accept(row.tls, sockets.ends[0]);
    Raw raw(TLS_client_method(), row.version, sockets.ends[1]);
    Progress progress = Progress::want_read;
    for (int i = 0; i < 10; ++i) {
      SSL_connect(raw.ssl.get());
      progress = session.handshake();
    }
    EXPECT_EQ(progress, row.good ? Progress::done : Progress::failed) << row.version;
    if (!row.good) {
      EXPECT_EQ(session.failure(), "the other side speaks no version of TLS that is accepted here");
    }
  }
}

TEST_F(TlsTest, SpeaksHttp11Only) {
  struct Row {
    std::string_view offered;
    bool good;
  };
  for (const Row& row : {Row{"\x08http/1.1", true}, Row{"\x02h2\x08http/1.1", true}, Row{"\x02h2", false}}) {
    const Sockets sockets;
    TlsSession session = TlsSession::accept(*server, sockets.ends[0]);
    Raw raw(TLS_client_method(), TLS1_3_VERSION, sockets.ends[1]);
    SSL_set_alpn_protos(raw.ssl.get(), reinterpret_cast<const unsigned char*>(row.offered.data()),
                        static_cast<unsigned>(row.offered.size()));
    Progress progress = Progress::want_read;
    for (int i = 0; i < 10; ++i) {
      SSL_connect(raw.ssl.get());
      progress = session.handshake();
    }
    EXPECT_EQ(progress, row.good ? Progress::done : Progress::failed);
    if (!row.good) {
      EXPECT_EQ(session.failure(), "the client does not speak HTTP/1.1");
    }
  }
}

TEST_F(TlsTest, SaysWhenTheOtherSideSpeaksSomethingElse) {
  struct Row {
    std::string_view bytes, at_server, at_client;
    bool plain_http;
  };
  constexpr std::string_view kNoTls = "the server speaks no TLS; it may be one for plain HTTP";
  for (const Row& row :
       {Row{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "the client speaks plain HTTP to a TLS port", kNoTls, true},
        Row{"HTTP/1.1 400 Bad Request\r\n\r\n", "TLS failed: wrong version number", kNoTls, false},
        Row{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "TLS failed: wrong version number", kNoTls, false}}) {
    const Sockets to_server, to_client;
    TlsSession accepting = TlsSession::accept(*server, to_server.ends[0]);
    TlsSession connecting = TlsSession::connect(*client, to_client.ends[0], "server.example", 443);
    ASSERT_EQ(connecting.handshake(), Progress::want_read);
    for (const int end : {to_server.ends[1], to_client.ends[1]})
      ASSERT_GT(::write(end, row.bytes.data(), row.bytes.size()), 0);
    EXPECT_EQ(accepting.handshake(), Progress::failed);
    EXPECT_EQ(accepting.failure(), row.at_server);
    EXPECT_EQ(accepting.met_plain_http(), row.plain_http);
    EXPECT_EQ(connecting.handshake(), Progress::failed);
    EXPECT_EQ(connecting.failure(), row.at_client);
  }
}

TEST_F(TlsTest, AnOtherSideThatGoesInTheHandshakeHasGone) {
  Sockets sockets;
  TlsSession session = TlsSession::accept(*server, sockets.ends[0]);
  ASSERT_EQ(session.handshake(), Progress::want_read);
  ::shutdown(sockets.ends[1], SHUT_RDWR);
  EXPECT_EQ(session.handshake(), Progress::closed);
  EXPECT_EQ(session.failure(), "the connection ended during the TLS handshake");
}

TEST_F(TlsTest, RefusesOptionsThatDoNotFit) {
  struct Row {
    ClientTls::Options options;
    std::string_view why;
  };
  const IssuedCertificate own = issue(ca, {}, {}, {}, CertificateRequest::Use::client);
  const Secret other_key = issue(ca, {"a"}).key_pem;
  for (const Row& row : {
           Row{{"nonsense", {}, {}, {}, {}}, "the authority's certificate: there is no certificate in PEM form"},
           Row{{{}, own.certificate_pem, {}, {}, {}}, "go together; one is missing"},
           Row{{{}, {}, own.key_pem, {}, {}}, "go together; one is missing"},
           Row{{{}, own.certificate_pem, other_key, {}, {}},
               "the client key is not the key of the certificate in the client certificate"},
           Row{{{}, "nonsense", own.key_pem, {}, {}}, "the client certificate: there is no certificate"},
           Row{{{}, own.certificate_pem, Secret("nonsense"), {}, {}}, "the client key: there is no private key"},
           Row{{{}, {}, {}, {}, "abc"}, "64 hexadecimal digits"},
           Row{{{}, {}, {}, {}, std::string(64, 'g')}, "64 hexadecimal digits"},
       }) {
    const auto made = ClientTls::make(row.options);
    ASSERT_FALSE(made) << row.why;
    EXPECT_EQ(made.error().kind, ErrorKind::invalid);
    EXPECT_THAT(made.error().message, HasSubstr(row.why));
  }
  EXPECT_EQ(ClientTls::trusting("/does/not/exist").error().kind, ErrorKind::not_found);
}

class TlsFiles : public TlsTest {
 protected:
  TlsFiles() {
    char name[] = "/tmp/tls_test_XXXXXX";
    folder = ::mkdtemp(name);
    put(pair);
  }
  ~TlsFiles() override { std::filesystem::remove_all(folder); }

  void write(const std::string& name, std::string_view text) { std::ofstream(folder / name, std::ios::binary) << text; }
  void put(const IssuedCertificate& certificate) {
    write("tls.crt", certificate.certificate_pem);
    write("tls.key", certificate.key_pem.reveal());
  }
  ServerTls::Files files() const { return {folder / "tls.crt", folder / "tls.key", {}}; }
  static std::string names_of(const ServerTls& tls, const ClientTls& client) {
    Talk talk(tls, client, "nobody");
    return talk.client.failure();
  }

  std::filesystem::path folder;
};

TEST_F(TlsFiles, AreReloadedForNewHandshakes) {
  const auto tls = ServerTls::load(files()).value();
  Talk before(*tls, *client);
  ASSERT_TRUE(before.met());
  EXPECT_FALSE(tls->reload_if_changed().value());
  const IssuedCertificate next = issue(ca, {"next.example"}, {}, {-1h, 48h});
  put(next);
  EXPECT_TRUE(tls->reload_if_changed().value());
  EXPECT_FALSE(tls->reload_if_changed().value());
  EXPECT_EQ(tls->not_after(), read_certificates(next.certificate_pem)->front().not_after);
  EXPECT_TRUE(Talk(*tls, *client, "next.example").met());
  EXPECT_FALSE(Talk(*tls, *client).client.is_resumed());
  EXPECT_EQ(before.client.write("still").progress, Progress::done);
  EXPECT_EQ(Talk::read_from(before.server), "still");
}

TEST_F(TlsFiles, ThatAreExchangedByALinkAreSeen) {
  for (const std::string version : {"1", "2"}) std::filesystem::create_directory(folder / version);
  const IssuedCertificate next = issue(ca, {"next.example"});
  std::filesystem::copy(folder / "tls.crt", folder / "1");
  std::filesystem::copy(folder / "tls.key", folder / "1");
  write("2/tls.crt", next.certificate_pem);
  write("2/tls.key", next.key_pem.reveal());
  std::filesystem::create_symlink("1", folder / "data");
  const auto tls = ServerTls::load({folder / "data" / "tls.crt", folder / "data" / "tls.key", {}}).value();
  std::filesystem::create_symlink("2", folder / "new");
  std::filesystem::rename(folder / "new", folder / "data");
  EXPECT_TRUE(tls->reload_if_changed().value());
  EXPECT_TRUE(Talk(*tls, *client, "next.example").met());
}

TEST_F(TlsFiles, ThatCannotBeUsedChangeNothing) {
  const auto tls = ServerTls::load(files()).value();
  const Time not_after = tls->not_after();
  const IssuedCertificate other = issue(ca, {"other.example"}), expired = issue(ca, {"old.example"}, {}, {-48h, -24h});
  struct Row {
    std::string certificate, key;
    std::string_view why;
  };
  for (const Row& row : {
           Row{other.certificate_pem, std::string(pair.key_pem.reveal()), "is not the key of the certificate in "},
           Row{"", std::string(pair.key_pem.reveal()), "tls.crt: there is no certificate in PEM form"},
           Row{other.certificate_pem.substr(0, 200), std::string(other.key_pem.reveal()),
               "tls.crt: a certificate is malformed"},
           Row{other.certificate_pem, std::string(other.key_pem.reveal().substr(0, 100)),
               "tls.key: there is no private key in PEM form without a pass phrase"},
           Row{other.certificate_pem, "", "tls.key: there is no private key"},
           Row{expired.certificate_pem, std::string(expired.key_pem.reveal()), "the new certificate expired at "},
       }) {
    write("tls.crt", row.certificate);
    write("tls.key", row.key);
    const auto changed = tls->reload_if_changed();
    ASSERT_FALSE(changed) << row.why;
    EXPECT_THAT(changed.error().message, HasSubstr(row.why));
    EXPECT_FALSE(tls->reload_if_changed().value());  // told once
    const auto reloaded = tls->reload();
    ASSERT_FALSE(reloaded);
    for (const auto* key : {&pair.key_pem, &other.key_pem}) {
      EXPECT_THAT(reloaded.error().message, Not(HasSubstr(std::string(key->reveal().substr(30, 20)))));
    }
    EXPECT_EQ(tls->not_after(), not_after);
    EXPECT_TRUE(Talk(*tls, *client).met());
  }
  std::filesystem::remove(folder / "tls.key");
  EXPECT_EQ(tls->reload_if_changed().error().kind, ErrorKind::not_found);
  EXPECT_TRUE(Talk(*tls, *client).met());
}

TEST_F(TlsFiles, ThatAreNotThereOrBadMakeNoServer) {
  EXPECT_EQ(ServerTls::load({folder / "none", folder / "tls.key", {}}).error().kind, ErrorKind::not_found);
  auto with_clients = files();
  with_clients.client_ca_file = folder / "ca.crt";
  EXPECT_EQ(ServerTls::load(with_clients).error().kind, ErrorKind::not_found);
  write("ca.crt", "");
  EXPECT_THAT(ServerTls::load(with_clients).error().message, HasSubstr("ca.crt is empty"));
  write("ca.crt", "nonsense");
  EXPECT_THAT(ServerTls::load(with_clients).error().message, HasSubstr("ca.crt: there is no certificate"));
  write("tls.crt", std::string(kMaxPemBytes + 1, 'x'));
  EXPECT_EQ(ServerTls::load(files()).error().kind, ErrorKind::too_large);
}

TEST_F(TlsFiles, MadeWithoutFilesIsReplaced) {
  EXPECT_FALSE(server->reload_if_changed().value());
  const IssuedCertificate next = issue(ca, {"next.example"});
  EXPECT_FALSE(server->replace({next.certificate_pem, pair.key_pem, {}}));
  EXPECT_TRUE(Talk(*server, *client).met());
  EXPECT_TRUE(server->replace({next.certificate_pem, next.key_pem, {}}));
  EXPECT_TRUE(Talk(*server, *client, "next.example").met());
}

TEST_F(TlsFiles, OfAuthoritiesAreTrusted) {
  write("ca.crt", test_authority("Another CA").certificate_pem() + ca.certificate_pem());
  const auto trusting = ClientTls::trusting(folder / "ca.crt");
  ASSERT_TRUE(trusting) << trusting.error().message;
  EXPECT_TRUE(Talk(*server, **trusting).met());
  EXPECT_FALSE(Talk(*server, *ClientTls::of_system()).met());
}

}  // namespace
}  // namespace podpass::crypto
