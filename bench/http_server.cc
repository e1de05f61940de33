// Our server with a fixed answer: `http_server PORT BYTES [THREADS [tls]]`, over TLS with a certificate of its own
// making. Compared with http_baseline by `make bench`.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "crypto/tls.h"
#include "crypto/x509.h"
#include "http/server.h"

namespace {

std::shared_ptr<podpass::crypto::ServerTls> make_tls() {
  using namespace podpass::crypto;
  const podpass::Time now = podpass::SystemClock().now();
  const Validity day{now, now + std::chrono::hours(24)};
  const auto authority = CertificateAuthority::create("bench", day).value();
  CertificateRequest request;
  request.common_name = "bench";
  request.ip_addresses = {"127.0.0.1"};
  request.validity = day;
  const IssuedCertificate pair = authority.issue(request).value();
  return ServerTls::of({pair.certificate_pem, pair.key_pem, {}}).value();
}

}  // namespace

int main(int argc, char** argv) {
  using namespace podpass::http;
  if (argc < 3) {
    std::fputs("usage: http_server PORT BYTES [THREADS [tls]]\n", stderr);
    return 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const std::string body(static_cast<std::size_t>(std::atol(argv[2])), '1');  // JSON: a long number
  Server::Options options;
  if (argc > 3) options.threads = std::atoi(argv[3]);
  if (argc > 4 && std::string_view(argv[4]) == "tls") options.tls = make_tls();
  Server server(options, [&body](Request&, Body&) -> boost::asio::awaitable<Response> {
    Response response;
    response.headers.emplace_back("Content-Type", "application/json");
    response.body = body;
    co_return response;
  });
  const auto port = server.listen("127.0.0.1", static_cast<std::uint16_t>(std::atoi(argv[1])));
  if (!port) {
    std::fprintf(stderr, "%s\n", port.error().message.c_str());
    return 1;
  }
  server.start();
  int signal = 0;
  sigwait(&signals, &signal);
  server.stop();
  return 0;
}
