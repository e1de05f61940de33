#include "cli/connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/clock.h"
#include "cli/node_credentials.h"
#include "codec/json.h"
#include "crypto/tls.h"
#include "http/client.h"

namespace podpass::cli {
namespace {

constexpr std::size_t kMaxFileBytes = 1024 * 1024;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

Result<Connection> from_directory(const std::filesystem::path& directory) {
  auto text = read_file(directory / "server.json");
  if (!text) {
    return Error::invalid(
        fmt::format("No running podpass in {}. Start one with `podpass up --data-dir {}`, or name another directory "
                    "with --data-dir.",
                    directory.string(), directory.string()));
  }
  auto state = codec::parse_json(*text);
  if (!state || state->text("endpoint").empty() || state->text("region").empty()) {
    return Error::invalid(
        fmt::format("{} is damaged. Restart podpass up, which writes it anew.", (directory / "server.json").string()));
  }
  const auto* process = state->find("pid");
  const auto* pid = process ? process->as<std::int64_t>() : nullptr;
  if (pid != nullptr && ::kill(static_cast<pid_t>(*pid), 0) != 0 && errno == ESRCH) {
    return Error::invalid(
        fmt::format("No running podpass in {}: the last one ended without cleaning up. Start it again with `podpass up "
                    "--data-dir {}`.",
                    directory.string(), directory.string()));
  }
  Connection connection;
  connection.endpoint = state->text("endpoint");
  connection.region = state->text("region");
  connection.account = state->text("account");
  connection.cluster = state->text("cluster");
  connection.agent_uri = state->text("agent");
  connection.credentials = TRY(read_credentials(directory));
  return connection;
}

Result<Connection> from_environment() {
  Connection connection;
  connection.endpoint = environment("AWS_ENDPOINT_URL");
  connection.region = environment("AWS_REGION");
  if (connection.region.empty()) connection.region = environment("AWS_DEFAULT_REGION");
  connection.cluster = environment("PODPASS_CLUSTER");
  connection.agent_uri = environment("PODPASS_AGENT_URI");
  connection.credentials = {environment("AWS_ACCESS_KEY_ID"), Secret(environment("AWS_SECRET_ACCESS_KEY")),
                            environment("AWS_SESSION_TOKEN")};
  if (connection.endpoint.empty() || connection.region.empty() || connection.credentials.access_key_id.empty()) {
    return Error::invalid(
        fmt::format("No running podpass found: there is no {}/server.json here, and AWS_ENDPOINT_URL, AWS_REGION and "
                    "AWS_ACCESS_KEY_ID "
                    "are not all set. Start one with `podpass up`, or give --data-dir.",
                    kDefaultDataDirectory));
  }
  return connection;
}

}  // namespace

Result<Connection> find_connection(const std::string& data_directory) {
  if (!data_directory.empty()) return from_directory(data_directory);
  std::error_code unknown;  // a directory that may not be looked into counts as none
  if (std::filesystem::exists(std::filesystem::path(kDefaultDataDirectory) / "server.json", unknown)) {
    return from_directory(kDefaultDataDirectory);
  }
  return from_environment();
}

Result<aws::SigningCredentials> read_credentials(const std::filesystem::path& data_directory) {
  const auto path = data_directory / "credentials";
  const auto text = TRY(read_file(path));
  return read_profile(text, "default", path.string());
}

Result<void> write_credentials(const std::filesystem::path& data_directory,
                               const aws::SigningCredentials& credentials) {
  auto profile = fmt::format("[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
                             credentials.access_key_id, credentials.secret.reveal());
  return write_file(data_directory / "credentials", profile, 0600);
}

Result<void> write_connection(const std::filesystem::path& data_directory, const Connection& connection) {
  auto state = codec::Value::map({{"endpoint", connection.endpoint},
                                  {"region", connection.region},
                                  {"account", connection.account},
                                  {"cluster", connection.cluster},
                                  {"agent", connection.agent_uri},
                                  {"pid", static_cast<std::int64_t>(getpid())}});
  return write_file(data_directory / "server.json", codec::write_json_pretty(state) + "\n", 0644);
}

void remove_connection(const std::filesystem::path& data_directory) {
  std::error_code ignored;
  std::filesystem::remove(data_directory / "server.json", ignored);
}

Result<http::ClientResponse> send(const Connection& connection, const std::string& service,
                                  http::ClientRequest request) {
  auto endpoint = TRY(http::parse_endpoint(connection.endpoint));
  std::shared_ptr<const crypto::ClientTls> tls;
  if (endpoint.secure) tls = TRY(crypto::ClientTls::trusting(environment("AWS_CA_BUNDLE")));
  aws::sign_request(request, endpoint.authority(), connection.credentials, connection.region, service,
                    SystemClock().now());
  return http::Client(endpoint, {}, tls).send(request);
}

Result<codec::Value> call_server(const Connection& connection, const std::string& service, const std::string& method,
                                 const std::string& path, const codec::Value& body) {
  http::ClientRequest request;
  request.method = method;
  request.target = path;
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = codec::write_json(body);
  auto response = TRY(send(connection, service, std::move(request)));
  auto answer = codec::parse_json(response.body);
  if (response.status != 200) {
    Error error{ErrorKind::invalid, std::string(response.header("x-amzn-ErrorType")), response.status, {}, {}, {}};
    if (answer) error.message = answer->text("message");
    if (error.message.empty()) error.message = fmt::format("The server answered {}.", response.status);
    return error;
  }
  return answer;
}

Result<void> write_file(const std::filesystem::path& path, std::string_view contents, unsigned mode) {
  auto failed = [&](std::string_view what) {
    return Error::unavailable(fmt::format("Cannot {} {}: {}.", what, path.string(), std::strerror(errno)));
  };
  auto fresh = path;
  fresh += ".new";
  int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return failed("write");
  bool good = ::fchmod(fd, mode) == 0;
  auto rest = contents;
  while (good && !rest.empty()) {
    auto wrote = ::write(fd, rest.data(), rest.size());
    good = wrote > 0;
    if (good) rest.remove_prefix(static_cast<std::size_t>(wrote));
  }
  good = good && ::fsync(fd) == 0;
  good = ::close(fd) == 0 && good;
  if (!good) return failed("write");
  if (::rename(fresh.c_str(), path.c_str()) != 0) return failed("replace");
  // The new name is durable only with its directory.
  const auto directory = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  good = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (!good) return failed("write");
  return {};
}

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);  // waits for a pipe, as of a shell's <(...)
  if (!file) return Error::not_found(fmt::format("Cannot read {}: {}.", path.string(), std::strerror(errno)));
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return Error::unavailable(fmt::format("Cannot read {}: {}.", path.string(), std::strerror(errno)));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) return Error::invalid(fmt::format("{} is too large.", path.string()));
  return text;
}

}  // namespace podpass::cli
