// The known webhook's file of service accounts that have a pod identity association:
//
//   {"identities": [{"namespace": "ns", "serviceAccount": "sa"}, ...]}
//
// Exact names only. A file that is missing or empty is an empty list; one that can't be read keeps the list before it,
// and the log says why, once for each change of the file.
//
// The file is looked at whenever somebody asks for a service account that is not in the list (a stat(2)), so that what
// is written before a pod is made counts for the pod; and refresh() looks for what was taken out. A file is another one
// by device, inode, size or time of change, whichever symbolic links lead to it: what Kubernetes swaps when a ConfigMap
// changes.
//
// Threads: any. Limits: kMaxIdentitiesBytes, kMaxAssociations entries.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "webhook/metrics.h"
#include "webhook/name_set.h"

namespace podpass::webhook {

inline constexpr std::size_t kMaxIdentitiesBytes = 64 * 1024 * 1024;

Result<NameSet> parse_identities(std::string_view text);

class IdentitiesFile {
 public:
  IdentitiesFile(std::string path, Metrics& metrics) : path_(std::move(path)), metrics_(metrics) {}

  bool has(std::string_view namespace_, std::string_view service_account) const;  // as far as it was read
  bool ask(std::string_view namespace_, std::string_view service_account);        // as it is now
  void refresh();
  std::size_t size() const;

 private:
  struct Version {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = -1;  // no file
    std::int64_t changed_seconds = 0, changed_nanoseconds = 0;
    bool operator==(const Version&) const = default;
  };
  Version look() const;

  const std::string path_;
  Metrics& metrics_;
  mutable std::mutex mutex_;
  NameSet names_;
  Version version_;
  bool read_ = false;
};

}  // namespace podpass::webhook
