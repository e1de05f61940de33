// A storage backend: where records are durable. Three verbs, no queries: reads are served from memory (snapshot.h).
//
// A record is a key (disk form, key.h), a value (bytes) and a revision, given by the backend at each write, rising and
// never given twice to the same key, not even after a delete or a restart. Backends: memory (tests, --ephemeral),
// sqlite (one process), faulty (tests). All pass backend_suite.h. What an etcd backend needs is what is here: compares
// on revisions, and a watch from the loaded revision. Threads: one call at a time, from any thread. The watcher may be
// called from any thread, also during a call.
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

// The revisions that a commit was given: its write number i has `first + i * step`.
struct Committed {
  Revision first = 0;
  Revision step = 1;  // 0: all have the same (etcd)

  Revision of(std::size_t write) const { return first + write * step; }
};

class Backend {
 public:
  using Visitor = std::function<void(std::string_view key, std::string_view value, Revision revision)>;

  virtual ~Backend() = default;
  // Calls the visitor for every record. Fails with a clear message if what is stored is damaged. The store calls it
  // first, and again when it can't know what became of a commit.
  virtual Result<void> load(const Visitor& visitor) = 0;
  // Makes the commits durable, in order, each all or nothing: for each its revisions, or an error. ErrorKind::conflict:
  // a record was not at the revision it replaces; nothing of this commit was written, and the watcher has been told of
  // the write that was in the way. Any other kind: it may or may not have been written. Returns when they are durable
  // (group commit: one sync for the span). A backend of one process may leave it to its only store to know that a
  // record with `replaces` 0 is absent.
  virtual std::vector<Result<Committed>> commit_if(std::span<const Commit> commits) = 0;
  // Calls the watcher for writes by other processes from now on, in order a key (value empty: deleted); null: no more.
  // A backend of one process never calls it.
  using Watcher = std::function<void(std::string key, std::optional<std::string> value, Revision revision)>;
  virtual void watch(Watcher watcher) = 0;
};

}  // namespace podpass::store
