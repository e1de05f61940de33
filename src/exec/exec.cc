#include "exec/exec.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

#include "base/clock.h"
#include "base/log.h"
#include "base/strings.h"
#include "crypto/random.h"
#include "kube/service_account_tokens.h"

namespace podpass::exec {
namespace {

constexpr std::string_view kTokenPath = "eks-pod-identity-token";
// Signals that a terminal or a supervisor sends to us and means for the command.
constexpr std::array kPassedOn = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT};
constexpr int kNotFound = 127;  // as shells say
constexpr int kNotRunnable = 126;
constexpr Milliseconds kLeastInterval{1'000};
constexpr Milliseconds kRetryAfter{5'000};  // a renewal that failed is tried again

// Everything by which an SDK may find other credentials, another endpoint or another region.
constexpr std::array<std::string_view, 4> kDroppedPrefixes = {"AWS_", "PODPASS_", "EC2_", "BOTO_"};

// A directory that goes with the scope.
class TokenDirectory {
 public:
  static Result<TokenDirectory> make() {
    auto pattern = (std::filesystem::temp_directory_path() / "podpass-pod-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
      return Error::unavailable(fmt::format("Cannot make a directory for the token: {}.", std::strerror(errno)));
    }
    return TokenDirectory(pattern);
  }
  TokenDirectory(TokenDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TokenDirectory& operator=(TokenDirectory&&) = delete;
  ~TokenDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path file() const { return path_ / kTokenPath; }

 private:
  explicit TokenDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

std::vector<std::string> own_environment() {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::string host_of(std::string_view url) {
  url.remove_prefix(std::min(url.size(), url.find("://") == std::string_view::npos ? 0 : url.find("://") + 3));
  if (url.starts_with('[')) return std::string(url.substr(1, url.find(']') - 1));
  return std::string(url.substr(0, url.find_first_of(":/")));
}

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : kPassedOn) sigaddset(&set, signal);
  return set;
}

// Starts the command; a pipe that closes on exec tells whether it could be started.
Result<pid_t> start(std::vector<std::string> command, std::vector<std::string> environment, const sigset_t& old_mask) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return Error::unavailable(fmt::format("pipe: {}", std::strerror(errno)));
  auto arguments = pointers(command);
  auto variables = pointers(environment);
  pid_t child = fork();
  if (child < 0) return Error::unavailable(fmt::format("Cannot start a process: {}.", std::strerror(errno)));
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);  // if podpass is killed, nobody keeps the token fresh any more
    sigprocmask(SIG_SETMASK, &old_mask, nullptr);
    execvpe(arguments[0], arguments.data(), variables.data());
    int error = errno;
    [[maybe_unused]] auto wrote = write(report[1], &error, sizeof error);
    _exit(127);
  }
  close(report[1]);
  int error = 0;
  auto got = read(report[0], &error, sizeof error);
  close(report[0]);
  if (got == sizeof error) {
    waitpid(child, nullptr, 0);
    const auto kind = error == ENOENT ? ErrorKind::not_found : ErrorKind::invalid;
    return Error{kind, {}, 0, fmt::format("Cannot run '{}': {}.", command[0], std::strerror(error)), {}, {}};
  }
  return child;
}

// Waits for the command, passing signals on and renewing the token in time.
class Watch {
 public:
  Watch(const cli::Connection& connection, const Pod& pod, const std::filesystem::path& file, Time expires)
      : connection_(connection), pod_(pod), file_(file) {
    schedule(expires);
  }

