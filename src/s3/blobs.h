// Blobs: the bytes of objects, one file each, below one directory. Files are written aside, made durable, and only then
// get their name; they never change after that. Which of them are in use is said by the store's object records alone.
//
//   <directory>/incoming/<id>     being written; what is there at start is left over from a crash
//   <directory>/<xx>/<id>         complete; xx is the end of the id
//
// An id is 32 hexadecimal digits: 12 of the time in milliseconds, 20 random ones. So what this process makes can be
// told from what was there before, and orphans can be collected while requests are served.
//
// Threads: Blobs is safe from any thread; a Writer is for one at a time. All calls may wait for the disk.
// Errors: unavailable when the disk is full, else internal; the cause names file and errno.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace podpass::s3 {

class Blobs {
 public:
  // Makes the directories. What an earlier process left in `incoming` is removed.
  static Result<std::unique_ptr<Blobs>> open(std::filesystem::path directory, const Clock& clock, Random& random);

  // One new blob. Unless keep() was called, nothing remains of it when the Writer goes.
  class Writer {
   public:
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    const std::string& id() const { return id_; }
    Result<void> write(std::string_view bytes);
    Result<void> publish();  // durable, under its final name
    void keep() { kept_ = true; }

   private:
    friend class Blobs;
    Writer(Blobs& blobs, std::string id);
    Result<void> create();

    Blobs& blobs_;
    std::string id_;
    std::filesystem::path path_;  // where the file is now
    int fd_ = -1;
    bool kept_ = false;
  };

  std::shared_ptr<Writer> begin();
  // A descriptor for reading, which stays good when the blob is removed; -1 if there is no such blob.
  Result<int> open_for_reading(std::string_view id);
  void remove(std::string_view id);

  // Removes the blobs of earlier processes that `in_use` does not know. Returns how many. Stops early when `stop` says
  // so.
  std::size_t collect(const std::function<bool(std::string_view id)>& in_use, const std::function<bool()>& stop);

 private:
  Blobs(std::filesystem::path directory, const Clock& clock, Random& random);
  std::filesystem::path path_of(std::string_view id) const;
  Result<void> rename_durably(const std::filesystem::path& from, std::string_view id);

  std::filesystem::path directory_;
  const Clock& clock_;
  Random& random_;
  Time opened_;
};

}  // namespace podpass::s3
