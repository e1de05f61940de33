// What the server says of itself without a signature: GET /_podpass/health, that it runs, and GET /_podpass/ready, that
// requests may be sent to it. It is ready unless one of these holds; the answer, 503, says which:
//   - it is stopping;
//   - the last write to the store failed, as on a full disk, and none has succeeded since;
//   - a further check that was added says what is wrong (the certificate has expired).
//
// Threads: add_check before the server starts; everything else from any.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace podpass::gateway {

class Health {
 public:
  using Check = std::function<std::optional<std::string>()>;  // what is wrong, a sentence; nothing: all is well

  void add_check(Check check) { checks_.push_back(std::move(check)); }
  void set_stopping() { stopping_.store(true, std::memory_order_relaxed); }
  // After each attempt to write to the store. A conflict is no failure.
  void wrote(const Result<void>& outcome);
  bool write_failed() const { return write_failed_.load(std::memory_order_relaxed); }

  std::vector<std::string> reasons() const;  // why it is not ready; empty: it is
  // The answer for those two paths; nothing for any other.
  std::optional<http::Response> answer(std::string_view path) const;

 private:
  std::vector<Check> checks_;
  std::atomic<bool> stopping_ = false, write_failed_ = false;
};

}  // namespace podpass::gateway
