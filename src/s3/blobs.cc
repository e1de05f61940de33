#include "s3/blobs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/strings.h"

namespace podpass::s3 {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kTimeDigits = 12;
constexpr std::size_t kRandomDigits = 20;
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kIncoming = "incoming";

Error disk_error(std::string_view what, const fs::path& path, int number) {
  auto cause = fmt::format("{} {}: {}", what, path.string(), std::strerror(number));
  if (number == ENOSPC || number == EDQUOT) return Error::unavailable("There is no room on the server's disk.", cause);
  return Error::internal(std::move(cause));
}

Result<void> sync_directory(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return disk_error("cannot open directory", path, errno);
  const int failed = ::fsync(fd) < 0 ? errno : 0;
  ::close(fd);
  if (failed) return disk_error("cannot sync directory", path, failed);
  return {};
}

bool is_blob_id(std::string_view name) {
  return name.size() == kTimeDigits + kRandomDigits &&
         std::ranges::all_of(name, [](char c) { return kHexDigits.find(c) != std::string_view::npos; });
}

std::string time_digits(Time time) {
  return fmt::format("{:012x}", time.time_since_epoch().count() & 0xffffffffffff);
}

std::string_view shard_of(std::string_view id) {
  return id.substr(id.size() - 2);
}

Result<void> make_directory(const fs::path& path) {
  std::error_code failed;
  fs::create_directories(path, failed);
  if (failed) return disk_error("cannot make directory", path, failed.value());
  return {};
}

}  // namespace

Blobs::Blobs(fs::path directory, const Clock& clock, Random& random)
    : directory_(std::move(directory)), clock_(clock), random_(random), opened_(clock.now()) {}

Result<std::unique_ptr<Blobs>> Blobs::open(fs::path directory, const Clock& clock, Random& random) {
  const auto incoming = directory / kIncoming;
  TRY(make_directory(incoming));
  std::error_code failed;
  for (auto entry = fs::directory_iterator(incoming, failed); !failed && entry != fs::directory_iterator();
       entry.increment(failed)) {
    std::error_code ignored;
    fs::remove(entry->path(), ignored);
  }
  if (failed) return disk_error("cannot read directory", incoming, failed.value());
  TRY(sync_directory(directory));
  return std::unique_ptr<Blobs>(new Blobs(std::move(directory), clock, random));
}

fs::path Blobs::path_of(std::string_view id) const {
  return directory_ / shard_of(id) / id;
}

std::shared_ptr<Blobs::Writer> Blobs::begin() {
  // Never earlier than the start: a clock that is set back must not make our own blobs look old.
  auto id = time_digits(std::max(clock_.now(), opened_)) + random_.text(kHexDigits, kRandomDigits);
  return std::shared_ptr<Writer>(new Writer(*this, std::move(id)));
}

Blobs::Writer::Writer(Blobs& blobs, std::string id)
    : blobs_(blobs), id_(std::move(id)), path_(blobs.directory_ / kIncoming / id_) {}

Blobs::Writer::~Writer() {
  if (fd_ < 0) return;
  ::close(fd_);
  if (!kept_) ::unlink(path_.c_str());
}

Result<void> Blobs::Writer::create() {
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd_ < 0) return disk_error("cannot create", path_, errno);
  return {};
}

Result<void> Blobs::Writer::write(std::string_view bytes) {
  if (fd_ < 0) TRY(create());
  while (!bytes.empty()) {
    const auto written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return disk_error("cannot write", path_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> Blobs::Writer::publish() {
  if (fd_ < 0) TRY(create());
  if (::fsync(fd_) < 0) return disk_error("cannot sync", path_, errno);
  TRY(blobs_.rename_durably(path_, id_));
  path_ = blobs_.path_of(id_);
  return sync_directory(path_.parent_path());
}

Result<void> Blobs::rename_durably(const fs::path& from, std::string_view id) {
  const auto to = path_of(id);
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  if (errno != ENOENT) return disk_error("cannot rename to", to, errno);
  TRY(make_directory(to.parent_path()));  // the first of this shard
  TRY(sync_directory(directory_));
  if (::rename(from.c_str(), to.c_str()) < 0) return disk_error("cannot rename to", to, errno);
  return {};
}

Result<int> Blobs::open_for_reading(std::string_view id) {
  if (!is_blob_id(id)) return Error::internal(fmt::format("\"{}\" is not the id of a blob", id));
  const auto path = path_of(id);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno != ENOENT) return disk_error("cannot open", path, errno);
  return fd;
}

void Blobs::remove(std::string_view id) {
  if (is_blob_id(id)) ::unlink(path_of(id).c_str());
}

std::size_t Blobs::collect(const std::function<bool(std::string_view)>& in_use, const std::function<bool()>& stop) {
  std::size_t removed = 0;
  const auto before = time_digits(opened_);
  std::error_code failed;
  for (char high : kHexDigits) {
    for (char low : kHexDigits) {
      const auto shard = directory_ / std::string{high, low};
      for (auto entry = fs::directory_iterator(shard, failed); !failed && entry != fs::directory_iterator();
           entry.increment(failed)) {
        if (stop()) return removed;
        const auto id = entry->path().filename().string();
        if (!is_blob_id(id) || id.substr(0, kTimeDigits) >= before || in_use(id)) continue;
        removed += ::unlink(entry->path().c_str()) == 0;
      }
    }
  }
  return removed;
}

}  // namespace podpass::s3
