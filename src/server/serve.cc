#include "server/serve.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "base/log.h"
#include "cli/connection.h"
#include "codec/json.h"
#include "server/first_start.h"

namespace podpass::server {
namespace {

constexpr int kHandedOver = 3;  // where systemd's protocol puts the first socket

sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal_number : {SIGINT, SIGTERM, SIGHUP, SIGUSR2}) sigaddset(&set, signal_number);
  return set;
}

// The socket that systemd, or this program before its restart, has handed over.
Result<std::optional<int>> handed_over_socket() {
  const char* pid = std::getenv("LISTEN_PID");
  const char* count = std::getenv("LISTEN_FDS");
  if (pid == nullptr || count == nullptr || std::to_string(getpid()) != pid) return std::optional<int>();
  if (std::string_view(count) != "1") {
    return Error::invalid(fmt::format("LISTEN_FDS={}: hand over one listening socket.", count));
  }
  ::fcntl(kHandedOver, F_SETFD, FD_CLOEXEC);
  unsetenv("LISTEN_PID");
  unsetenv("LISTEN_FDS");
  return std::optional<int>(kHandedOver);
}

// Where this program was started from: what is there after an upgrade is the new one.
std::filesystem::path own_program() {
  std::error_code failed;
  auto path = std::filesystem::read_symlink("/proc/self/exe", failed);
  return failed ? std::filesystem::path() : path;
}

// Only comes back if it did not work.
Error become(const std::filesystem::path& program, std::span<char* const> arguments, int socket) {
  if (socket != kHandedOver && ::dup2(socket, kHandedOver) < 0) {
    return Error::unavailable(fmt::format("Cannot hand over the socket: {}.", std::strerror(errno)));
  }
  ::fcntl(kHandedOver, F_SETFD, 0);
  setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
  setenv("LISTEN_FDS", "1", 1);
  const auto set = our_signals();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  std::vector<char*> argv(arguments.begin(), arguments.end());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  return Error::unavailable(fmt::format("Cannot start {} again: {}.", program.string(), std::strerror(errno)));
}

Result<cli::Connection> leave_connection(ControlPlane& plane, const Options& options) {
  cli::Connection connection;
  connection.endpoint = plane.deployment().endpoint;
  connection.region = options.region;
  connection.account = options.account;
  connection.credentials = TRY(root_credentials(plane.store(), plane.deployment(), plane.data_directory()));
  TRY(cli::write_connection(plane.data_directory(), connection));
  return connection;
}

void print_ready(const ServeOptions& options, const cli::Connection& connection, const ControlPlane& plane) {
  if (options.json) {
    auto line = codec::Value::map({{"endpoint", connection.endpoint},
                                   {"port", static_cast<std::int64_t>(plane.port())},
                                   {"region", connection.region},
                                   {"account", connection.account},
                                   {"dataDir", options.plane.data_directory}});
    fmt::print("{}\n", codec::write_json(line));
  } else {
    fmt::print(
        "Podpass serves {} on port {} (account {}, region {}).\n"
        "Data, root's credentials and audit trail: {}. Next: podpass cluster register --help\n",
        connection.endpoint, plane.port(), connection.account, connection.region, options.plane.data_directory);
  }
  std::fflush(stdout);
}

// Signatures keep nobody from reading tokens and credentials as they pass.
void warn_of_plain_http(const Options& options) {
  if (!options.tls_certificate_file.empty() || options.address.starts_with("127.") || options.address == "::1") return;
  log::warn(
      fmt::format("Serving plain HTTP on {}: who can read the network reads tokens and credentials. Give --tls-cert "
                  "and --tls-key, or --address 127.0.0.1 behind a proxy that ends TLS on this machine.",
                  options.address));
}

void reload(ControlPlane& plane) {
  const auto reloaded = plane.reload_certificate();
  if (reloaded) {
    log::info(*reloaded ? "SIGHUP: loaded the certificate anew." : "SIGHUP: there is no certificate to load.");
  } else {
    log::error("SIGHUP: the certificate could not be loaded, the old one stays: " + reloaded.error().message);
  }
}

// Looks after what is due until a signal ends it; says which.
int wait_for_end(ControlPlane& plane, const std::filesystem::path& program) {
  const auto set = our_signals();
  const timespec interval{kCareInterval.count(), 0};
  while (true) {
    const int signal_number = sigtimedwait(&set, nullptr, &interval);
    if (signal_number == SIGHUP) {
      reload(plane);
    } else if (signal_number == SIGUSR2 && ::access(program.c_str(), X_OK) != 0) {
      log::error(
          fmt::format("SIGUSR2: {} cannot be started, this one goes on: {}.", program.string(), std::strerror(errno)));
    } else if (signal_number > 0) {
      return signal_number;
    }
    plane.care();
  }
}

void wait_until_known(std::chrono::seconds delay) {
  const auto set = our_signals();
  const timespec interval{delay.count(), 0};
  if (delay.count() > 0) sigtimedwait(&set, nullptr, &interval);  // a second signal hurries
}

}  // namespace

Result<void> serve(const ServeOptions& options) {
  const auto set = our_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);  // before any thread is there, so that only the wait below sees them
  signal(SIGPIPE, SIG_IGN);
  const auto program = own_program();
  auto plane_options = options.plane;
  plane_options.listening_socket = TRY(handed_over_socket());
  auto plane = TRY(ControlPlane::open(plane_options));
  plane->start();
  const auto connection = TRY(leave_connection(*plane, plane_options));
  print_ready(options, connection, *plane);
  warn_of_plain_http(plane_options);

  if (wait_for_end(*plane, program) == SIGUSR2) {
    log::info("SIGUSR2: starting again; connections wait meanwhile.");
    const int socket = TRY(plane->keep_listening());
    plane->stop();
    plane.reset();  // the data are the next one's
    return become(program, options.arguments, socket);
  }
  log::info("Stopping.");
  cli::remove_connection(plane->data_directory());
  plane->set_stopping();
  wait_until_known(options.drain_delay);
  plane->stop();
  return {};
}

}  // namespace podpass::server
