// The audit trail: one JSON line a request, in the shape of a CloudTrail record, in <data dir>/audit.jsonl.
//
// Requests hand over finished lines into a buffer of their own thread; one thread writes them out, at most
// kFlushInterval later. A full disk or a full buffer never holds up a request: lines are dropped, counted, and said so
// in the log. The file is rotated at kMaxFileBytes, one older file is kept (audit.1.jsonl). What the writer has written
// it shows to own_api::Activity, and before the first line the end of what was there. Threads: append() from any; its
// lock is shared with the writer alone, for as long as a pointer swap takes.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "aws/call.h"
#include "base/per_thread.h"
#include "base/result.h"
#include "http/message.h"
#include "own_api/activity.h"

namespace podpass::gateway {

inline constexpr std::chrono::milliseconds kFlushInterval{200};
inline constexpr std::size_t kEarlyBytes = 128 * 1024;  // of a thread wake the writer, while they are in the cache
inline constexpr std::size_t kMaxBufferedBytes = 32 * 1024 * 1024;  // a thread; for a disk that is busy for a while
inline constexpr std::size_t kMaxFileBytes = 256 * 1024 * 1024;
inline constexpr std::size_t kReadBackBytes = 64 * 1024 * 1024;  // shown to Activity at the start

// What a request's record is made of.
struct AuditEvent {
  const aws::Caller* caller = nullptr;  // null: not authenticated
  const http::Request& request;
  std::string_view request_id, service, operation, region, account;
  Time time;
  bool read_only = true;
  const codec::Value* parameters = nullptr;  // secrets in it are hidden by name
  const Error* error = nullptr;
  const aws::Audit* facts = nullptr;
};

std::string audit_line(const AuditEvent& event);
void append_audit_line(const AuditEvent& event, std::string& out);

// The record's userIdentity as JSON, which is the same for all requests of a caller: see Caller::audit_identity.
std::string audit_identity(const aws::Caller& caller);

class AuditTrail {
 public:
  // `activity` may be null; it outlives the trail.
  static Result<std::unique_ptr<AuditTrail>> open(const std::filesystem::path& directory,
                                                  own_api::Activity* activity = nullptr);
  ~AuditTrail();  // writes out what is there

  void append(std::string_view line);
  void flush();  // returns when all that was appended before is in the file
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Buffer {
    std::mutex mutex;
    std::string text;
    std::string writing;  // the writer's own
    bool listed = false;
  };

  AuditTrail(std::filesystem::path path, int fd, own_api::Activity* activity);
  void run();
  void read_back();
  void write_out();
  void write_text(const std::string& text);
  void rotate();

  std::filesystem::path older_path() const { return path_.parent_path() / "audit.1.jsonl"; }

  std::filesystem::path path_;
  int fd_;
  own_api::Activity* activity_;
  std::size_t file_bytes_ = 0;
  PerThread<Buffer> buffers_;
  std::mutex mutex_;  // of what follows
  std::vector<Buffer*> listed_;
  std::condition_variable wake_, written_;
  std::uint64_t asked_ = 0, done_ = 0;
  bool stopping_ = false, hurry_ = false;
  std::atomic<std::uint64_t> dropped_{0};
  std::thread writer_;
};

}  // namespace podpass::gateway
