// The SQLite backend: one file, one process, one writer. Docs: docs/store.md.
//
// The file is `store.sqlite` in the given directory (made if missing, 0700; the file 0600), in WAL mode with
// synchronous=FULL: when commit_if returns, the commits have been synced. The file is locked until the backend is
// destroyed. Errors: open and load say what is wrong and what to do; a file of a newer podpass, or of another program,
// is left as it is. Threads: as backend.h says. SQLite (public domain): https://www.sqlite.org/wal.html
#pragma once

#include <filesystem>
#include <memory>

#include "store/backend.h"

namespace podpass::store {

Result<std::unique_ptr<Backend>> open_sqlite_backend(const std::filesystem::path& directory);

}  // namespace podpass::store
