#include "policy_cli/lines.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace podpass::policy_cli {
namespace {

constexpr std::size_t kPiece = 1024 * 1024;

Error unreadable(const std::string& file) {
  return Error::invalid("Cannot read " + (file == "-" ? "standard input" : file) + ": " + std::strerror(errno) + ".");
}

}  // namespace

Lines::Lines(std::vector<std::string> files) : files_(std::move(files)) {
  if (files_.empty()) files_.emplace_back("-");
}

Lines::~Lines() {
  if (in_ && in_ != stdin) std::fclose(in_);
}

Result<bool> Lines::open_next() {
  if (in_ && in_ != stdin) std::fclose(in_);
  in_ = nullptr;
  if (opened_ == files_.size()) return false;
  file_ = opened_++;
  in_ = files_[file_] == "-" ? stdin : std::fopen(files_[file_].c_str(), "rb");
  if (!in_) return unreadable(files_[file_]);
  buffer_.clear();
  at_ = number_ = 0;
  at_end_ = false;
  return true;
}

// Adds what a read gives to the buffer; false at the end of the file.
Result<bool> Lines::fill() {
  buffer_.erase(0, at_);
  at_ = 0;
  const auto size = buffer_.size();
  buffer_.resize(size + kPiece);
  ssize_t got = 0;
  do got = ::read(fileno(in_), buffer_.data() + size, kPiece);
  while (got < 0 && errno == EINTR);
  buffer_.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got < 0) return unreadable(files_[file_]);
  return got > 0;
}

Result<bool> Lines::next(std::string_view& line, const std::function<void()>& before_waiting) {
  bool skipping = false;
  std::size_t searched = 0;  // of what lies behind at_
  while (true) {
    if (!in_ && !TRY(open_next())) return false;
    const auto end = buffer_.find('\n', at_ + searched);
    const bool whole = end != std::string::npos;
    if (whole || (at_end_ && (at_ < buffer_.size() || skipping))) {
      const auto size = (whole ? end : buffer_.size()) - at_;
      too_long_ = skipping || size > kMaxLineBytes;
      line = std::string_view(buffer_).substr(at_, too_long_ ? 0 : size);
      if (line.ends_with('\r')) line.remove_suffix(1);
      at_ += size + (whole ? 1 : 0);
      ++number_;
      return true;
    }
    if (at_end_) {
      if (!TRY(open_next())) return false;
      continue;
    }
    searched = buffer_.size() - at_;
    if (searched > kMaxLineBytes) {
      skipping = true;
      at_ = buffer_.size();
      searched = 0;
    }
    if (before_waiting) before_waiting();
    at_end_ = !TRY(fill());
  }
}

Result<std::string> read_whole(const std::string& file) {
  std::FILE* in = file == "-" ? stdin : std::fopen(file.c_str(), "rb");
  if (!in) return unreadable(file);
  std::string text;
  std::size_t got = 0;
  do {
    const auto size = text.size();
    text.resize(size + kPiece);
    got = std::fread(text.data() + size, 1, kPiece, in);
    text.resize(size + got);
  } while (got > 0 && text.size() <= kMaxLineBytes);
  const bool failed = std::ferror(in) != 0;
  const auto error = failed ? unreadable(file) : Error::invalid(file + " is larger than 16 MiB.");
  if (in != stdin) std::fclose(in);
  if (failed || text.size() > kMaxLineBytes) return error;
  return text;
}

}  // namespace podpass::policy_cli