  int wait_for(pid_t child, int signals) {
    // Not by SIGCHLD: another thread, while one is there to resolve a name, would swallow it.
    const int ended = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
    const long long longest = ended >= 0 ? 60'000 : 100;  // a kernel without pidfds is asked often
    int status = 0;
    for (pid_t got; (got = waitpid(child, &status, WNOHANG)) != child;) {
      if (got < 0 && errno == ECHILD) return 1;  // somebody else has taken its status
      if (clock_.now() >= renew_at_) renew();
      pollfd waits[] = {{signals, POLLIN, 0}, {ended, POLLIN, 0}};  // one below zero is passed over
      poll(waits, 2, static_cast<int>(std::clamp<long long>((renew_at_ - clock_.now()).count(), 0, longest)));
      signalfd_siginfo info{};
      while (read(signals, &info, sizeof info) == sizeof info) {
        // What the terminal sends, it sends to the command too.
        if (info.ssi_code != SI_KERNEL) kill(child, static_cast<int>(info.ssi_signo));
      }
    }
    if (ended >= 0) close(ended);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  // At four fifths of its life, as a kubelet does; not at once again if the clocks differ and it seems to have none.
  void schedule(Time expires) {
    const auto now = clock_.now();
    renew_at_ = now + std::max<Milliseconds>((expires - now) * 4 / 5, kLeastInterval);
  }

  void renew() {
    auto token = request_token(connection_, pod_, std::nullopt, "");
    auto written = token ? cli::write_file(file_, token->text, 0600) : Result<void>(token.error());
    if (!written) {
      log::warn("The pod's token could not be renewed: " + written.error().message);
      renew_at_ = clock_.now() + kRetryAfter;
      return;
    }
    schedule(token->expires);
  }

  const cli::Connection& connection_;
  const Pod& pod_;
  const std::filesystem::path& file_;
  SystemClock clock_;
  Time renew_at_{};
};

}  // namespace

std::vector<std::string> pod_environment(const std::vector<std::string>& from, const cli::Connection& connection,
                                         const std::string& token_file) {
  std::vector<std::string> out;
  bool proxied = false;
  std::string unproxied;
  for (const auto& entry : from) {
    const auto name = to_lower(std::string_view(entry).substr(0, entry.find('=')));
    proxied = proxied || name == "http_proxy" || name == "all_proxy";
    if (name == "no_proxy") {  // set again below, with what must not go through a proxy
      unproxied = entry.substr(name.size() + 1) + ",";
      continue;
    }
    bool dropped = std::ranges::any_of(kDroppedPrefixes, [&](auto prefix) { return entry.starts_with(prefix); });
    if (!dropped) out.push_back(entry);
  }
  if (proxied || !unproxied.empty()) {
    unproxied += host_of(connection.endpoint) + "," + host_of(connection.agent_uri);
    out.push_back("NO_PROXY=" + unproxied);
    out.push_back("no_proxy=" + unproxied);
  }
  out.push_back("AWS_CONTAINER_CREDENTIALS_FULL_URI=" + connection.agent_uri);
  out.push_back("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=" + token_file);
  out.push_back("AWS_ENDPOINT_URL=" + connection.endpoint);
  out.push_back("AWS_REGION=" + connection.region);
  out.push_back("AWS_DEFAULT_REGION=" + connection.region);
  out.push_back("AWS_STS_REGIONAL_ENDPOINTS=regional");
  // The caller's profiles are not the pod's, and a pod has no instance metadata to fall back to.
  out.push_back("AWS_CONFIG_FILE=/dev/null");
  out.push_back("AWS_SHARED_CREDENTIALS_FILE=/dev/null");
  out.push_back("BOTO_CONFIG=/dev/null");
  out.push_back("AWS_EC2_METADATA_DISABLED=true");
  return out;
}

Result<int> run(const cli::Connection& connection, const Options& options) {
  if (connection.agent_uri.empty()) {
    return Error::invalid("The address of the agent is not known. Use --data-dir, or set PODPASS_AGENT_URI.");
  }
  if (options.command.empty()) return Error::invalid("No command was given.");
  auto pod = options.pod;
  crypto::SystemRandom random;
  if (pod.name.empty())
    pod.name = kube::pod_name_for(pod.service_account, random.text("bcdfghjklmnpqrstvwxz2456789", 5));
  if (pod.uid.empty()) pod.uid = random.uuid();
  auto directory = TRY(TokenDirectory::make());
  const auto file = directory.file();
  auto token = TRY(request_token(connection, pod, std::nullopt, ""));
  TRY(cli::write_file(file, token.text, 0600));

  signal(SIGCHLD, SIG_DFL);  // ignored, as some parents leave it, the command's exit code would be lost
  const auto set = handled_signals();
  sigset_t old_mask;
  sigprocmask(SIG_BLOCK, &set, &old_mask);
  int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) return Error::unavailable(fmt::format("signalfd: {}", std::strerror(errno)));
  auto child = start(options.command, pod_environment(own_environment(), connection, file.string()), old_mask);
  if (!child) {
    close(signals);
    sigprocmask(SIG_SETMASK, &old_mask, nullptr);
    fmt::print(stderr, "podpass: {}\n", child.error().message);
    return child.error().kind == ErrorKind::not_found ? kNotFound : kNotRunnable;
  }
  int code = Watch(connection, pod, file, token.expires).wait_for(*child, signals);
  close(signals);
  sigprocmask(SIG_SETMASK, &old_mask, nullptr);
  return code;
}

}  // namespace podpass::exec
