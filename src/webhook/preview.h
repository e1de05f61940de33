// Manifests as they would be after admission, without a cluster: pods, and the pods in Deployments, ReplicaSets,
// StatefulSets, DaemonSets, ReplicationControllers, Jobs and CronJobs, alone or in a List. All else is left as it is.
// Service accounts among the manifests count with their annotations. Pure; one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/value.h"
#include "kube/pod_patch.h"
#include "webhook/name_set.h"

namespace podpass::webhook {

struct PreviewOptions {
  std::string namespace_ = "default";  // of what names none
  NameSet associated;                  // namespace/service account
  NameMap<kube::ServiceAccountSettings> service_accounts;
  kube::PatchSettings patch;
};

struct Preview {
  std::vector<codec::Value> documents;  // in the order they came
  std::vector<std::string> notes;       // what was done to which pod, and warnings
  bool patched = false;                 // any of them
};

// Where a token's life is random, it is a day. Errors: a pod that can't be read; the text names it.
Result<Preview> preview(std::vector<codec::Value> documents, PreviewOptions options);

// "namespace/name" or "name", which is of the given namespace.
std::string qualified(std::string_view name, std::string_view namespace_);

}  // namespace podpass::webhook
