// The console's files: the application that runs in the browser, built from console/ and held in the program.
//
// Every path that is not a file's is the application's own business and gets its page. Names with a hash never change
// (`/assets/`); the rest is asked for again each time. Threads: a Site may be asked by any at a time.
#pragma once

#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "http/message.h"

namespace podpass::console {

struct File {
  std::string_view path;     // "/index.html", below /console
  std::string_view type;     // Content-Type
  std::string_view gzipped;  // its contents
};
using Files = std::span<const File>;  // outlives whoever has it

// Outlives its answers.
class Site {
 public:
  explicit Site(Files files) : files_(files) {}

  // The answer to GET or HEAD of `path`, which is below /console and starts with '/' or is empty; 404 if there is no
  // such file, 405 for other methods.
  http::Response answer(const http::Request& request, std::string_view path) const;

 private:
  const File* find(std::string_view path) const;
  std::string_view unzipped(const File& file) const;

  const Files files_;
  mutable std::mutex mutex_;
  mutable std::map<const File*, std::string> unzipped_;  // for the few that read no gzip; made when first asked for
};

// What every answer below /console says to the browser: nothing from elsewhere is loaded, run or framed.
void add_security_headers(http::Response& response);

}  // namespace podpass::console
