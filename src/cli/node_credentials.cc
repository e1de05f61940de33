#include "cli/node_credentials.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <mutex>
#include <optional>

#include "base/log.h"
#include "base/strings.h"
#include "cli/connection.h"
#include "cli/web_identity.h"

namespace podpass::cli {
namespace asio = boost::asio;

namespace {

class StaticCredentials final : public CredentialsProvider {
 public:
  StaticCredentials(aws::SigningCredentials credentials, std::string source)
      : credentials_(std::move(credentials)), source_(std::move(source)) {}
  asio::awaitable<Result<aws::SigningCredentials>> get() override { co_return credentials_; }
  std::string source() const override { return source_; }

 private:
  const aws::SigningCredentials credentials_;
  const std::string source_;
};

// By which a file is known to be the same as before.
struct FileState {
  std::uint64_t inode = 0, size = 0;
  std::int64_t changed_ns = 0;
  bool operator==(const FileState&) const = default;
};

std::optional<FileState> state_of(const std::string& path) {
  struct stat found = {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return FileState{found.st_ino, static_cast<std::uint64_t>(found.st_size),
                   found.st_ctim.tv_sec * 1'000'000'000 + found.st_ctim.tv_nsec};
}

class FileCredentials final : public CredentialsProvider {
 public:
  FileCredentials(SharedFile file, const Clock& clock) : file_(std::move(file)), clock_(clock) {}

  asio::awaitable<Result<aws::SigningCredentials>> get() override { co_return read(); }
  std::string source() const override { return fmt::format("profile {} of {}", file_.profile, file_.path); }

 private:
  Result<aws::SigningCredentials> read() {
    const std::lock_guard lock(mutex_);
    const auto now = clock_.now();
    const auto state = state_of(file_.path);
    const bool known = read_at_ && state == seen_ && now - *read_at_ < kFileAge && now >= *read_at_;
    if (known) return last_ ? Result<aws::SigningCredentials>(*last_) : Result<aws::SigningCredentials>(failure_);
    seen_ = state;
    read_at_ = now;
    auto fresh = read_file(file_.path);
    auto found = fresh ? read_profile(*fresh, file_.profile, file_.path)
                       : Result<aws::SigningCredentials>(std::move(fresh).error());
    if (found) {
      last_ = *found;
      failed_ = false;
      return found;
    }
    failure_ = std::move(found).error();
    if (!last_) return failure_;
    if (!std::exchange(failed_, true)) log::warn("Credentials stay as they were: " + failure_.message);
    return *last_;
  }

  const SharedFile file_;
  const Clock& clock_;
  std::mutex mutex_;
  std::optional<FileState> seen_;
  std::optional<Time> read_at_;
  std::optional<aws::SigningCredentials> last_;
  Error failure_;
  bool failed_ = false;  // and said so
};

std::string text_of(const Variables& variables, const char* name) {
  const char* value = variables(name);
  return value ? value : "";
}

Result<std::unique_ptr<CredentialsProvider>> from_web_identity(StsAddress sts, const Clock& clock,
                                                               const Variables& variables) {
  WebIdentity identity;
  identity.role_arn = text_of(variables, "AWS_ROLE_ARN");
  identity.token_file = text_of(variables, "AWS_WEB_IDENTITY_TOKEN_FILE");
  for (const auto& [value, name] :
       {std::pair(identity.role_arn, "AWS_ROLE_ARN"), std::pair(identity.token_file, "AWS_WEB_IDENTITY_TOKEN_FILE")}) {
    if (value.empty()) return Error::invalid(fmt::format("Web identity needs the environment variable {}.", name));
  }
  auto session_name = text_of(variables, "AWS_ROLE_SESSION_NAME");
  if (session_name.empty()) session_name = std::move(sts.session_name);
  if (!session_name.empty()) identity.session_name = std::move(session_name);
  identity.sts = std::move(sts.endpoint);
  identity.tls = std::move(sts.tls);
  return web_identity_credentials(std::move(identity), clock);
}

Result<std::unique_ptr<CredentialsProvider>> from_environment(const Variables& variables) {
  aws::SigningCredentials credentials{text_of(variables, "AWS_ACCESS_KEY_ID"),
                                      Secret(text_of(variables, "AWS_SECRET_ACCESS_KEY")),
                                      text_of(variables, "AWS_SESSION_TOKEN")};
  if (credentials.access_key_id.empty() || credentials.secret.empty()) {
    return Error::invalid("There are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.");
  }
  return static_credentials(std::move(credentials), "environment variables");
}

SharedFile shared_file(const Variables& variables) {
  SharedFile file{text_of(variables, "AWS_SHARED_CREDENTIALS_FILE"), text_of(variables, "AWS_PROFILE")};
  if (file.path.empty()) file.path = text_of(variables, "HOME") + "/.aws/credentials";
  if (file.profile.empty()) file.profile = "default";
  return file;
}

Result<std::unique_ptr<CredentialsProvider>> from_any(StsAddress sts, const Clock& clock, const Variables& variables) {
  if (!text_of(variables, "AWS_WEB_IDENTITY_TOKEN_FILE").empty()) {
    return from_web_identity(std::move(sts), clock, variables);
  }
  if (!text_of(variables, "AWS_ACCESS_KEY_ID").empty()) return from_environment(variables);
  auto file = shared_file(variables);
  if (!text_of(variables, "AWS_SHARED_CREDENTIALS_FILE").empty() || state_of(file.path)) {
    return shared_file_credentials(std::move(file), clock);
  }
  return Error::invalid(fmt::format(
      "There are no credentials: set AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, or AWS_ACCESS_KEY_ID and "
      "AWS_SECRET_ACCESS_KEY, or AWS_SHARED_CREDENTIALS_FILE ({} does not exist).",
      file.path));
}

}  // namespace

std::unique_ptr<CredentialsProvider> static_credentials(aws::SigningCredentials credentials, std::string source) {
  return std::make_unique<StaticCredentials>(std::move(credentials), std::move(source));
}

std::unique_ptr<CredentialsProvider> shared_file_credentials(SharedFile file, const Clock& clock) {
  return std::make_unique<FileCredentials>(std::move(file), clock);
}

Result<CredentialsKind> parse_credentials_kind(std::string_view text) {
  static constexpr std::pair<std::string_view, CredentialsKind> kKinds[] = {
      {"auto", CredentialsKind::automatic},
      {"web-identity", CredentialsKind::web_identity},
      {"environment", CredentialsKind::environment},
      {"file", CredentialsKind::file},
  };
  for (const auto& [name, kind] : kKinds) {
    if (name == text) return kind;
  }
  return Error::invalid(
      fmt::format("There are no credentials of kind '{}': auto, web-identity, environment or file.", printable(text)));
}

Result<std::unique_ptr<CredentialsProvider>> find_credentials(CredentialsKind kind, StsAddress sts, const Clock& clock,
                                                              const Variables& variables) {
  switch (kind) {
    case CredentialsKind::web_identity:
      return from_web_identity(std::move(sts), clock, variables);
    case CredentialsKind::environment:
      return from_environment(variables);
    case CredentialsKind::file:
      return shared_file_credentials(shared_file(variables), clock);
    case CredentialsKind::automatic:
      break;
  }
  return from_any(std::move(sts), clock, variables);
}

Result<aws::SigningCredentials> read_profile(std::string_view text, std::string_view profile, std::string_view path) {
  aws::SigningCredentials credentials;
  std::string_view section;
  bool found = false;
  std::size_t number = 0;
  const auto bad_line = [&](std::string_view what) {
    return Error::invalid(fmt::format("{} line {}: {}.", path, number, what));
  };
  for (auto line : split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool indented = line.starts_with(' ') || line.starts_with('\t');  // maybe below a setting, as of `s3 =`
    line = trim(line);
    if (line.empty() || line.starts_with('#') || line.starts_with(';')) continue;
    if (line.starts_with('[')) {
      const auto end = line.find(']');
      if (end == std::string_view::npos) return bad_line("a profile's name has no ']' at its end");
      section = trim(line.substr(1, end - 1));
      found = found || section == profile;
      continue;
    }
    const auto equals = line.find('=');
    if (equals == std::string_view::npos && indented) continue;
    if (equals == std::string_view::npos) return bad_line("expected [profile] or name = value");
    if (section != profile || !found) continue;
    const auto name = to_lower(trim(line.substr(0, equals)));
    const auto value = trim(line.substr(equals + 1));
    if (name == "aws_access_key_id") credentials.access_key_id = value;
    if (name == "aws_secret_access_key") credentials.secret = Secret(std::string(value));
    if (name == "aws_session_token") credentials.session_token = value;
  }
  if (!found) return Error::invalid(fmt::format("{} has no profile [{}].", path, printable(profile)));
  for (const auto& [missing, name] : {std::pair(credentials.access_key_id.empty(), "aws_access_key_id"),
                                      std::pair(credentials.secret.empty(), "aws_secret_access_key")}) {
    if (missing) return Error::invalid(fmt::format("{}: profile [{}] has no {}.", path, printable(profile), name));
  }
  return credentials;
}

}  // namespace podpass::cli
