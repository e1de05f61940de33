#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/strings.h"

namespace podpass {
namespace {

Error cannot_read(const std::string& path, int reason) {
  std::string why = std::generic_category().message(reason);
  if (!why.empty()) why[0] = ascii_lower(why[0]);
  Error error = Error::unavailable("cannot read " + path + ": " + why);
  if (reason == ENOENT || reason == ENOTDIR) error.kind = ErrorKind::not_found;
  return error;
}

}  // namespace

Result<std::string> read_small_file(const std::string& path, std::size_t limit) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe must not keep us waiting
  if (fd < 0) return cannot_read(path, errno);
  std::string text;
  int reason = 0;
  while (text.size() <= limit) {
    const std::size_t before = text.size();
    text.resize(before + 4096);
    const ssize_t got = ::read(fd, text.data() + before, 4096);
    text.resize(before + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got == 0) break;
    if (got > 0 || errno == EINTR) continue;
    reason = errno;
    break;
  }
  ::close(fd);
  if (reason != 0) return cannot_read(path, reason);
  if (text.size() > limit) {
    return Error{ErrorKind::too_large, {}, 0, path + " is larger than " + std::to_string(limit) + " bytes", {}, {}};
  }
  return text;
}

}  // namespace podpass
