// A storage backend: where records are durable. Three verbs, no queries: reads are served from memory (snapshot.h).
//
// A record is a key, a value (bytes) and a revision, given by the backend at each write, rising and never given twice.
// Backends: memory (tests, --ephemeral), sqlite (one process), etcd (replicated, later), faulty (tests). All pass
// backend_suite.h.
// Threads: load once, from one thread, first; then commit_if from any one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace podpass::store {

using Revision = std::uint64_t;  // 0: the record does not exist

struct Write {
  std::string key;
  std::optional<std::string> value;  // nothing: delete
  Revision replaces = 0;             // what the writer saw there; 0: it was absent
};

struct Commit {
  // All or nothing. The writes of one commit have different keys.
  std::vector<Write> writes;
};

class Backend {
 public:
  using Visitor = std::function<void(std::string key, std::string value, Revision revision)>;

  virtual ~Backend() = default;
  // Calls the visitor for every record. Fails with a clear message if what is stored is damaged or newer than this program.
  virtual Result<void> load(const Visitor& visitor) = 0;
  // Makes the commits durable, in order, each all or nothing: for each, the revision of its written records, or an error: ErrorKind::conflict if a
  // record is not at the revision it replaces, else unavailable. Returns when they are durable (group commit: one sync for the span).
  virtual std::vector<Result<Revision>> commit_if(std::span<const Commit> commits) = 0;
  // Calls the visitor for writes by other processes from now on (value empty: deleted). A backend of one process never does.
  using Watcher = std::function<void(std::string key, std::optional<std::string> value, Revision revision)>;
  virtual void watch(Watcher watcher) = 0;
};

}  // namespace podpass::store
