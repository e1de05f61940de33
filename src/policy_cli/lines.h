// Lines: the lines of some files, or of standard input, read in large pieces. A line's view lives until the next call.
// One thread. Limit: kMaxLineBytes; a longer line is an error of that line, and reading goes on behind it.
#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace podpass::policy_cli {

inline constexpr std::size_t kMaxLineBytes = 16 * 1024 * 1024;

class Lines {
 public:
  // "-" is standard input, and so is no file at all.
  explicit Lines(std::vector<std::string> files);
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;
  ~Lines();

  // False at the end. `before_waiting` is called before more input is asked for, to write out what was made so far.
  Result<bool> next(std::string_view& line, const std::function<void()>& before_waiting = {});
  bool too_long() const { return too_long_; }  // the line just read, of which only the beginning is shown
  std::string_view file() const { return files_[file_]; }
  std::size_t number() const { return number_; }  // of the line in its file, from one

 private:
  Result<bool> open_next();
  Result<bool> fill();

  std::vector<std::string> files_;
  std::size_t file_ = 0, opened_ = 0, number_ = 0;
  std::FILE* in_ = nullptr;
  std::string buffer_;
  std::size_t at_ = 0;
  bool too_long_ = false, at_end_ = false;
};

// A whole file or standard input ("-"), at most kMaxLineBytes.
Result<std::string> read_whole(const std::string& file);

}  // namespace podpass::policy_cli
